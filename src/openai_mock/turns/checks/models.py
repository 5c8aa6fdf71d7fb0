"""What a model does not do: parameters, roles, pictures and formats that it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.facts import Facts
from openai_mock.turns.reasoning import effort

_FIXED: tuple[tuple[str, int], ...] = (
    ("temperature", 1), ("top_p", 1), ("presence_penalty", 0), ("frequency_penalty", 0),
)  # fmt: skip
"""What a model that thinks takes at its default only."""
_PARTS = {"image_url": "sees", "file": "sees", "input_audio": "hears", "input_image": "sees", "input_file": "sees"}
"""What a model must do to take a part of a message."""
_TWO_LIMITS = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
_GUIDE = "https://platform.openai.com/docs/guides/structured-outputs"


def elsewhere(known: Facts, api: str) -> Iterator[Misuse]:
    """A model that answers other APIs than this one: `chat`, `completions` or `embeddings`."""
    if not known.known or api in known.serves:
        return
    if api == "embeddings":
        yield Misuse("You are not allowed to generate embeddings from this model", status=403)
        return
    path = "v1/chat/completions" if api == "chat" else "v1/completions"
    if known.serves == ("responses",):
        words = f"This model is only supported in v1/responses and not in {path}."
    elif api == "chat":
        said = f"This is not a chat model and thus not supported in the {path} endpoint."
        words = f"{said} Did you mean to use v1/completions?"
    else:
        said = f"This is a chat model and not supported in the {path} endpoint."
        words = f"{said} Did you mean to use v1/chat/completions?"
    yield Misuse(words, "model", status=404)


def in_chat(body: Mapping[str, Any], known: Facts) -> Iterator[Misuse]:
    """What a chat asks of a model that does not do it."""
    if not known.known:
        return
    yield from elsewhere(known, "chat")
    yield from _refused(body, known)
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield Misuse(_TWO_LIMITS, "max_tokens", "invalid_parameter_combination")
    if known.reasons and body.get("max_tokens") is not None:
        words = f"{_unsupported('max_tokens')} Use 'max_completion_tokens' instead."
        yield Misuse(words, "max_tokens", "unsupported_parameter")
    if _thinks(body, known):
        for name, usual in _FIXED:
            if body.get(name) not in {None, usual}:
                words = (
                    f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default "
                    f"({usual}) value is supported."
                )
                yield Misuse(words, name, "unsupported_value")
        if body.get("logprobs"):
            yield Misuse("You are not allowed to request logprobs from this model.", status=403)
    yield from _effort_in_chat(body, known)
    yield from _format(body.get("response_format"), known)
    yield from parts(body["messages"], "messages.[{}].content.[{}].type", known)
    if known.hears and "audio" not in (body.get("modalities") or ()) and not _has_audio(body["messages"]):
        words = "This model requires that either input content or output modality contain audio."
        yield Misuse(words, "model", "invalid_value")
    if "system" in known.without:
        yield from _roles(body["messages"])


def in_responses(body: Mapping[str, Any], known: Facts) -> Iterator[Misuse]:
    """What a request of Responses asks of a model that does not do it."""
    if not known.known:
        return
    yield from _refused(body, known)
    asked = body.get("reasoning") or {}
    if not known.reasons:
        for name in ("effort", "summary", "generate_summary"):
            if asked.get(name) is not None:
                yield Misuse(_unsupported(f"reasoning.{name}"), f"reasoning.{name}", "unsupported_parameter")
        if "reasoning.encrypted_content" in (body.get("include") or ()):
            yield Misuse("Encrypted content is not supported with this model.", "include")
    elif known.efforts and asked.get("effort") not in {None, *known.efforts}:
        words = (
            f"Unsupported value: '{asked['effort']}' is not supported with the '{body.get('model')}' model. Supported "
            f"values are: {_listed(known.efforts)}."
        )
        yield Misuse(words, "reasoning.effort", "unsupported_value")
    if _thinks(body, known):
        for name, usual in _FIXED[:2]:
            if body.get(name) not in {None, usual}:
                yield Misuse(_unsupported(name), name, "unsupported_parameter")
    given = body.get("input")
    if isinstance(given, list):
        yield from parts(given, "input[{}].content[{}].type", known)


def of_assistant(body: Mapping[str, Any], known: Facts) -> Iterator[Misuse]:
    """What an assistant or a run asks of a model that does not do it."""
    if not known.known:
        return
    if not known.reasons and body.get("reasoning_effort") is not None:
        yield Misuse(_unsupported("reasoning_effort"), "reasoning_effort", "unsupported_parameter")
    if _thinks(body, known):
        for name, usual in _FIXED[:2]:
            if body.get(name) not in {None, usual}:
                yield Misuse(_unsupported(name), name, "unsupported_parameter")
    yield from _format(body.get("response_format"), known)


def parts(messages: Sequence[Mapping[str, Any]], where: str, known: Facts) -> Iterator[Misuse]:
    """Parts of messages that the model does not take; `where` is the path to a part's type."""
    for at, message in enumerate(messages):
        content = message.get("content")
        if not isinstance(content, list):
            continue
        for index, part in enumerate(content):
            kind = str(part.get("type"))
            if kind in _PARTS and not getattr(known, _PARTS[kind]):
                words = f"Invalid content type. {kind} is only supported by certain models."
                yield Misuse(words, where.format(at, index))


def _refused(body: Mapping[str, Any], known: Facts) -> Iterator[Misuse]:
    for name in known.without:
        if body.get(name):
            yield Misuse(_unsupported(name), name, "unsupported_parameter")


def _unsupported(name: str) -> str:
    return f"Unsupported parameter: '{name}' is not supported with this model."


def _thinks(body: Mapping[str, Any], known: Facts) -> bool:
    """Whether the model thinks about this request; some may be told not to, and then take every parameter."""
    return known.reasons and effort(body, str(body.get("model"))) != "none"


def _effort_in_chat(body: Mapping[str, Any], known: Facts) -> Iterator[Misuse]:
    asked = body.get("reasoning_effort")
    if asked is None:
        return
    if not known.reasons:
        yield Misuse("Unrecognized request argument supplied: reasoning_effort")
    elif known.efforts and asked not in known.efforts:
        words = (
            f"Unsupported value: 'reasoning_effort' does not support '{asked}' with this model. Supported values are: "
            f"{_listed(known.efforts)}."
        )
        yield Misuse(words, "reasoning_effort", "unsupported_value")


def _listed(values: Sequence[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"


def _format(asked: Any, known: Facts) -> Iterator[Misuse]:
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    if kind not in {"json_object", "json_schema"} or kind in known.formats:
        return
    words = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
    more = f" Learn more about supported models at the Structured Outputs guide: {_GUIDE}"
    yield Misuse(words + more * (kind == "json_schema"), "response_format")


def _has_audio(messages: Sequence[Mapping[str, Any]]) -> bool:
    contents = [each.get("content") for each in messages]
    kinds = {part.get("type") for content in contents if isinstance(content, list) for part in content}
    return "input_audio" in kinds or any(each.get("audio") for each in messages)


def _roles(messages: Sequence[Mapping[str, Any]]) -> Iterator[Misuse]:
    for at, message in enumerate(messages):
        if message.get("role") in {"system", "developer"}:
            param = f"messages[{at}].role"
            words = f"Unsupported value: '{param}' does not support '{message['role']}' with this model."
            yield Misuse(words, param, "unsupported_value")
