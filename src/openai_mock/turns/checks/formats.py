"""JSON that is asked for: the word itself, and schemas that the strict mode and functions take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.conversation import text_of

Place = tuple[str, ...]
_BARRED = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties")
"""Keywords that the strict mode does not take."""
_KINDS = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_FORMS: tuple[tuple[str, type, str], ...] = (
    ("required", list, "array"), ("enum", list, "array"),
    ("properties", Mapping, "object"), ("$defs", Mapping, "object"),
)  # fmt: skip
"""What some keywords must be."""


def in_chat(body: Mapping[str, Any]) -> Iterator[Misuse]:
    """What is wrong with the format and the functions of a chat."""
    asked = body.get("response_format") or {}
    if asked.get("type") == "json_object" and not _says_json(body["messages"]):
        words = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        yield Misuse(words, "messages")
    inner = asked.get("json_schema") or {}
    if asked.get("type") == "json_schema":
        for flaw in _of_format(inner):
            yield Misuse(f"Invalid schema for response_format '{inner.get('name')}': {flaw}", "response_format")
    for at, tool in enumerate(body.get("tools") or ()):
        yield from _function(tool.get("function") or {}, f"tools[{at}].function.parameters")
    for at, function in enumerate(body.get("functions") or ()):
        yield from _function(function, f"functions[{at}].parameters")


def in_responses(body: Mapping[str, Any], items: Sequence[Mapping[str, Any]] | None) -> Iterator[Misuse]:
    """The same of Responses; `items` are the input and the history, without the instructions, or None."""
    asked = (body.get("text") or {}).get("format") or {}
    if asked.get("type") == "json_object" and items is not None and not _says_json(items):
        words = (
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'."
        )
        yield Misuse(words, "input")
    if asked.get("type") == "json_schema":
        for flaw in _of_format(asked):
            words = f"Invalid schema for response_format '{asked.get('name')}': {flaw}"
            yield Misuse(words, "text.format.schema", "invalid_json_schema")
    for at, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function":
            yield from _function(tool, f"tools[{at}].parameters")


def _says_json(messages: Sequence[Mapping[str, Any]]) -> bool:
    return any("json" in text_of(each.get("content")).lower() for each in messages)


def _of_format(named: Mapping[str, Any]) -> Iterator[str]:
    schema = named.get("schema")
    return flaws(schema, strict=True) if named.get("strict") else malformed(schema)


def _function(function: Mapping[str, Any], param: str) -> Iterator[Misuse]:
    given = function.get("parameters")
    if not given:
        return
    found = [*flaws(given, strict=bool(function.get("strict")))]
    if given.get("type") == "object" and "properties" not in given:
        found.append("In context=(), object schema missing properties.")
    for flaw in found:
        words = f"Invalid schema for function '{function.get('name')}': {flaw}"
        yield Misuse(words, param, "invalid_function_parameters")


def flaws(schema: Any, *, strict: bool) -> Iterator[str]:
    """What is wrong with a schema, from the outside in; beyond its form where it is to be kept strictly."""
    if not isinstance(schema, Mapping):
        return
    if wrong := [*malformed(schema)]:
        yield from wrong
        return
    kind = schema.get("type")
    if kind != "object" and "$ref" not in schema:
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        return
    yield from _flaws(schema, strict=strict)


def malformed(schema: Any) -> Iterator[str]:
    """What is no JSON Schema at all, wherever it stands: a type that does not exist, a list that is none."""
    ahead: deque[Any] = deque([schema] if isinstance(schema, Mapping) else ())
    while ahead:
        inner = ahead.popleft()
        kinds = inner.get("type", "object")
        if not all(
            isinstance(kind, str) and kind in _KINDS for kind in (kinds if isinstance(kinds, list) else [kinds])
        ):
            yield f"{kinds!r} is not valid under any of the given schemas."
        for key, form, name in _FORMS:
            if key in inner and not isinstance(inner[key], form):
                yield f"{inner[key]!r} is not of type '{name}'."
        held = [*properties.values()] if isinstance(properties := inner.get("properties"), Mapping) else []
        if "items" in inner and not isinstance(inner["items"], list):
            held.append(inner["items"])
        yield from (
            f"{one!r} is not of type 'object', 'boolean'." for one in held if not isinstance(one, Mapping | bool)
        )
        ahead.extend(one for one, _ in _inner(inner, ()))


def _flaws(schema: Mapping[str, Any], *, strict: bool) -> Iterator[str]:
    ahead: deque[tuple[Mapping[str, Any], Place]] = deque([(schema, ())])
    while ahead:
        inner, place = ahead.popleft()
        for flaw in _own(inner, strict=strict):
            yield f"In context={place}, {flaw}"
        ahead.extend(_inner(inner, place))


def _own(schema: Mapping[str, Any], *, strict: bool) -> Iterator[str]:
    """What is wrong with a schema itself, apart from those inside it."""
    kinds = schema.get("type") or ()
    if strict:
        yield from (f"'{word}' is not permitted." for word in _BARRED if word in schema)
        if "object" in kinds:
            yield from _open(schema)
    if "array" in kinds and "items" not in schema and "prefixItems" not in schema:
        yield "array schema missing items."


def _open(schema: Mapping[str, Any]) -> Iterator[str]:
    """Why an object of the strict mode is not closed."""
    if schema.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties") or {}, schema.get("required") or ()
    needed = "'required' is required to be supplied and to be an array including every key in properties."
    missing = next((name for name in properties if name not in required), None)
    if missing is not None:
        yield f"{needed} Missing '{missing}'."
    extra = next((name for name in required if name not in properties), None)
    if extra is not None:
        yield f"{needed} Extra required key '{extra}' supplied."


def _inner(schema: Mapping[str, Any], place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """The schemas inside a schema, and where they stand."""
    for key in ("$defs", "definitions", "properties"):
        held = schema.get(key)
        if isinstance(held, Mapping):
            yield from ((one, (*place, key, name)) for name, one in held.items() if isinstance(one, Mapping))
    for key in ("anyOf", "allOf", "oneOf"):
        several = schema.get(key)
        if isinstance(several, list):
            yield from ((one, (*place, key, str(at))) for at, one in enumerate(several) if isinstance(one, Mapping))
    if isinstance(schema.get("items"), Mapping):
        yield schema["items"], (*place, "items")
