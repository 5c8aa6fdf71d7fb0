"""Entries of the journal as JSON: what is shown of an exchange, with bodies cut and credentials hidden.

Theory. The journal keeps what went by as it was. Only whoever reads it pays for decoding, cutting and hiding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine import redact
from openai_mock.engine.journal import Entry
from openai_mock.engine.sessions import session_of

BODY_CAP = 65_536
"""Bytes that are shown of a body."""
MOST = 1_000
"""Entries that are shown at once."""


class Wanted(Struct, frozen=True):
    """Which entries are wanted: all conditions must hold. `operation` and `rule` may be globs.

    `status` is a status or a class of them such as `4xx`, `since` the number of an entry before the first wanted one,
    and `limit` keeps the latest.
    """

    operation: str | None = None
    status: str | None = None
    rule: str | None = None
    session: str | None = None
    since: int = 0
    limit: int = 100

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is wanted."""
        return (
            entry.number > self.since
            and (self.operation is None or fnmatchcase(entry.operation or "", self.operation))
            and (self.rule is None or fnmatchcase(entry.rule or "", self.rule))
            and (self.status is None or _has_status(self.status, entry.status))
            and (self.session is None or session_of(entry.request.headers) == self.session)
        )


def _has_status(wanted: str, status: int) -> bool:
    return wanted == str(status) or (wanted.lower().endswith("xx") and wanted[:1] == str(status)[:1])


def chosen(entries: Iterable[Entry], wanted: Wanted) -> list[Entry]:
    """The latest of the entries that are wanted, oldest first."""
    return [entry for entry in entries if wanted.fits(entry)][-wanted.limit :]


class Tokens(Struct, frozen=True):
    """What an answer says it used."""

    prompt: int
    completion: int


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class _Answer(Struct):
    usage: _Usage | None = None


class _Told(_Answer):
    response: _Answer | None = None


_said, _told = msgspec.json.Decoder(_Answer).decode, msgspec.json.Decoder(_Told).decode
"""What reads a whole answer, where a user's field may be called `response` as well, and what reads an event."""


def tokens(entry: Entry) -> Tokens | None:
    """The tokens that the answer names; None where it names none, as streams do unless they are asked to."""
    said = naming_usage(entry, _told if entry.stream else _said)
    if said is None:
        return None
    usage = said.usage
    prompt = usage.input_tokens if usage.prompt_tokens is None else usage.prompt_tokens
    completion = usage.output_tokens if usage.completion_tokens is None else usage.completion_tokens
    return Tokens(prompt or 0, completion or 0)


def naming_usage(entry: Entry, decode: Callable[[bytes], Any]) -> Any:
    """What names the usage, as `decode` reads it: the answer, or the event of a stream or its `response`. None where
    nothing does.
    """
    for text in _texts(entry):
        try:
            said = decode(text)
        except (msgspec.DecodeError, ValueError):
            continue
        inner = said.response if entry.stream else None
        for each in (said, inner):
            if each is not None and each.usage is not None:
                return each
    return None


def _texts(entry: Entry) -> Iterator[bytes]:
    """The texts of an answer in which its usage may stand, likeliest first. Faults send it in pieces of any size."""
    chunks = (b"".join(entry.chunks),) if entry.faults or not entry.stream else entry.chunks
    for chunk in reversed(chunks):
        if b'"usage"' not in chunk:
            continue
        if not entry.stream:
            yield chunk
            continue
        lines = chunk.splitlines()
        yield from (line[6:] for line in reversed(lines) if line.startswith(b"data: ") and b'"usage":{' in line)


def recorded(entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    request, used = entry.request, tokens(entry)
    return {
        "number": entry.number,
        "time": _iso(entry.at) if entry.at else None,
        "request_id": entry.request_id,
        "operation": entry.operation,
        "session": session_of(request.headers),
        "model": entry.model,
        "rule": entry.rule,
        "nearest": [_without_credentials(miss) for miss in entry.nearest],
        "faults": list(entry.faults),
        "ignored": list(entry.ignored),
        "status": entry.status,
        "error": None if entry.error is None else redact.text(entry.error),
        "stream": entry.stream,
        "finished": entry.finished,
        "seconds": entry.seconds,
        "intended_seconds": entry.intended,
        "tokens": None if used is None else {"prompt": used.prompt, "completion": used.completion},
        "request": {
            "method": request.method,
            "path": redact.text(request.path),
            "query": redact.query(request.query),
            "headers": redact.headers(request.headers),
            **_body(request.body, request.headers.get("content-type", "application/json")),
        },
        "response": _response(entry),
    }


def _without_credentials(miss: Mapping[str, Any]) -> dict[str, Any]:
    return {name: redact.text(value) if isinstance(value, str) else value for name, value in miss.items()}


def _response(entry: Entry) -> dict[str, Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in entry.headers}
    return {"headers": redact.headers(headers), **_body(b"".join(entry.chunks), headers.get("content-type", ""))}


def _body(body: bytes, content_type: str) -> Mapping[str, Any]:
    """A body as JSON where it is whole and JSON, else as text; what is not text is only counted."""
    kind = content_type.partition(";")[0].strip().lower()
    shown = body[:BODY_CAP]
    size = {"bytes": len(body), "cut": len(body) > BODY_CAP}
    if not (kind.startswith("text/") or "json" in kind or "urlencoded" in kind):
        return {**size, "body": None}
    text = shown.decode("utf-8", "replace")
    if "urlencoded" in kind:
        return {**size, "body": redact.query(text)}
    text = redact.text(text)
    if "json" in kind and not size["cut"]:
        try:
            return {**size, "body": msgspec.json.decode(text)}
        except ValueError:
            return {**size, "body": text or None}
    return {**size, "body": text}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
