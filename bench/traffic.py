"""What travels: request bodies in which a serial number makes every text different, and the ends of answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MARK = "############"
"""Stands in a body where the serial number goes; twelve digits replace it, so the length stays."""


def chat(text: str, *, stream: bool = False, **fields: Any) -> str:
    """The body of a chat request that says `text`, which should hold `MARK`."""
    body: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": text},
        ],
        "model": "gpt-4o",
        "temperature": 0.5,
        **fields,
    }
    return json.dumps({**body, "stream": True} if stream else body)


def responses(text: str, *, stream: bool = False) -> str:
    """A request of the Responses API that says `text`, as one line: its path and its body."""
    body = {"instructions": "You are a helpful assistant.", "input": text, "model": "gpt-4o", "temperature": 0.5}
    return f"/v1/responses {json.dumps({**body, 'stream': True} if stream else body)}"


def addressed(line: str) -> tuple[str, str]:
    """Path and body of a line; one that names no path is for chat."""
    path, _, body = line.partition(" ") if line.startswith("/") else ("/v1/chat/completions", "", line)
    return path, body


def numbered(body: str, serial: int) -> str:
    """The body with its mark replaced by `serial`."""
    return body.replace(MARK, f"{serial:012}")


def write(bodies: Iterable[str], path: Path) -> Path:
    """Write the lines of a load: bodies, behind a path where it is not chat's. Each must hold `MARK` once.

    Returns `path`.
    """
    lines = list(bodies)
    assert lines, "a load needs at least one body"
    for line in lines:
        assert line.count(MARK) == 1, f"a body needs {MARK} once: {line}"
        assert "\n" not in line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def framed(line: str, host: str) -> tuple[bytes, bytes]:
    """The whole HTTP request of a line, cut where the serial number goes: what stands before it and behind it."""
    path, body = addressed(line)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer sk-benchmark\r\n"
        f"Accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: bench\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n"
    )
    before, after = (head + body).encode().split(MARK.encode())
    return before, after


def whole(data: bytes) -> bool:
    """Whether these bytes are an HTTP answer to its end, by its length or by its last chunk."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = data.find(b"ontent-length: ", 0, end)
    if at < 0:
        at = data.find(b"ontent-Length: ", 0, end)
    if at < 0:
        return data.endswith(b"\r\n0\r\n\r\n")
    return len(data) >= end + 4 + int(data[at + 15 : data.index(b"\r", at)])
