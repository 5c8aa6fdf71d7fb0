"""Lays what OpenAI documents beyond types (limits, patterns, defaults) over the schemas of the catalogue.

Theory. `bounds.toml` is read once, at the first validation, in some 3 ms. A line becomes JSON Schema keywords at the
parameter's own node, beside the `anyOf` or `$ref` that may stand there: such keywords hold for values of their type
only, so one line can bound the string and the array of a union.
"""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from openai_mock.spec.operations import Catalogue, Operation

_STEP = re.compile(r"\[\]|\{\}|[^.\[\]{}]+")
_KEYWORDS: Final = {
    "min": "minimum", "max": "maximum", "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern",
    "min_items": "minItems", "max_items": "maxItems", "max_properties": "maxProperties", "default": "default",
}  # fmt: skip
_ITSELF: Final = "@"


class Table(Struct, frozen=True):
    """One table of bounds: the names (with `*`) it holds for, where its facts stand, and a line for each parameter."""

    names: tuple[str, ...]
    source: str
    lines: Mapping[str, Mapping[str, Any]]


@lru_cache(maxsize=1)
def tables() -> tuple[Table, ...]:
    """All tables, in the order of the file."""
    data = pkgutil.get_data("openai_mock.spec", "bounds.toml")
    assert data is not None
    return tuple(
        Table(tuple(header.split(" | ")), lines.pop("source"), lines)
        for header, lines in tomllib.loads(data.decode()).items()
    )


def lay(schema: dict[str, Any], operation: str) -> None:
    """Write the bounds of an operation, and those of the shared schemas in "$defs", into a bundled schema."""
    definitions: dict[str, Any] = schema.get("$defs", {})
    for table in _tables_for(operation):
        for path, facts in table.lines.items():
            lay_line(schema, path, facts, definitions)
    for name, definition in definitions.items():
        for table in _tables_for(name):
            for path, facts in table.lines.items():
                lay_line(definition, path, facts, definitions)


def lay_line(schema: dict[str, Any], path: str, facts: Mapping[str, Any], definitions: Mapping[str, Any]) -> int:
    """Write one line of bounds into a schema; the number of places it reached."""
    steps = _steps(path)
    if facts.get("accept"):
        return _accept(schema, steps, definitions)
    reached = 0
    for node in _reach(schema, steps, definitions):
        _write(node, facts)
        reached += 1
    return reached


def defaults(catalogue: Catalogue, operation: Operation) -> Mapping[str, Any]:
    """What OpenAI assumes for parameters that a request leaves out, by the name of the top-level parameter."""
    known = {*_properties(catalogue, operation.body), *_properties(catalogue, operation.query)}
    found: dict[str, Any] = {}
    for table in _tables_for(operation.name):
        for path, facts in table.lines.items():
            if path in known and "default" in facts:
                found[path] = facts["default"]
    return found


def _properties(catalogue: Catalogue, schema: Any) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = catalogue.bundle(schema).get("properties", {}) if schema else {}
    return properties


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[str, ...]:
    return () if path == _ITSELF else tuple(_STEP.findall(path))


class _Index(Struct, frozen=True):
    """The numbers of the tables: by plain name, by pattern, and of those that hold everywhere."""

    plain: Mapping[str, Sequence[int]]
    patterns: Sequence[tuple[re.Pattern[str], int]]
    rough: re.Pattern[str]
    """All patterns at once: most names match none, and find that out in one step."""
    everywhere: Sequence[int]


@lru_cache(maxsize=1)
def _index() -> _Index:
    plain: dict[str, list[int]] = {}
    patterns: list[tuple[str, int]] = []
    everywhere: list[int] = []
    for number, table in enumerate(tables()):
        for name in table.names:
            if name == "*":
                everywhere.append(number)
            elif "*" in name:
                patterns.append((translate(name), number))
            else:
                plain.setdefault(name, []).append(number)
    compiled = tuple((re.compile(pattern), number) for pattern, number in patterns)
    return _Index(plain, compiled, re.compile("|".join(pattern for pattern, _ in patterns)), tuple(everywhere))


def _tables_for(name: str) -> list[Table]:
    index = _index()
    numbers = {*index.everywhere, *index.plain.get(name, ())}
    if index.rough.match(name):
        numbers.update(number for pattern, number in index.patterns if pattern.match(name))
    every = tables()
    return [every[number] for number in sorted(numbers)]


def _write(node: dict[str, Any], facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        if name in _KEYWORDS:
            node[_KEYWORDS[name]] = value
        elif name == "max_key_length":
            node["propertyNames"] = {"maxLength": value}
        elif name == "optional":
            node["required"] = [key for key in node.get("required", ()) if key not in value]
        elif name == "also":
            node["enum"] = [*node["enum"], *value]
        elif name == "or_map":
            node["anyOf"] = [*node["anyOf"], {"type": "object", "additionalProperties": {"anyOf": node["anyOf"]}}]
        elif name == "needs":
            node["x-needs"] = value
            node["anyOf"] = [
                {"required": [key], "properties": {key: {"type": ["string", "array", "object"]}}} for key in value
            ]
        elif name != "source":
            raise ValueError(
                f"bounds.toml knows no '{name}'; it knows {', '.join(_KEYWORDS)} and those in its preface."
            )


def _accept(schema: dict[str, Any], steps: Sequence[str], definitions: Mapping[str, Any]) -> int:
    reached = 0
    for node in _reach(schema, steps[:-1], definitions):
        for parent in _alternatives(node, definitions):
            parent.setdefault("properties", {}).setdefault(steps[-1], {})
            reached += 1
    return reached


def _reach(node: dict[str, Any], steps: Sequence[str], definitions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes at the end of the steps, in every branch of the unions on the way."""
    if not steps:
        yield node
        return
    step, rest = steps[0], steps[1:]
    for one in _alternatives(node, definitions):
        if step == "[]":
            child = one.get("items")
        elif step == "{}":
            child = one.get("additionalProperties")
        else:
            child = one.get("properties", {}).get(step)
        if isinstance(child, dict):
            yield from _reach(child, rest, definitions)


def _alternatives(node: dict[str, Any], definitions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A node without its unions and references: every schema that may stand there."""
    if "$ref" in node:
        yield from _alternatives(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    branches = [] if "x-needs" in node else [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    for branch in branches:
        yield from _alternatives(branch, definitions)
    if not branches and "$ref" not in node:
        yield node
