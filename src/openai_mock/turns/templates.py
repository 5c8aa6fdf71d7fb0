"""Templates with variables in double braces, as graders and evals write them, and the messages made of them.

`{{item.question}}` and `{{sample.output_text}}` name what an item has and what was said to it. A path runs through
objects by name and through arrays by number: `{{sample.output_tools[0].function.name}}`. A text is put in as it is,
anything else as JSON. What is put in is not read as a template again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_STEP = re.compile(r"\[(\d{1,9})\]|\.?([^.\[\]]+)")
NAMESPACES = ("item", "sample")
LONGEST = 10_000_000
"""Characters that the variables of one text may put in: a short template can name a long item very often."""


class TemplateError(Exception):
    """A template cannot be filled; the message is a sentence."""


class UnknownVariableError(TemplateError):
    """A variable names nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The template variable '{name}' is not defined for this item.")
        self.name = name


def filled(template: str, variables: Mapping[str, Any]) -> str:
    """A template with its variables put in, at most `LONGEST` characters of them. Raises TemplateError."""
    room = LONGEST

    def put(found: re.Match[str]) -> str:
        nonlocal room
        value = looked_up(found[1].strip(), variables)
        text = value if isinstance(value, str) else _json(value)
        room -= len(text)
        if room < 0:
            raise TemplateError(f"The variables of the template have more than {LONGEST:,} characters together.")
        return text

    return _VARIABLE.sub(put, template)


def filled_within(value: Any, variables: Mapping[str, Any]) -> Any:
    """A JSON value with every text in it filled. Raises TemplateError."""
    if isinstance(value, str):
        return filled(value, variables)
    if isinstance(value, list):
        return [filled_within(each, variables) for each in value]
    if isinstance(value, Mapping):
        return {key: filled_within(each, variables) for key, each in value.items()}
    return value


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (RecursionError, ValueError, OverflowError):
        raise TemplateError("A variable of the template names what is nested too deeply or too large.") from None


def for_chat(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages whose content is a text, a part or parts of the Responses API, as chat takes them."""
    return [{**_rest(each), "content": _chat_content(each.get("content"))} for each in messages]


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(each)


def looked_up(path: str, variables: Mapping[str, Any]) -> Any:
    """The value that a path names. Raises UnknownVariableError."""
    found: Any = variables
    end = 0
    for step in _STEP.finditer(path):
        if step.start() != end:
            raise UnknownVariableError(path)
        end = step.end()
        try:
            found = found[int(step[1])] if step[1] and isinstance(found, list) else _field(found, step)
        except (KeyError, IndexError, TypeError):
            raise UnknownVariableError(path) from None
    if not path or end != len(path):
        raise UnknownVariableError(path)
    return found


def names(template: str) -> Iterator[str]:
    """The paths that a template names."""
    return (found[1].strip() for found in _VARIABLE.finditer(template))


def strange(template: str) -> str | None:
    """The first variable that lies in no namespace, or None."""
    return next((name for name in names(template) if _first(name) not in NAMESPACES), None)


def _first(path: str) -> str:
    found = _STEP.match(path)
    return found[2] if found and found[2] else ""


def _field(found: Any, step: re.Match[str]) -> Any:
    if not isinstance(found, Mapping):
        raise KeyError(step[0])
    return found[step[2] or step[1]]


def _rest(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in {"content", "type"}}


def _chat_content(content: Any) -> Any:
    if content is None or isinstance(content, str):
        return content
    parts = [_chat_part(part) for part in (content if isinstance(content, list) else [content])]
    only = [part["text"] for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return only[0] if len(only) == len(parts) == 1 else parts


def _chat_part(part: Any) -> Any:
    """A part as chat takes it; what is none stays as it is, for chat to refuse."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    match part:
        case {"type": "input_text" | "output_text" | "text", "text": str() as text}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": str() as url}:
            return {"type": "image_url", "image_url": {"url": url, "detail": part.get("detail") or "auto"}}
        case _:
            return part
