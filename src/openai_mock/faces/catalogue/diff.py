"""Compares two catalogues: operations added, removed and changed, for people and for programs.

Theory. A schema is seen as its fields by dotted name, and each field as a set of words: its types, its values, the
shared schemas it refers to, `required`. What a set gains and loses is the change. References are not followed, so a
change in a shared schema is told once, under the schema, and not again for each operation that uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from openai_mock.spec.operations import Catalogue, Operation

_FACTS: Final = ("method", "path", "status", "body_kind", "response_kind", "page", "security", "beta", "deprecated")
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
_REQUIRED: Final = "required"
_CLOSED: Final = "no other fields"
_MARKS: Final = frozenset({_REQUIRED, _CLOSED})
"""Words about a field that are not what it can hold."""
_Fields: TypeAlias = dict[str, dict[str, None]]
"""Words in their order, by the name of the field; the whole has the empty name."""


class Change(Struct, frozen=True, omit_defaults=True):
    """One difference within an operation or a shared schema."""

    kind: Literal["added", "removed", "changed"]
    part: str
    """`path`, `query`, `header`, `body`, `response`, `event` or `field`; `operation` for a fact such as its status."""
    name: str
    """The parameter or field, `a.b[].c` where it is nested; the fact; empty for the part as a whole."""
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{_SIGNS[self.kind]} {self.part} {self.name}".rstrip()
        lost, gained = ", ".join(self.lost), ", ".join(self.gained)
        if self.kind != "changed":
            return f"{place}: {gained or lost}"
        if len(self.lost) == len(self.gained) == 1 and not {*self.lost, *self.gained} & _MARKS:
            return f"{place}: {lost} -> {gained}"
        told = (f"gained {gained}" if gained else "", f"lost {lost}" if lost else "")
        return f"{place}: {'; '.join(each for each in told if each)}"


class Difference(Struct, frozen=True):
    """Everything that tells two catalogues apart, sorted by name. `schemas` are those that operations share."""

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]
    schemas: Mapping[str, tuple[Change, ...]]


def compare(before: Catalogue, after: Catalogue) -> Difference:
    """The difference between two catalogues."""
    old, new = before.operations, after.operations
    changed = {name: tuple(_changes(old[name], new[name])) for name in sorted(old.keys() & new.keys())}
    schemas = {
        name: tuple(_between("field", _fields(before.definitions[name]), _fields(after.definitions[name])))
        for name in sorted(before.definitions.keys() & after.definitions.keys())
        if bytes(before.definitions[name]) != bytes(after.definitions[name])
    }
    return Difference(
        before=before.sdk,
        after=after.sdk,
        added=tuple(_titled(new[name]) for name in sorted(new.keys() - old.keys())),
        removed=tuple(_titled(old[name]) for name in sorted(old.keys() - new.keys())),
        changed={name: changes for name, changes in changed.items() if changes},
        schemas={name: changes for name, changes in schemas.items() if changes},
    )


def diff(before: Catalogue, after: Catalogue) -> list[str]:
    """The difference as lines for people, the same for the same catalogues; one sentence where there is none."""
    found = compare(before, after)
    lines = [*(f"+ {name}" for name in found.added), *(f"- {name}" for name in found.removed)]
    for title, changed in (("", found.changed), ("schema ", found.schemas)):
        for name, changes in changed.items():
            lines += [f"~ {title}{name}", *(f"    {change}" for change in changes)]
    if not lines:
        return [f"No operation differs between {found.before} and {found.after}."]
    counts = f"operations added: {len(found.added)}, removed: {len(found.removed)}, changed: {len(found.changed)}"
    return [f"From {found.before} to {found.after}: {counts}; shared schemas changed: {len(found.schemas)}.", *lines]


def diff_json(before: Catalogue, after: Catalogue) -> str:
    """The difference as JSON text, with the keys of `Difference` and `Change`."""
    return msgspec.json.format(msgspec.json.encode(compare(before, after)), indent=2).decode()


def _titled(operation: Operation) -> str:
    return f"{operation.name} ({operation.method} {operation.path})"


def _changes(old: Operation, new: Operation) -> Iterator[Change]:
    for fact in _FACTS:
        before, after = _told(getattr(old, fact)), _told(getattr(new, fact))
        if before != after:
            yield Change("changed", "operation", fact, (before,), (after,))
    yield from _between("path", _of_each(old.path_params), _of_each(new.path_params))
    yield from _between("query", _fields(old.query), _fields(new.query))
    yield from _between("header", _of_each(old.headers), _of_each(new.headers))
    yield from _between("body", _fields(old.body), _fields(new.body))
    yield from _between("response", _fields(old.response), _fields(new.response))
    yield from _between("event", _fields(old.events), _fields(new.events))


def _between(part: str, old: _Fields, new: _Fields) -> Iterator[Change]:
    for name in (*old, *(name for name in new if name not in old)):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield Change("added", part, name, gained=tuple(new[name]))
        elif after is None:
            yield Change("removed", part, name, lost=tuple(before))
        elif before.keys() != after.keys():
            lost = tuple(word for word in before if word not in after)
            yield Change("changed", part, name, lost, tuple(word for word in after if word not in before))


def _of_each(schemas: Mapping[str, Raw]) -> _Fields:
    """The fields of several schemas, each under its name."""
    fields: _Fields = {}
    for name, schema in schemas.items():
        _gather(msgspec.json.decode(schema), name, fields)
    return fields


def _fields(text: Raw) -> _Fields:
    fields: _Fields = {}
    if text:
        _gather(msgspec.json.decode(text), "", fields)
    return fields


def _gather(schema: Any, name: str, fields: _Fields) -> None:
    """Add the words of a schema to those of its name, and of all that is written out in it to theirs."""
    words = fields.setdefault(name, {})
    if not isinstance(schema, Mapping):
        words["anything" if schema else "nothing"] = None
        return
    words |= dict.fromkeys(_words(schema))
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        _gather(part, name, fields)
    for key, inner in schema.get("properties", {}).items():
        below = f"{name}.{key}" if name else key
        _gather(inner, below, fields)
        if key in schema.get("required", ()):
            fields[below][_REQUIRED] = None
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), Mapping):
            _gather(schema[key], name + mark, fields)


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    """What a schema says about a value without looking inside."""
    if "$ref" in schema:
        yield schema["$ref"].removeprefix("#/$defs/")
    for value in (*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())):
        yield msgspec.json.encode(value).decode()
    kinds = schema.get("type", ())
    yield from [kinds] if isinstance(kinds, str) else kinds
    if "format" in schema:
        yield f"format {schema['format']}"
    if schema.get("additionalProperties") is False:
        yield _CLOSED
    if not schema.keys() - {"default", "x-discriminator"}:
        yield "anything"


def _told(value: Any) -> str:
    return "none" if value is None else msgspec.json.encode(value).decode().strip('"')
