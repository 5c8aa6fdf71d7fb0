"""The JSON Schema by which editors complete, explain and check configurations; derived from the shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from openai_mock.config.settings import ENTRIES, SETTINGS
from openai_mock.config.shapes import (
    Choice,
    Each,
    Either,
    Flag,
    Fork,
    Json,
    Key,
    Keys,
    Null,
    Number,
    Shape,
    Text,
    Whole,
)

_TYPES: Mapping[str, str] = {"list": "array", "mapping": "object"}
_VARIABLE = {"type": "string", "pattern": r"^\$\{"}
"""Editors see a variable before it is replaced, as a string; so one may stand wherever its value may."""


def schema() -> dict[str, Any]:
    """The schema of a whole configuration, of draft 2020-12."""
    settings, entries = _of(SETTINGS), {"$ref": "#/$defs/responses"}
    settings["properties"]["responses"] = {"description": SETTINGS.keys["responses"].about, **entries}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "openai-mock configuration",
        "anyOf": [settings, entries],
        "$defs": {"responses": _of(ENTRIES)},
    }


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _of(shape: Shape) -> dict[str, Any]:
    match shape:
        case Text(empty=empty):
            return {"type": "string"} if empty else {"type": "string", "minLength": 1}
        case Choice(values=values):
            return {"anyOf": [{"enum": list(values)}, _VARIABLE]}
        case Whole(low=low, high=high):
            return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, _VARIABLE]}
        case Number(low=low, high=high):
            return {"anyOf": [{"type": "number", "minimum": low, "maximum": high}, _VARIABLE]}
        case Flag():
            return {"anyOf": [{"type": "boolean"}, _VARIABLE]}
        case Null():
            return {"type": "null"}
        case Json(only=only):
            return {"type": [_TYPES.get(kind, kind) for kind in only]} if only else {}
        case _:
            return _holding(shape)


def _holding(shape: Each | Keys | Either | Fork) -> dict[str, Any]:
    match shape:
        case Each(item=item, least=least):
            return {"type": "array", "items": _of(item), **({"minItems": least} if least else {})}
        case Either(shapes=shapes):
            return {"anyOf": [_of(each) for each in shapes]}
        case Fork(forms=forms):
            return {"anyOf": [_of(form) for form in forms.values()]}
        case Keys():
            return _mapping(shape)


def _mapping(shape: Keys) -> dict[str, Any]:
    described: dict[str, Any] = {
        "title": shape.title,
        "type": "object",
        "properties": {name: _key(key) for name, key in shape.keys.items()},
    }
    if required := [name for name, key in shape.keys.items() if key.required]:
        described["required"] = required
    if shape.own:
        described["patternProperties"] = {f"^{shape.own}": {}}
    if shape.others is not None:
        described["additionalProperties"] = _of(shape.others)
    elif not shape.rest:
        described["additionalProperties"] = False
    return described


def _key(key: Key) -> dict[str, Any]:
    return {"description": key.about, **_of(key.shape)}
