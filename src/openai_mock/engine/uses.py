"""What an exchange says it used, in the words of the usage API.

Theory. An answer mostly says itself what it used. What it leaves out (a stream without its usage, the seconds of a
recording) its handler leaves in `Call.used`. A reader of an operation makes uses of both; what answers later than it is
asked for, such as a response in the background, is read by `of_answer` and `of_run` when it has come to its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from openai_mock.engine.journal import Entry
from openai_mock.engine.recorded import naming_usage
from openai_mock.turns.tokens import count, encoding_for

Amounts: TypeAlias = Mapping[str, int]


class Use(NamedTuple):
    """What one exchange used of one kind."""

    kind: str
    amounts: Amounts
    tier: str = ""
    detail: tuple[str, ...] = ()


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


class _Told(_Answer):
    response: _Answer | None = None


class _Listed(msgspec.Struct):
    data: list[msgspec.Raw] | None = None


@lru_cache(maxsize=2)
def _decoder(*, stream: bool) -> msgspec.json.Decoder[Any]:
    """Of an event, or of a whole answer, where a user's field may be called `response` as well.

    Made at its first use, since it takes as long to make as all of this module.
    """
    return msgspec.json.Decoder(_Told if stream else _Answer)


_NOTHING: Final = _Details()
_NO_ANSWER: Final = _Answer()


def used_of(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a whole answer says it used, as `Call.used` has it; None where it says nothing."""
    usage = answer.get("usage")
    return {**usage, "service_tier": answer.get("service_tier")} if usage and isinstance(usage, dict) else None


def _answer(entry: Entry) -> _Answer:
    """What names the usage: the answer, or the event of a stream that tells of it."""
    return naming_usage(entry, _decoder(stream=entry.stream).decode) or _NO_ANSWER


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
    own = {name: told.get(name) for name in ("service_tier", "output")}
    answer = _read({"usage": told, **own}) if told else _answer(entry)
    kind = "decisions" if entry.operation == "decisions.create" else "completions"
    return _said(kind, answer, lambda: _offered(_asked(entry)))


def of_answer(answer: Mapping[str, Any]) -> Iterator[Use]:
    """What a whole response used that nobody waited for; nothing where it says nothing of it."""
    read = _read(answer)
    return iter(()) if read.usage is None else _said("completions", read, lambda: _offered(answer))


def of_run(tokens: tuple[int, int], steps: Iterable[Mapping[str, Any]]) -> Iterator[Use]:
    """What a round of a run used: the tokens that it read and wrote, and the built-in tools of its steps."""
    yield Use("completions", {"num_model_requests": 1, "input_tokens": tokens[0], "output_tokens": tokens[1]})
    used = Counter(each["type"] for step in steps for each in step["step_details"].get("tool_calls") or ())
    if used["code_interpreter"]:
        yield Use("code_interpreter_sessions", {"num_sessions": 1})
    if used["file_search"]:
        yield Use("file_search_calls", {"num_requests": used["file_search"]}, detail=("",))


def _read(answer: Mapping[str, Any]) -> _Answer:
    """What an answer says; nothing of one in which a user wrote something else than numbers."""
    try:
        return msgspec.convert(answer, _Answer)
    except msgspec.ValidationError:
        return _NO_ANSWER


def _said(kind: str, answer: _Answer, offered: Callable[[], list[Mapping[str, Any]]]) -> Iterator[Use]:
    yield Use(kind, _tokens(answer.usage or _Usage()), answer.service_tier or "")
    yield from _tools(answer, offered)


def _tools(answer: _Answer, offered: Callable[[], list[Mapping[str, Any]]]) -> Iterator[Use]:
    """The hosted tools that a response called, of those that were `offered`."""
    calls = Counter(item.type for item in answer.output or ())
    if not calls:
        return
    if sessions := {item.container_id for item in answer.output or () if item.type == "code_interpreter_call"}:
        yield Use("code_interpreter_sessions", {"num_sessions": len(sessions)})
    searches = {"web_search_call": _web_search, "file_search_call": _file_search}
    for kind in searches.keys() & calls.keys():
        yield searches[kind](offered(), calls[kind])


def _web_search(tools: list[Mapping[str, Any]], calls: int) -> Use:
    sizes = [str(tool.get("search_context_size") or "") for tool in tools if "web_search" in str(tool.get("type"))]
    level = next((size for size in sizes if size), "medium")
    return Use("web_search_calls", {"num_model_requests": 1, "num_requests": calls}, detail=(level,))


def _file_search(tools: list[Mapping[str, Any]], calls: int) -> Use:
    stores = [str(id_) for tool in tools for id_ in tool.get("vector_store_ids") or ()]
    return Use("file_search_calls", {"num_requests": calls}, detail=(stores[0] if stores else "",))


def _offered(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    tools = said.get("tools") or ()
    return [tool for tool in tools if isinstance(tool, Mapping)]


def _asked(entry: Entry) -> Mapping[str, Any]:
    """The request's JSON body; nothing where it is a form, or gone."""
    try:
        body = msgspec.json.decode(entry.request.body or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _embedding(entry: Entry, told: Mapping[str, Any]) -> Iterator[Use]:
    usage = (_read({"usage": told}) if told else _answer(entry)).usage or _Usage()
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
READERS: Mapping[str, Callable[[Entry, Mapping[str, Any]], Iterator[Use]]] = {
    "chat.completions.create": _completion,
    "completions.create": _completion,
    "responses.create": _completion,
    "responses.compact": _completion,
    "beta.responses.create": _completion,
    "beta.responses.compact": _completion,
    "decisions.create": _completion,
    "embeddings.create": _embedding,
    "moderations.create": _moderation,
    **dict.fromkeys(_SOURCES, _images),
    "audio.speech.create": _speech,
    "audio.transcriptions.create": _transcription,
    "audio.translations.create": _transcription,
    "vector_stores.search": _search,
}
"""What an exchange used, by its operation, from its entry and from what its handler left."""
ENDING = frozenset({"chat.completions.create", "completions.create", "embeddings.create"})
"""Operations whose whole answers say all that they used in their last fields."""
PLAIN = ENDING | {"responses.create", "beta.responses.create"}
"""Operations of which most answers, or their handlers, say all that they used."""
