"""Turns the named texts of a query or a form into the nested, typed value that a schema describes.

Theory. The SDK flattens values: `metadata[key]=v`, `include=a&include=b` in a query, `include[]=a&include[]=b` in a
form. `nest` undoes the brackets without a schema; `shape` then gives every text the type its schema asks for. A text
that has no such type stays as it is, for the validator to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import msgspec

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?")
_DEEPEST: Final = 16
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as nested objects and arrays; a name that is repeated becomes an array."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        steps = _steps(name)
        node = found
        for step, after in pairwise(steps):
            node = _enter(node, step, after)
        if len(steps) > 1 and steps[-1] == "":
            node[str(len(node))] = value
        else:
            _set(node, steps[-1], value)
    return {name: _lists(value) for name, value in found.items()}


def shape(value: Any, schema: Mapping[str, Any] | bool, definitions: Mapping[str, Any]) -> Any:
    """The value with every text in it turned into the type that the schema asks for, where it can be."""
    if isinstance(schema, bool):
        return value
    branches = tuple(_branches(schema, definitions))
    if isinstance(value, list):
        items = next((branch["items"] for branch in branches if isinstance(branch.get("items"), dict)), None)
        if items is not None:
            return [shape(item, items, definitions) for item in value]
        return shape(value[-1], schema, definitions) if value and not isinstance(value[-1], list) else value
    if isinstance(value, dict):
        return {key: _member(key, item, branches, definitions) for key, item in value.items()}
    if isinstance(value, str):
        return _scalar(value, branches, definitions)
    return _alone(value, branches, definitions)


def _steps(name: str) -> list[str]:
    """`a[b][]` is a, b and the empty step; a name that is not of this form is one step."""
    match = _NAME.fullmatch(name)
    if match is None:
        return [name]
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    return steps if len(steps) <= _DEEPEST else [name]


def _enter(node: dict[str, Any], step: str, after: str) -> dict[str, Any]:
    """The child to go on in. In an array of objects a name that the last one already has begins the next one.

    Arrays are objects with numbers for names until `_lists` turns them.
    """
    if step == "":
        last = str(len(node) - 1)
        child = node.get(last)
        step = last if isinstance(child, dict) and after != "" and after not in child else str(len(node))
    child = node.get(step)
    if isinstance(child, dict) and (after != "" or _is_array(child)):
        return child
    before = child if isinstance(child, list) else [] if child is None or isinstance(child, dict) else [child]
    child = node[step] = {str(index): value for index, value in enumerate(before)} if after == "" else {}
    return child


def _set(node: dict[str, Any], step: str, value: Any) -> None:
    if isinstance(node.get(step), list):
        node[step].append(value)
    else:
        node[step] = [node[step], value] if step in node and not isinstance(node[step], dict) else value


def _is_array(node: Mapping[str, Any]) -> bool:
    return all(key == str(index) for index, key in enumerate(node))


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and _is_array(value):
        return [_lists(item) for item in value.values()]
    return {key: _lists(item) for key, item in value.items()}


def _member(key: str, item: Any, branches: Iterable[Mapping[str, Any]], definitions: Mapping[str, Any]) -> Any:
    for branch in branches:
        schema = branch.get("properties", {}).get(key, branch.get("additionalProperties"))
        if isinstance(schema, dict):
            return shape(item, schema, definitions)
    return item


def _scalar(text: str, branches: tuple[Mapping[str, Any], ...], definitions: Mapping[str, Any]) -> Any:
    if any(text in _options(branch) or _is_text(branch) for branch in branches):
        return text
    for branch in branches:
        for kind in _kinds(branch):
            read = _read(text, kind)
            if read is not text:
                return read
    return _alone(text, branches, definitions)


def _read(text: str, kind: str) -> Any:
    """The text as a value of the JSON type; the text itself where it is none."""
    if kind == "boolean":
        return _TRUTH.get(text.lower(), text)
    if kind in ("integer", "number") and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "null" and text == "null":
        return None
    if (kind == "object" and text[:1] == "{") or (kind == "array" and text[:1] == "["):
        try:
            return msgspec.json.decode(text)
        except (ValueError, RecursionError):
            return text
    return text


def _alone(value: Any, branches: Iterable[Mapping[str, Any]], definitions: Mapping[str, Any]) -> Any:
    """A single value where only an array fits is an array of one."""
    known = tuple(branches)
    arrays = [branch for branch in known if "array" in _kinds(branch)]
    if not arrays or len(arrays) < sum(_kinds(branch) != ["null"] for branch in known):
        return value
    return [shape(value, arrays[0].get("items", True), definitions)]


def _branches(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A schema without its references and unions: every schema that may stand there."""
    target = definitions.get(schema["$ref"].removeprefix("#/$defs/")) if "$ref" in schema else None
    parts = [
        *([target] if target else ()),
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        *schema.get("allOf", ()),
    ]
    if not parts or depth > _DEEPEST:
        yield schema
        return
    for part in parts:
        yield from _branches(part, definitions, depth + 1)


def _kinds(branch: Mapping[str, Any]) -> list[str]:
    kinds = branch.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _options(branch: Mapping[str, Any]) -> list[Any]:
    return [branch["const"]] if "const" in branch else list(branch.get("enum", ()))


def _is_text(branch: Mapping[str, Any]) -> bool:
    return not _options(branch) and ("string" in _kinds(branch) or not _kinds(branch))
