"""Merges `allOf` into one schema wherever it can be said as one.

Theory. The catalogue describes an object by one schema with `properties`, or by `anyOf` of several: that is what
examples, error messages and forms can read. So `allOf` becomes what it means, and what stands beside `anyOf` is laid
into each branch. Where two schemas cannot be said as one, `allOf` stays, and validation still judges by it. Two limits
keep the result near the size of its source: a property that both sides describe is merged only if it is written out or
a mere value, and a product of unions has at most `_MOST` branches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, TypeAlias

from openai_mock.faces.catalogue.unions import NOTES, Schema, any_of, kinds, settled

ONE: Final = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"},
)
"""Keywords that hold one schema."""
MANY: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords that hold a list of schemas."""
NAMED: Final = frozenset({"dependentSchemas", "patternProperties", "properties"})
"""Keywords that hold schemas by name."""

_ITSELF: Final = ("$ref", "anyOf", "allOf", "not", "if", "then", "else")
_STRUCTURE: Final = frozenset({"$ref", "allOf", "anyOf", "items", "properties"})
_MOST: Final = 64
_DEEPEST: Final = 30
_Combine: TypeAlias = Callable[[Any, Any], Any]


class Merger:
    """Merges schemas that refer to one another by `#/$defs/<name>`."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._sources = definitions
        self._merged: dict[str, Schema] = {}
        self._open: list[str] = []
        self._combine = self._by_keyword()

    def definitions(self) -> dict[str, Schema]:
        """All definitions, merged."""
        return {name: self._definition(name) for name in self._sources}

    def merged(self, schema: Schema) -> Schema:
        """The schema, and all that stands inside, with `allOf` merged."""
        inner = {key: self._inside(key, value) for key, value in schema.items()}
        notes: Schema = {key: inner.pop(key) for key in NOTES if key in inner}
        members = inner.pop("allOf", [])
        union = any_of(inner.pop("anyOf")) if "anyOf" in inner else {}
        parts: list[Schema] = [part for part in (inner, union, *members) if part]
        if not parts:
            return notes
        if len(parts) == 1:
            return parts[0] | notes
        whole = self._together(parts)
        if whole is not None:
            return whole | notes
        # A schema of one keyword each way: what could not be merged stands in one list.
        return {"allOf": parts, **notes}

    def _definition(self, name: str) -> Schema:
        if name not in self._merged:
            self._open.append(name)
            self._merged[name] = self.merged(self._sources[name])
            self._open.pop()
        return self._merged[name]

    def _inside(self, key: str, value: Any) -> Any:
        if key in ONE:
            return self.merged(value) if isinstance(value, dict) else value
        if key in MANY:
            return [self.merged(part) for part in value]
        if key in NAMED:
            return {name: self.merged(part) for name, part in value.items()}
        return value

    def _together(self, parts: Iterable[Schema]) -> Schema | None:
        whole: Schema = {}
        for part in parts:
            known = self._resolved(part)
            both = None if known is None else self._both(whole, known)
            if both is None:
                return None
            whole = both
        return whole

    def _resolved(self, schema: Schema) -> Schema | None:
        """What a reference names, merged; None while that is still being merged, or too deep."""
        if "$ref" not in schema:
            return schema
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name in self._open or len(self._open) > _DEEPEST:
            return None
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return self._definition(name) | rest

    def _both(self, one: Schema, other: Schema, *, inner: bool = False) -> Schema | None:
        """One schema for what fits both, or None. `inner` is for parts of merged schemas: they stay as written."""
        if not one or not other or one == other:
            return one or other
        if "anyOf" in one or "anyOf" in other:
            return self._product(one, other, inner=inner)
        if one.keys() & {"allOf", "$ref"} or other.keys() & {"allOf", "$ref"}:
            return None
        whole = dict(one)
        for key, value in other.items():
            if key in whole and whole[key] != value:
                combine = self._combine.get(key)
                value = None if combine is None else combine(whole[key], value)  # noqa: PLW2901
                if value is None:
                    return None
            whole[key] = value
        if "const" in whole and "enum" in whole and whole["const"] not in whole.pop("enum"):
            return None
        return settled(whole)

    def _product(self, one: Schema, other: Schema, *, inner: bool) -> Schema | None:
        """Every branch of one with every branch of the other."""
        ours, theirs = one.get("anyOf", [{}]), other.get("anyOf", [{}])
        rest = self._both(_rest(one), _rest(other), inner=inner)
        if rest is None or len(ours) * len(theirs) > _MOST:
            return None
        notes: Schema = {key: rest.pop(key) for key in NOTES if key in rest}
        branches = []
        for mine in ours:
            for their in theirs:
                branch = self._branch([part for part in (mine, their) if part], rest, inner=inner)
                if branch is None:
                    return None
                branches.append(branch)
        return any_of(branches) | notes

    def _branch(self, parts: list[Schema], rest: Schema, *, inner: bool) -> Schema | None:
        whole: Schema | None = rest
        for part in parts:
            known = self._value(part) if inner else self._resolved(part)
            if known is None or whole is None:
                return None
            whole = self._both(whole, known, inner=inner)
            # A branch that says it all stays a reference.
            if len(parts) == 1 and whole == known:
                return part
        return whole

    def _value(self, schema: Schema) -> Schema | None:
        """The schema without a reference, if what it names is a mere value."""
        known = self._resolved(schema)
        if "$ref" not in schema or (known is not None and not known.keys() & _STRUCTURE):
            return known
        return None

    def _inner(self, one: Schema, other: Schema) -> Schema:
        known, also = self._value(one), self._value(other)
        both = None if known is None or also is None else self._both(known, also, inner=True)
        return {"allOf": [one, other]} if both is None else both

    def _by_keyword(self) -> Mapping[str, _Combine]:
        return {
            **dict.fromkeys(
                ("exclusiveMinimum", "minContains", "minItems", "minLength", "minProperties", "minimum"), max
            ),
            **dict.fromkeys(
                ("exclusiveMaximum", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum"), min
            ),
            **dict.fromkeys(NOTES, lambda _, later: later),
            "additionalProperties": _narrower,
            "enum": lambda one, other: [value for value in one if value in other] or None,
            "items": lambda one, other: _narrower(one, other) or self._inner(one, other),
            "properties": self._properties,
            "required": lambda one, other: list(dict.fromkeys([*one, *other])),
            "type": _types,
            "uniqueItems": lambda _, __: True,
        }

    def _properties(self, one: Mapping[str, Schema], other: Mapping[str, Schema]) -> dict[str, Schema]:
        whole = dict(one)
        for key, value in other.items():
            mine = whole.get(key, value)
            whole[key] = value if mine == value else self._inner(mine, value)
        return whole


def circle(definitions: Mapping[str, Schema]) -> list[str]:
    """Names of definitions of which each is judged by the next alone, for ever; empty if there are none."""
    graph = {name: [other for other in _itself(schema) if other in definitions] for name, schema in definitions.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def _itself(schema: Schema) -> Iterator[str]:
    """The definitions a value of this schema is judged by itself, rather than one of its parts."""
    for key in _ITSELF:
        inner = schema.get(key)
        if key == "$ref" and inner is not None:
            yield inner.removeprefix("#/$defs/")
        for part in inner if isinstance(inner, list) else [inner]:
            if isinstance(part, dict):
                yield from _itself(part)


def _rest(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "anyOf"}


def _narrower(one: Any, other: Any) -> Any:
    """The stricter of two schemas of which one admits all or nothing, else None."""
    if one in ({}, True) or other is False:
        return other
    return one if other in ({}, True) or one is False else None


def _types(one: Any, other: Any) -> Any:
    ours, theirs = kinds({"type": one}), kinds({"type": other})
    both = [kind for kind in ours if kind in theirs or (kind == "integer" and "number" in theirs)]
    both += [kind for kind in theirs if kind == "integer" and "number" in ours and kind not in both]
    return None if not both else both[0] if len(both) == 1 else both
