"""Rewrites parts of JSON Schema that say the same in several ways: nulls folded in, unions flattened, one type each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

NOTES: Final = ("default", "x-discriminator")
"""Keywords that say nothing about whether a value fits."""
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "array": (list,), "boolean": (bool,), "integer": (int,), "null": (type(None),), "number": (int, float),
    "object": (dict,), "string": (str,),
}  # fmt: skip


def nullable(schema: Schema) -> Schema:
    """The schema that accepts null as well."""
    notes, says = _apart(schema)
    return any_of([says, {"type": "null"}]) | notes if says else schema


def any_of(members: Iterable[Schema]) -> Schema:
    """One schema that accepts what any of the members accepts; plain unions inside are flattened, twins dropped."""
    flat: list[Schema] = []
    for member in members:
        for part in member["anyOf"] if member.keys() == {"anyOf"} else [member]:
            if part not in flat:
                flat.append(part)
    null: Schema = {"type": "null"}
    if len(flat) == 2 and null in flat:
        other = flat[0] if flat[1] == null else flat[1]
        return _with_null(other) or {"anyOf": [other, null]}
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def all_any_of(schema: Schema) -> Schema:
    """The schema with `anyOf` for its `oneOf`."""
    branches = schema["oneOf"]
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    if "anyOf" in rest:
        return {**rest, "allOf": [*rest.get("allOf", ()), {"anyOf": branches}]}
    return {**rest, "anyOf": branches}


def settled(schema: Schema) -> Schema:
    """The schema with just its possible values where it lists some: the type is plain from them."""
    if "enum" not in schema and "const" not in schema:
        return schema
    values = options(schema)
    fitting = [value for value in values if "type" not in schema or is_of(value, kinds(schema))]
    if not fitting:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("enum", "const", "type")}
    if len(fitting) > 1:
        return {"enum": fitting, **rest}
    return {"type": "null", **rest} if fitting[0] is None else {"const": fitting[0], **rest}


def options(schema: Schema) -> list[Any]:
    """The values that a schema with `const` or `enum` lists."""
    return [schema["const"]] if "const" in schema else list(schema["enum"])


def kinds(schema: Schema) -> list[str]:
    """The types that a schema with `type` admits."""
    found: str | list[str] = schema["type"]
    return [found] if isinstance(found, str) else list(found)


def is_of(value: Any, admitted: Sequence[str]) -> bool:
    """Whether a value has one of the types; a boolean is no number."""
    return any(isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "boolean") for kind in admitted)


def _with_null(schema: Schema) -> Schema | None:
    """Null folded into the values or the types of a schema; None where only a union can say it."""
    if schema.keys() & {"$ref", "allOf", "anyOf", "else", "if", "not", "then"}:
        return None
    if "const" in schema or "enum" in schema:
        rest = {key: value for key, value in schema.items() if key not in ("const", "enum")}
        values = options(schema)
        return None if "type" in schema else {"enum": values if None in values else [*values, None], **rest}
    if "type" in schema:
        admitted = kinds(schema)
        return schema if "null" in admitted else {**schema, "type": [*admitted, "null"]}
    return None


def _apart(schema: Schema) -> tuple[Schema, Schema]:
    notes = {key: value for key, value in schema.items() if key in NOTES}
    return notes, {key: value for key, value in schema.items() if key not in NOTES}
