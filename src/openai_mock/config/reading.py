"""Reads a tree by its shape: plain values out, and every difference told with its place and the nearest valid name.

A value that does not fit is left out of what is returned (a list keeps its place), so that later checks see only what
is sound and nothing is told twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from openai_mock.config.errors import Report, nearest, one_of
from openai_mock.config.node import Node, Path
from openai_mock.config.shapes import (
    KINDS,
    Choice,
    Each,
    Either,
    Flag,
    Fork,
    Json,
    Keys,
    Null,
    Number,
    Shape,
    Text,
    Whole,
    kinds,
)

MISFIT: Any = object()
"""Stands for a value that does not fit its shape."""

_ARTICLES = {"integer": "an integer", "null": "null"}


def read(node: Node, shape: Shape, path: Path, report: Report) -> Any:
    """The plain value of the node, or `MISFIT` after telling why."""
    return _READERS[type(shape)](node, shape, path, report)


def _wrong(node: Node, shape: Shape, path: Path, report: Report) -> Any:
    report.add(node.at, path, f"expected {expected(shape)}, but got {_got(node)}{_remedy(node, shape)}")
    return MISFIT


def expected(shape: Shape) -> str:
    """What fits the shape, in words."""
    match shape:
        case Choice(values=values):
            return one_of(values)
        case Whole(low=low, high=high):
            return f"an integer from {low} to {high}"
        case Number(low=low, high=high):
            return f"a number from {low:g} to {high:g}"
        case Flag():
            return "true or false"
        case Either(shapes=shapes):
            return " or ".join(dict.fromkeys(expected(each) for each in shapes))
        case Keys(title=title) | Fork(title=title):
            return f"a mapping ({title})"
        case _:
            return " or ".join(_ARTICLES.get(kind, f"a {kind}") for kind in kinds(shape))


def _got(node: Node) -> str:
    value = node.value
    kind = KINDS[type(value)]
    if kind in ("list", "mapping"):
        return f"a {kind}"
    if value is None:
        return "nothing"
    text = str(value).lower() if kind == "boolean" else str(value)
    text = text if len(text) <= 40 else f"{text[:40]}..."
    return f"the {kind} " + (f"'{text}'" if kind == "string" else text)


def _takes_texts(shape: Shape) -> bool:
    """Whether texts of any wording fit."""
    if isinstance(shape, Either):
        return any(_takes_texts(each) for each in shape.shapes)
    return "string" in kinds(shape) and not isinstance(shape, Choice)


def _remedy(node: Node, shape: Shape) -> str:
    wanted = kinds(shape)
    if type(node.value) in (int, float, bool) and _takes_texts(shape):
        return "; put it in quotes"
    if isinstance(node.value, str) and "integer" in wanted and node.value.isdigit():
        return "; write it without quotes"
    if isinstance(node.value, str) and isinstance(shape, Choice) and (close := nearest(node.value, shape.values)):
        return f"; did you mean '{close}'?"
    if isinstance(node.value, dict) and "list" in wanted and "mapping" not in wanted:
        return "; start each item with '- '"
    return ""


def _text(node: Node, shape: Text, path: Path, report: Report) -> Any:
    if type(node.value) is not str:
        return _wrong(node, shape, path, report)
    if not node.value and not shape.empty:
        report.add(node.at, path, "expected a text, but it is empty; write one or remove the key")
        return MISFIT
    return node.value


def _choice(node: Node, shape: Choice, path: Path, report: Report) -> Any:
    value = node.value
    return value if type(value) is str and value in shape.values else _wrong(node, shape, path, report)


def _number(node: Node, shape: Whole | Number, path: Path, report: Report) -> Any:
    value = node.value
    fits = type(value) is int or (type(value) is float and isinstance(shape, Number))
    return value if fits and shape.low <= value <= shape.high else _wrong(node, shape, path, report)


def _constant(node: Node, shape: Flag | Null, path: Path, report: Report) -> Any:
    return node.value if KINDS[type(node.value)] in kinds(shape) else _wrong(node, shape, path, report)


def _json(node: Node, shape: Json, path: Path, report: Report) -> Any:
    value = node.value
    if shape.only and KINDS[type(value)] not in shape.only:
        return _wrong(node, shape, path, report)
    if type(value) is dict:
        return {key: _json(held, _ANY, (*path, key), report) for key, held in value.items()}
    if type(value) is list:
        return [_json(held, _ANY, (*path, index), report) for index, held in enumerate(value)]
    if type(value) is float and not math.isfinite(value):
        report.add(
            node.at, path, "JSON has no infinite or undefined numbers; write another number, or a text in quotes"
        )
    if type(value) is int and not -(2**63) <= value < 2**64:
        report.add(node.at, path, "the integer needs more than 64 bits; put it in quotes")
    return value


def _each(node: Node, shape: Each, path: Path, report: Report) -> Any:
    if type(node.value) is not list:
        return _wrong(node, shape, path, report)
    if len(node.value) < shape.least:
        report.add(node.at, path, f"the list is empty; write at least {shape.least} item")
        return MISFIT
    item = shape.item
    reader = _READERS[type(item)]
    return [reader(held, item, (*path, index), report) for index, held in enumerate(node.value)]


def _keys(node: Node, shape: Keys, path: Path, report: Report) -> Any:
    fields = node.value
    if type(fields) is not dict:
        return _wrong(node, shape, path, report)
    values: dict[str, Any] = {}
    meant: set[str | None] = set()
    for name, held in fields.items():
        key = shape.keys.get(name)
        if key is None:
            if shape.rest or shape.others is not None:
                value = read(held, shape.others or _ANY, (*path, name), report)
                if value is not MISFIT:
                    values[name] = value
            elif not (shape.own and name.startswith(shape.own)):
                meant.add(_unknown(node, name, shape.keys, path, report))
            continue
        value = _READERS[type(key.shape)](held, key.shape, (*path, name), report)
        if value is not MISFIT:
            values[name] = value
    for name, key in shape.keys.items():
        if key.required and name not in fields and name not in meant:
            report.add(node.at, path, f"the key '{name}' is missing: {key.about}")
    return values


def _unknown(node: Node, name: str, valid: Mapping[str, Any], path: Path, report: Report) -> str | None:
    """Tell about an unknown key; the valid one that was meant, if there is one."""
    close = nearest(name, valid)
    advice = f"did you mean '{close}'?" if close else f"the keys here are {one_of(tuple(valid), 'and')}"
    report.add((node.keys or {}).get(name, node.at), (*path, name), f"unknown key '{name}'; {advice}")
    return close


def _either(node: Node, shape: Either, path: Path, report: Report) -> Any:
    kind = KINDS[type(node.value)]
    for each in shape.shapes:
        if kind in kinds(each):
            return _READERS[type(each)](node, each, path, report)
    return _wrong(node, shape, path, report)


def _fork(node: Node, shape: Fork, path: Path, report: Report) -> Any:
    fields = node.value
    if type(fields) is not dict:
        return _wrong(node, shape, path, report)
    present = [mark for mark in shape.forms if mark in fields]
    if not present:
        described = {name for form in shape.forms.values() for name in form.keys}
        meant = {nearest(name, described) for name in fields if name not in described}
        present = [mark for mark in shape.forms if mark in meant]
    if len(present) == 1:
        return _keys(node, shape.forms[present[0]], path, report)
    *others, last = (f"a {form.title} ({one_of(_needed(form), 'and')})" for form in shape.forms.values())
    marks = one_of(tuple(present or shape.forms), "and")
    has = f"{marks}; keep one" if present else f"none of {marks}; add one"
    report.add(node.at, path, f"{shape.title} is {', '.join(others)} or {last}, but this one has {has}")
    return MISFIT


def _needed(form: Keys) -> tuple[str, ...]:
    return tuple(name for name, key in form.keys.items() if key.required)


_ANY = Json()
_READERS: Mapping[type, Callable[[Node, Any, Path, Report], Any]] = {
    Text: _text,
    Choice: _choice,
    Whole: _number,
    Number: _number,
    Flag: _constant,
    Null: _constant,
    Json: _json,
    Each: _each,
    Keys: _keys,
    Either: _either,
    Fork: _fork,
}
