"""Turns the SDK's type hints into JSON Schema 2020-12.

Theory. Every hint has one schema. A class (TypedDict, pydantic model) becomes a definition named after its module and
itself, and its users refer to it by `#/$defs/<name>`; everything else stands in place. TypedDicts are what clients
send, so they are closed; models are what servers send, so they stay open. None is folded into the type or the enum
of its neighbour where there is exactly one, so that a wrong value fails at one keyword and not in every branch of a
union; x-discriminator names the property that tells the branches of a union apart.
"""

from __future__ import annotations

import collections.abc
import os
import types
import typing
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, TypeAlias

import typing_extensions
from openai._types import FileTypes
from openai._utils import PropertyInfo
from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]
Definitions: TypeAlias = dict[str, Schema]

_FILE = frozenset(typing.get_args(FileTypes))
_OPENED = frozenset({typing.IO[bytes], os.PathLike, os.PathLike[str]})
_ARRAYS = frozenset(
    {list, tuple, set, collections.abc.Iterable, collections.abc.Sequence, collections.abc.Collection},
)
_MAPPINGS = frozenset({dict, collections.abc.Mapping})
_NULL: typing.Final = "null"


def convert(hint: Any, defs: Definitions) -> Schema:
    """The schema of a hint; definitions it needs are added to `defs`. Raises TypeError for a hint it does not know."""
    plain = _plain(hint)
    if plain is not None:
        return plain
    origin, args = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin is typing_extensions.Annotated:
        return _annotated(args[0], args[1:], defs)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return convert(args[0], defs)
    if origin is typing_extensions.Literal:
        return {"const": args[0]} if len(args) == 1 else {"enum": list(args)}
    if origin in (typing.Union, types.UnionType):
        return _union(args, defs)
    if origin in _ARRAYS:
        return {"type": "array", "items": convert(args[0], defs)}
    if origin in _MAPPINGS:
        return {"type": "object", "additionalProperties": convert(args[1], defs)}
    if isinstance(hint, type) and typing_extensions.is_typeddict(hint):
        return _reference(hint, defs)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _reference(hint, defs)
    raise TypeError(f"No JSON Schema is known for the type hint {hint!r}.")


def typed_dict(kind: type, defs: Definitions, only: Collection[str] | None = None) -> Schema:
    """The closed object a TypedDict describes, cut down to the keys in `only` where that is given."""
    properties: Schema = {}
    required: list[str] = []
    always: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    for key, hint in typing_extensions.get_type_hints(kind, include_extras=True).items():
        if only is not None and key not in only:
            continue
        marker, wire_name = _marker(hint), _alias(hint) or key
        properties[wire_name] = convert(hint, defs)
        # With postponed annotations __required_keys__ knows only the class's own totality: the hint's marker decides.
        if marker is typing_extensions.Required or (key in always and marker is not typing_extensions.NotRequired):
            required.append(wire_name)
    return _object(properties, required) | {"additionalProperties": False}


def model(kind: type[BaseModel], defs: Definitions) -> Schema:
    """The open object a pydantic model describes."""
    kind.model_rebuild(raise_errors=False)
    properties: Schema = {}
    required: list[str] = []
    for key, field in kind.model_fields.items():
        wire_name = field.alias or key
        schema = convert(field.rebuild_annotation(), defs)
        if field.is_required():
            required.append(wire_name)
        elif isinstance(field.default, str | int | float):
            schema = {**schema, "default": field.default}
        properties[wire_name] = schema
    return _object(properties, required)


def any_of(members: Iterable[Schema]) -> Schema:
    """One schema that accepts what any of the members accepts; plain unions inside are flattened, twins dropped."""
    flat: list[Schema] = []
    for member in members:
        for part in member["anyOf"] if member.keys() == {"anyOf"} else [member]:
            if part not in flat:
                flat.append(part)
    null: Schema = {"type": _NULL}
    if len(flat) == 2 and null in flat:
        return _nullable(flat[0] if flat[1] == null else flat[1])
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _plain(hint: Any) -> Schema | None:
    """The schema of a hint without parts of its own, or None. `bool` precedes `int`, `datetime` precedes `date`."""
    if hint is None or hint is types.NoneType:
        return {"type": _NULL}
    if hint is Any or hint is object:
        return {}
    if hint in _MAPPINGS:
        return {"type": "object"}
    if hint is datetime or hint is date:
        return {"type": "string", "format": "date-time" if hint is datetime else "date"}
    for kind, name in ((str, "string"), (bytes, "string"), (bool, "boolean"), (int, "integer"), (float, "number")):
        if hint is kind:
            return {"type": name}
    return None


def _annotated(hint: Any, notes: tuple[Any, ...], defs: Definitions) -> Schema:
    schema = convert(hint, defs)
    for note in notes:
        if isinstance(note, PropertyInfo) and note.discriminator and "anyOf" in schema:
            schema = {**schema, "x-discriminator": note.discriminator}
    return schema


def _union(args: tuple[Any, ...], defs: Definitions) -> Schema:
    """A union; typing flattens FileTypes into its neighbours, so its parts are gathered again here."""
    members: list[Schema] = []
    rest = args
    if set(args) >= _FILE:
        members.append({"type": "string", "format": "binary"})
        rest = tuple(arg for arg in args if arg not in _FILE)
    # What remains of opened files is a Base64FileInput: the SDK sends it as the string beside it.
    return any_of([*members, *(convert(arg, defs) for arg in rest if arg not in _OPENED)])


def _nullable(schema: Schema) -> Schema:
    if "const" in schema:
        return {"enum": [schema["const"], None]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], _NULL]}
    return {"anyOf": [schema, {"type": _NULL}]}


def _reference(kind: type, defs: Definitions) -> Schema:
    name = f"{kind.__module__.removeprefix('openai.types.')}.{kind.__qualname__}"
    if name not in defs:
        defs[name] = {}  # Holds the place, so that a type which contains itself ends here.
        defs[name] = model(kind, defs) if issubclass(kind, BaseModel) else typed_dict(kind, defs)
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _marker(hint: Any) -> Any:
    """Required or NotRequired where the hint says so, also under Annotated."""
    origin = typing_extensions.get_origin(hint)
    if origin is typing_extensions.Annotated:
        return _marker(typing_extensions.get_args(hint)[0])
    return origin if origin in (typing_extensions.Required, typing_extensions.NotRequired) else None


def _alias(hint: Any) -> str | None:
    """The name on the wire where PropertyInfo gives one, also under Required."""
    origin, args = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin is typing_extensions.Annotated:
        return next((note.alias for note in args[1:] if isinstance(note, PropertyInfo) and note.alias), None)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return _alias(args[0])
    return None
