"""Gold text cases: what is given, what is asked, what is expected; readable by anyone, run through every door.

    === a title
    --- given                            (a configuration in YAML; may be left out)
    --- request POST /v1/chat/completions
    > name: value                        (headers; a key is sent unless `> authorization:` says otherwise)
    {"model": "m", ...}                  (the body)
    --- expect 200
    < name: value                        (headers that must be there)
    {"id": "...", "choices": [...]}      (JSON that must be contained; "..." is any value, "~x" a regular expression)

A value `=> name` is kept, and `${name}` stands for it in what follows.

`--- expect 200 stream` lists one event a line: JSON, `name {JSON}`, or `[DONE]`; a line `...` skips any number.
A body that starts with `=` is compared as text. Several requests in a case are asked in order, of one mock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

Ask = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass
class Exchange:
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200
    stream: bool = False
    expected_headers: dict[str, str] = field(default_factory=dict)
    expected: str = ""


@dataclass
class Case:
    file: str
    title: str
    given: str = ""
    exchanges: list[Exchange] = field(default_factory=list)


def cases(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.rglob("*.txt")):
        for block in re.split(r"^=== ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            title, _, rest = block.partition("\n")
            yield _case(str(file.relative_to(folder)), title.strip(), rest)


def _case(file: str, title: str, text: str) -> Case:
    case = Case(file, title)
    for section in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        words = heading.split()
        if words[0] == "given":
            case.given = body
        elif words[0] == "request":
            headers, body = _headers(body, ">")
            case.exchanges.append(
                Exchange(words[1], words[2], {"authorization": "Bearer sk-test", **headers}, body.strip())
            )
        elif words[0] == "expect":
            exchange = case.exchanges[-1]
            exchange.status, exchange.stream = int(words[1]), "stream" in words
            exchange.expected_headers, exchange.expected = _headers(body, "<")
        else:
            raise ValueError(f"{file}: {title}: unknown section {words[0]!r}")
    return case


def _headers(body: str, mark: str) -> tuple[dict[str, str], str]:
    headers = {}
    while body.startswith(mark + " "):
        line, _, body = body.partition("\n")
        name, _, value = line[2:].partition(":")
        headers[name.strip()] = value.strip()
    return headers, body


def run(case: Case, ask: Ask) -> None:
    kept: dict[str, str] = {}
    for written in case.exchanges:
        exchange = _filled(written, kept)
        headers = {name: value for name, value in exchange.headers.items() if value}
        if exchange.body:
            headers.setdefault("content-type", "application/json")
        multipart = headers.get("content-type", "").startswith("multipart/")
        body = exchange.body.replace("\n", "\r\n") if multipart else exchange.body
        status, got_headers, got = ask(exchange.method, exchange.path, headers, body.encode())
        where = f"{case.file}: {case.title}: {exchange.method} {exchange.path}"
        assert status == exchange.status, f"{where}: {status} {got[:2000]!r}"
        for name, value in exchange.expected_headers.items():
            if value == "<absent>":
                assert name not in got_headers, f"{where}: {name}"
                continue
            assert name in got_headers, f"{where}: no header {name} in {got_headers}"
            compare(value, got_headers[name], f"{where}: header {name}")
        expected = exchange.expected.strip()
        if exchange.stream:
            _compare_events(expected.splitlines(), list(events(got)), where)
        elif expected.startswith("="):
            assert got.decode() == expected[1:], where
        elif expected:
            answer = json.loads(got)
            compare(json.loads(expected), answer, where)
            kept.update(_kept(json.loads(expected), answer))


def _filled(exchange: Exchange, kept: dict[str, str]) -> Exchange:
    def fill(text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda match: kept[match[1]], text)

    return replace(exchange, path=fill(exchange.path), body=fill(exchange.body), expected=fill(exchange.expected))


def _kept(expected: Any, got: Any) -> Iterator[tuple[str, str]]:
    """The values that the expectation names with `=> name`."""
    if isinstance(expected, str) and expected.startswith("=> "):
        yield expected[3:], got
    elif isinstance(expected, dict):
        for key, value in expected.items():
            if key in got:
                yield from _kept(value, got[key])
    elif isinstance(expected, list):
        for one, other in zip(expected, got, strict=True):
            yield from _kept(one, other)


def events(body: bytes) -> Iterator[tuple[str, Any]]:
    """The (name, data) pairs of an event stream; data is JSON except for the end marker."""
    for block in body.decode().split("\n\n"):
        if not block.strip():
            continue
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        data = lines["data"]
        yield lines.get("event", ""), data if data == "[DONE]" else json.loads(data)


def _compare_events(expected: list[str], got: list[tuple[str, Any]], where: str) -> None:
    skipping = False
    for line in expected:
        if line.strip() == "...":
            skipping = True
            continue
        name, _, text = line.partition("{")
        wanted = json.loads("{" + text) if text else line.strip()
        while skipping and got and not _contains(wanted, got[0][1]):
            got.pop(0)
        skipping = False
        assert got, f"{where}: the stream ended before {line}"
        found_name, found = got.pop(0)
        assert name.strip() in ("", found_name) or not text, f"{where}: event {found_name!r}, expected {name!r}"
        compare(wanted, found, where)
    assert skipping or not got, f"{where}: more events than expected: {got[:3]}"


def _contains(expected: Any, got: Any) -> bool:
    try:
        compare(expected, got, "")
    except AssertionError:
        return False
    return True


def compare(expected: Any, got: Any, where: str) -> None:
    """Fail, naming the path, unless `got` contains `expected`."""
    if expected == "..." or (isinstance(expected, str) and expected.startswith("=> ")):
        return
    if isinstance(expected, str) and expected.startswith("~"):
        assert isinstance(got, str) and re.search(expected[1:], got), (
            f"{where}: {got!r} does not match {expected[1:]!r}"
        )
    elif isinstance(expected, dict):
        assert isinstance(got, dict), f"{where}: {got!r} is not an object"
        for key, value in expected.items():
            if value == "<absent>":
                assert key not in got, f"{where}.{key} should be absent"
            else:
                assert key in got, f"{where}: no key {key!r} in {got}"
                compare(value, got[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(got, list) and len(got) == len(expected), f"{where}: {got!r} has not {len(expected)} items"
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            compare(one, other, f"{where}[{index}]")
    else:
        assert type(expected) is type(got) and expected == got, f"{where}: {got!r} is not {expected!r}"
