"""The request log: one finished exchange as a line for people or for programs.

A `Seen` is taken when the exchange ends, where every microsecond counts; it becomes text later, in another thread.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openai_mock.engine import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openai_mock.engine.journal import Entry

BODY_CAP = 2048
"""How much is shown of a body, in bytes, and of an error, in characters."""
_encode = msgspec.json.Encoder().encode


class Seen(msgspec.Struct, frozen=True):
    """What the log keeps of an exchange. `at` is in Unix seconds."""

    at: float
    method: str
    path: str
    operation: str | None
    rule: str | None
    model: str | None
    status: int
    seconds: float
    finished: bool
    error: str | None
    nearest: Sequence[Mapping[str, Any]]
    request_id: str
    details: tuple[str, Mapping[str, str], bytes, int] | None = None
    """Query, headers, the first bytes of the body and the size of it all, for the detailed log."""


def seen(entry: Entry, at: float, *, detailed: bool) -> Seen:
    """What to remember of a finished exchange; bodies are cut here, so that a log behind its time stays small."""
    request = entry.request
    body = request.body
    details = (request.query, request.headers, body[:BODY_CAP], len(body)) if detailed else None
    return Seen(
        at, request.method, request.path, entry.operation, entry.rule, entry.model, entry.status, entry.seconds or 0.0,
        entry.finished, entry.error, entry.nearest, entry.request_id, details,
    )  # fmt: skip


def as_json(one: Seen) -> str:
    """One JSON object."""
    fields: dict[str, Any] = {
        "event": "request", "time": iso(one.at), "method": one.method, "path": redact.text(one.path),
        "operation": one.operation, "rule": one.rule, "model": one.model, "status": one.status,
        "ms": round(one.seconds * 1000, 3), "finished": one.finished, "request_id": one.request_id,
    }  # fmt: skip
    if one.error:
        fields["error"] = redact.text(one.error[:BODY_CAP])
    if one.nearest:
        fields["nearest"] = [{**miss, "reason": _reason(miss)} for miss in one.nearest]
    if one.details:
        query, headers, body, size = one.details
        fields |= {
            "query": redact.query(query),
            "headers": redact.headers(headers),
            "body": _shown(headers, body, size),
        }
    return json_line(fields)


def json_line(fields: Mapping[str, Any]) -> str:
    """A JSON object in ASCII, whatever the encoding of the console."""
    encoded = _encode(fields)
    return encoded.decode() if encoded.isascii() else json.dumps(fields)


def iso(at: float) -> str:
    """The instant in UTC with milliseconds."""
    milliseconds = int(at * 1000)
    return f"{_utc(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=4)
def _utc(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


@lru_cache(maxsize=4)
def _local(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def text_with(*, colour: bool) -> Callable[[Seen], str]:
    """How people read an exchange: a line, and indented below it why nothing matched and what was sent."""

    def as_text(one: Seen) -> str:
        return "\n".join([_line(one, colour=colour), *_misses(one), *_details(one)])

    return as_text


def _line(one: Seen, *, colour: bool) -> str:
    clock = _local(int(one.at))
    matched = one.rule or (f"no match, nearest {_name(one.nearest[0])}" if one.nearest else "-")
    where = printable(f"{one.method:<4} {redact.text(one.path):<24}  {one.operation or '-':<24}  {matched:<16}")
    status = f"{one.status or '---'}"
    if colour:
        clock, status = click.style(clock, dim=True), click.style(status, fg=_colour(one))
    left = "" if one.finished else "  client left"
    return f"{clock}  {where}  {status}  {one.seconds * 1000:.1f} ms{left}"


def _colour(one: Seen) -> str:
    return "green" if one.finished and 0 < one.status < 400 else "yellow" if one.status < 500 else "red"


def printable(line: str) -> str:
    """The line, with control characters spelled out: a client must not be able to write on the terminal."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


def _misses(one: Seen) -> list[str]:
    if one.nearest:
        return [f"    {printable(_miss(miss))}" for miss in one.nearest]
    return [f"    {printable(redact.text(one.error[:BODY_CAP]))}"] if one.error else []


def _miss(miss: Mapping[str, Any]) -> str:
    where = f" ({miss['where']})" if miss.get("where") else ""
    return f"{_name(miss)}{where}: {_reason(miss)}"


def _name(miss: Mapping[str, Any]) -> str:
    return str(miss.get("id", "?"))


def _reason(miss: Mapping[str, Any]) -> str:
    return redact.text(str(miss.get("reason", "")))


def _details(one: Seen) -> list[str]:
    if not one.details:
        return []
    query, headers, body, size = one.details
    lines = [f"query: {redact.query(query)}"] if query else []
    lines += [f"{name}: {value}" for name, value in redact.headers(headers).items()]
    lines += _shown(headers, body, size).splitlines()
    return [f"    {printable(line)}" for line in lines]


def _shown(headers: Mapping[str, str], body: bytes, size: int) -> str:
    """A body as text: cut, redacted, and only described when it is not text."""
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or "json" in kind or "urlencoded" in kind):
        return f"({size} bytes of {kind})" if size else ""
    decoded = body.decode("utf-8", "replace")
    shown = redact.query(decoded) if "urlencoded" in kind else redact.text(decoded)
    return shown if size <= BODY_CAP else f"{shown} ... ({size - BODY_CAP} more bytes)"
