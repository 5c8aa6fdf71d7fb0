"""Accounting: what each session used, by minute, key and model; the usage API reads it.

Theory. Nothing is counted while a request runs: the journal holds what was asked and answered. An exchange is counted
once, when somebody asks what was used or when the journal lets go of it, whichever comes first. What an answer does not
say of itself (a stream without its usage, the seconds of a recording) its handler leaves in `Call.used`. Totals are
kept by minute; beyond `MOST` of them the oldest are forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from openai_mock.engine.access import presented
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.recorded import naming_usage
from openai_mock.engine.sessions import HEADER, session_of
from openai_mock.turns.tokens import count, encoding_for
from openai_mock.wire import Request

MOST = 50_000
"""Totals that are kept."""
_OK, _REDIRECTS = 200, 300
_NOTED = 512
"""Notes that are read together."""
COUNTED: Final[Mapping[str, Any]] = {"counted": True}
"""What stands in `Entry.used` once an exchange has been counted."""
Amounts: TypeAlias = Mapping[str, int]


class Facts(NamedTuple):
    """What a total is of. `minute` is in minutes since 1970, `key` and `project` are as the request named them, empty
    for none; `detail` is what one kind knows beyond, such as the size and the source of pictures.
    """

    session: str
    minute: int
    kind: str
    model: str
    key: str
    project: str
    batch: bool
    tier: str
    detail: tuple[str, ...]


_Note: TypeAlias = tuple[str | None, str | None, str | None, str | None, float, str, str | None, bytes, bool]
"""Four headers, the minute, the operation, the model, the end of the answer from its usage on, and if of a batch."""


class Use(NamedTuple):
    """What one exchange used of one kind."""

    kind: str
    amounts: Amounts
    tier: str = ""
    detail: tuple[str, ...] = ()


class Account:
    """Counts the exchanges of one journal; `lock` keeps threads apart.

    Most answers end alike, and a full journal lets go of one with every request: an answer that says what it used in
    its last fields is noted under those bytes as they stand, and read when `_NOTED` different ones have come together.
    """

    def __init__(self, journal: Journal, lock: AbstractContextManager[Any]) -> None:
        self._journal, self._lock = journal, lock
        self._totals: dict[Facts, Counter[str]] = {}
        self._noted: dict[_Note, int] = {}
        self._late: list[Entry] = []
        journal.settle, journal.forgotten = self.add, self.forget

    def add(self, entry: Entry) -> None:
        """Count an exchange that is counted no more after this; one that is still under way counts later."""
        with self._lock:
            if entry.used is COUNTED:
                return
            if entry.seconds is None:
                self._late.append(entry)
                self._look_again()
                return
            told, entry.used = entry.used, COUNTED
            operation = entry.operation or ""
            if told is None and operation in _PLAIN and not entry.stream and len(entry.chunks) == 1:
                chunk = entry.chunks[0]
                start = chunk.rfind(b'"usage":{')
                if start > 0 and entry.status == _OK and not _calls_tools(operation, chunk):
                    sent = entry.request.headers.get
                    note: _Note = (
                        sent("authorization"), sent("api-key"), sent("openai-project"), sent(HEADER), entry.at // 60,
                        operation, entry.model, chunk[start:], entry.number < 0,
                    )  # fmt: skip
                    self._noted[note] = self._noted.get(note, 0) + 1
                    if len(self._noted) > _NOTED:
                        self._read_notes()
                    return
            if operation in _READERS and _OK <= entry.status < _REDIRECTS:
                self._put(entry, _READERS[operation](entry, told or {}))

    def _read_notes(self) -> None:
        noted, self._noted = self._noted, {}
        names = ("authorization", "api-key", "openai-project", HEADER)
        for note, times in noted.items():
            headers = {name: value for name, value in zip(names, note[:4], strict=True) if value is not None}
            entry = Entry(Request("", "", headers=headers), "", 0.0)
            entry.at, entry.operation, entry.model, entry.chunks = note[4] * 60, note[5], note[6], (b"{" + note[7],)
            entry.number = -1 if note[8] else 0
            self._put(entry, _READERS[note[5]](entry, {}), times)

    def totals(self, session: str) -> list[tuple[Facts, Counter[str]]]:
        """What a session used, oldest exchange first."""
        for entry in tuple(self._journal.entries):
            if entry.used is not COUNTED and entry.seconds is not None:
                self.add(entry)
        with self._lock:
            self._look_again()
            self._read_notes()
            return [(facts, Counter(used)) for facts, used in self._totals.items() if facts.session == session]

    def forget(self) -> None:
        """Let nothing have been used."""
        with self._lock:
            self._totals.clear()
            self._noted.clear()
            self._late.clear()

    def _look_again(self) -> None:
        """Count what was under way when the journal let go of it, and has ended."""
        ended = [entry for entry in self._late if entry.seconds is not None]
        if ended:
            self._late = [entry for entry in self._late if entry.seconds is None]
        for entry in ended:
            self.add(entry)

    def _put(self, entry: Entry, uses: Iterator[Use], times: int = 1) -> None:
        sent = entry.request.headers
        session, minute, key = session_of(sent), int(entry.at // 60), presented(sent)
        project, batch, model = sent.get("openai-project", ""), entry.number < 0, entry.model or ""
        for use in uses:
            facts = Facts(session, minute, use.kind, model, key, project, batch, use.tier, use.detail)
            total = self._totals.get(facts)
            if total is None:
                total = self._totals[facts] = Counter()
                if len(self._totals) > MOST:
                    for oldest in list(self._totals)[: MOST // 50]:
                        del self._totals[oldest]
            for name, amount in use.amounts.items():
                if amount:
                    total[name] += amount * times


# What an exchange says it used.


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None


class _Item(msgspec.Struct):
    type: str = ""
    container_id: str | None = None


class _Answer(msgspec.Struct):
    usage: _Usage | None = None
    service_tier: str | None = None
    output: list[_Item] | None = None


class _Said(_Answer):
    response: _Answer | None = None


class _Listed(msgspec.Struct):
    data: list[msgspec.Raw] | None = None


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[_Said]:
    """Made at its first use, since it takes as long to make as all of this module."""
    return msgspec.json.Decoder(_Said)


_NOTHING: Final = _Details()
_NO_ANSWER: Final = _Answer()


def _answer(entry: Entry) -> _Answer:
    """What names the usage: the answer, or the event of a stream that tells of it."""
    for text in naming_usage(entry):
        try:
            said = _decoder().decode(text)
        except (msgspec.DecodeError, ValueError):
            continue
        inner = said.response or said
        if inner.usage is not None:
            return inner
    return _NO_ANSWER


def _tokens(usage: _Usage) -> dict[str, int]:
    """Tokens under the names of the usage API."""
    read = usage.prompt_tokens_details or usage.input_tokens_details or _NOTHING
    said = usage.completion_tokens_details or usage.output_tokens_details or _NOTHING
    return {
        "num_model_requests": 1,
        "input_tokens": usage.prompt_tokens or usage.input_tokens or 0,
        "output_tokens": usage.completion_tokens or usage.output_tokens or 0,
        "input_cached_tokens": read.cached_tokens or 0,
        "input_cache_write_tokens": read.cache_write_tokens or 0,
        "input_audio_tokens": read.audio_tokens or 0,
        "input_image_tokens": read.image_tokens or 0,
        "output_audio_tokens": said.audio_tokens or 0,
        "output_image_tokens": said.image_tokens or 0,
    }


def _completion(entry: Entry, told: Mapping[str, Any]) -> Iterator[Use]:
    answer = (
        msgspec.convert({"usage": told, "service_tier": told.get("service_tier")}, _Answer) if told else _answer(entry)
    )
    usage = answer.usage or _Usage()
    kind = "decisions" if entry.operation == "decisions.create" else "completions"
    yield Use(kind, _tokens(usage), answer.service_tier or "")
    yield from _tools(entry, answer)


def _calls_tools(operation: str, chunk: bytes) -> bool:
    return operation == "responses.create" and b'_call"' in chunk


def _tools(entry: Entry, answer: _Answer) -> Iterator[Use]:
    """The hosted tools that a response called."""
    calls = Counter(item.type for item in answer.output or ())
    if not calls:
        return
    if sessions := {item.container_id for item in answer.output or () if item.type == "code_interpreter_call"}:
        yield Use("code_interpreter_sessions", {"num_sessions": len(sessions)})
    searches = {"web_search_call": _web_search, "file_search_call": _file_search}
    for kind in searches.keys() & calls.keys():
        yield searches[kind](_offered(entry), calls[kind])


def _web_search(tools: list[Mapping[str, Any]], calls: int) -> Use:
    sizes = [str(tool.get("search_context_size") or "") for tool in tools if "web_search" in str(tool.get("type"))]
    level = next((size for size in sizes if size), "medium")
    return Use("web_search_calls", {"num_model_requests": 1, "num_requests": calls}, detail=(level,))


def _file_search(tools: list[Mapping[str, Any]], calls: int) -> Use:
    stores = [str(id_) for tool in tools for id_ in tool.get("vector_store_ids") or ()]
    return Use("file_search_calls", {"num_requests": calls}, detail=(stores[0] if stores else "",))


def _offered(entry: Entry) -> list[Mapping[str, Any]]:
    tools = _asked(entry).get("tools") or ()
    return [tool for tool in tools if isinstance(tool, Mapping)]


def _asked(entry: Entry) -> Mapping[str, Any]:
    """The request's JSON body; nothing where it is a form, or gone."""
    try:
        body = msgspec.json.decode(entry.request.body or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _embedding(entry: Entry, _: Mapping[str, Any]) -> Iterator[Use]:
    usage = _answer(entry).usage or _Usage()
    yield Use("embeddings", {"num_model_requests": 1, "input_tokens": usage.prompt_tokens or 0})


def _moderation(entry: Entry, _: Mapping[str, Any]) -> Iterator[Use]:
    encoding = encoding_for(entry.model or "")
    read = sum(count(text, encoding) for text in _texts(_asked(entry).get("input")))
    yield Use("moderations", {"num_model_requests": 1, "input_tokens": read})


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    for part in given if isinstance(given, list) else ():
        yield from _texts(part.get("text") if isinstance(part, Mapping) else part)


def _images(entry: Entry, told: Mapping[str, Any]) -> Iterator[Use]:
    made = told.get("images")
    if made is None:
        try:
            made = len(msgspec.json.decode(b"".join(entry.chunks), type=_Listed).data or ())
        except ValueError:
            made = 0
    source = _SOURCES.get(entry.operation or "", "")
    yield Use("images", {"num_model_requests": 1, "images": int(made)}, detail=(str(told.get("size") or ""), source))


def _speech(entry: Entry, _: Mapping[str, Any]) -> Iterator[Use]:
    said = _asked(entry).get("input")
    yield Use("audio_speeches", {"num_model_requests": 1, "characters": len(said) if isinstance(said, str) else 0})


def _transcription(_: Entry, told: Mapping[str, Any]) -> Iterator[Use]:
    yield Use("audio_transcriptions", {"num_model_requests": 1, "seconds": int(told.get("seconds") or 0)})


def _search(entry: Entry, _: Mapping[str, Any]) -> Iterator[Use]:
    parts = entry.request.path.split("/")
    yield Use("file_search_calls", {"num_requests": 1}, detail=(parts[-2] if len(parts) > 1 else "",))


_SOURCES: Mapping[str, str] = {
    "images.generate": "image.generation",
    "images.edit": "image.edit",
    "images.create_variation": "image.variation",
}
_READERS: Mapping[str, Callable[[Entry, Mapping[str, Any]], Iterator[Use]]] = {
    "chat.completions.create": _completion,
    "completions.create": _completion,
    "responses.create": _completion,
    "decisions.create": _completion,
    "embeddings.create": _embedding,
    "moderations.create": _moderation,
    **dict.fromkeys(_SOURCES, _images),
    "audio.speech.create": _speech,
    "audio.transcriptions.create": _transcription,
    "audio.translations.create": _transcription,
    "vector_stores.search": _search,
}
_PLAIN = frozenset({"chat.completions.create", "completions.create", "responses.create", "embeddings.create"})
"""Operations whose whole answers say all that they used."""
