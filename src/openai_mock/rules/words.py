"""The filters and tests of templates: Jinja's own words, for values of JSON, each paying for what it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from openai_mock.rules.work import LONGEST, STEP, TemplateError, Undefined, Work

Filter: TypeAlias = Callable[..., Any]
_encode = msgspec.json.Encoder().encode


def written(value: Any) -> str:
    """A value as a template writes it: texts and numbers as they are, the rest as JSON; nothing for null."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return _encode(value).decode() if isinstance(value, bool) else str(value)
    return _json(value)


def _json(value: Any) -> str:
    try:
        return _encode(value).decode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError) as error:
        raise TemplateError(f"the value cannot be written as JSON: {error}") from None


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return written(value)
    raise TemplateError(f"the filter '{name}' takes a text, not {kind(value)}")


def kind(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, Undefined):
        return "nothing"
    kinds = ((bool, "true or false"), (str, "a text"), (int | float, "a number"), (Mapping, "an object"))
    return next((name for each, name in kinds if isinstance(value, each)), "null" if value is None else "a list")


def _texts(name: str, change: Callable[[str], Any]) -> Filter:
    return lambda _work, value: change(_text(value, name))


def items_of(value: Any, name: str = "for") -> list[Any]:
    """What a loop goes over: the items of a list, the keys of an object, the characters of a text."""
    if isinstance(value, list | tuple | str | Mapping):
        return list(value)
    raise TemplateError(f"'{name}' takes a list, an object or a text, not {kind(value)}")


def _length(_: Work, value: Any) -> int:
    return len(items_of(value, "length"))


def _first(_: Work, value: Any) -> Any:
    return _at(items_of(value, "first"), 0, "first")


def _last(_: Work, value: Any) -> Any:
    return _at(items_of(value, "last"), -1, "last")


def _at(items: list[Any], place: int, name: str) -> Any:
    return items[place] if items else Undefined(f"'{name}' of an empty list is not there")


def _join(work: Work, value: Any, between: Any = "", attribute: Any = None) -> str:
    items = items_of(value, "join")
    if attribute is not None:
        items = _map(work, items, attribute=attribute)
    between = _text(between, "join")
    work.charge(len(between) * len(items))
    return str(between.join(written(each) for each in items))


def _replace(work: Work, value: Any, old: Any, new: Any) -> str:
    text, old, new = _text(value, "replace"), _text(old, "replace"), _text(new, "replace")
    work.charge(text.count(old) * len(new))
    return text.replace(old, new)


def _split(work: Work, value: Any, between: Any = None) -> list[str]:
    text = _text(value, "split")
    work.charge(STEP * (text.count(between) if isinstance(between, str) and between else len(text) // 2))
    return text.split(between or None)


def _default(_: Work, value: Any, instead: Any = "", if_false: Any = False) -> Any:
    return instead if isinstance(value, Undefined) or (if_false and not value) else value


def _int(_: Work, value: Any, instead: Any = 0) -> Any:
    try:
        return int(float(value)) if isinstance(value, str) and "." in value else int(str(value)[:1_000])
    except (ValueError, TypeError, OverflowError):
        return int(value) if isinstance(value, float) and abs(value) < LONGEST**3 else instead


def _float(_: Work, value: Any, instead: Any = 0.0) -> Any:
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        return instead


def _round(_: Work, value: Any, digits: Any = 0) -> Any:
    if not isinstance(value, int | float) or not isinstance(digits, int) or abs(digits) > 20:
        raise TemplateError(f"the filter 'round' takes a number and a few digits, not {kind(value)}")
    return round(float(value), digits)


def _abs(_: Work, value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TemplateError(f"the filter 'abs' takes a number, not {kind(value)}")
    return abs(value)


def _sorted(work: Work, value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None) -> Any:
    items = items_of(value, "sort")
    work.charge(STEP * len(items))
    keys = items if attribute is None else _map(work, items, attribute=attribute)
    folded = [key if case_sensitive or not isinstance(key, str) else key.casefold() for key in keys]
    try:
        order = sorted(range(len(items)), key=folded.__getitem__, reverse=bool(reverse))
    except TypeError:
        raise TemplateError("the filter 'sort' takes a list of texts or a list of numbers") from None
    return [items[at] for at in order]


def _unique(_: Work, value: Any) -> list[Any]:
    items = items_of(value, "unique")
    return list({_json(each): each for each in reversed(items)}.values())[::-1]


def _reverse(_: Work, value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else items_of(value, "reverse")[::-1]


def _truncate(_: Work, value: Any, length: Any = 255, *_more: Any) -> str:
    text = _text(value, "truncate")
    if not isinstance(length, int) or length < 0:
        raise TemplateError("the filter 'truncate' takes a number of characters")
    return text if len(text) <= length else text[: max(0, length - 3)].rstrip() + "..."


def _map(work: Work, value: Any, attribute: Any = None, default: Any = None) -> list[Any]:
    if not isinstance(attribute, str):
        raise TemplateError("the filter 'map' takes the name of a field: map(attribute='name')")
    items = items_of(value, "map")
    work.charge(STEP * len(items))
    return [each.get(attribute, default) if isinstance(each, Mapping) else default for each in items]


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TemplateError(f"'{name}' takes an object, not {kind(value)}")
    return value


def _sum(_: Work, value: Any) -> Any:
    items = items_of(value, "sum")
    if not all(isinstance(each, int | float) for each in items):
        raise TemplateError("the filter 'sum' takes a list of numbers")
    return sum(items)


def _most(name: str, choose: Callable[[list[Any]], Any]) -> Filter:
    def chosen(_: Work, value: Any) -> Any:
        items = items_of(value, name)
        try:
            return choose(items) if items else Undefined(f"'{name}' of an empty list is not there")
        except TypeError:
            raise TemplateError(f"the filter '{name}' takes a list of texts or a list of numbers") from None

    return chosen


def _strip(_: Work, value: Any, characters: Any = None) -> str:
    return _text(value, "trim").strip(characters if isinstance(characters, str) else None)


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "abs": _abs,
        "capitalize": _texts("capitalize", str.capitalize),
        "count": _length,
        "d": _default,
        "default": _default,
        "first": _first,
        "float": _float,
        "int": _int,
        "items": lambda _, value: [list(pair) for pair in _object(value, "items").items()],
        "join": _join,
        "last": _last,
        "length": _length,
        "list": lambda _, value: items_of(value, "list"),
        "lower": _texts("lower", str.lower),
        "map": _map,
        "max": _most("max", max),
        "min": _most("min", min),
        "replace": _replace,
        "reverse": _reverse,
        "round": _round,
        "sort": _sorted,
        "split": _split,
        "string": lambda _, value: written(value),
        "sum": _sum,
        "title": _texts("title", str.title),
        "tojson": lambda _, value: _json(value),
        "trim": _strip,
        "truncate": _truncate,
        "unique": _unique,
        "upper": _texts("upper", str.upper),
        "wordcount": _texts("wordcount", lambda text: len(text.split())),
    }
)
"""Filters by name. `default` is the one that may be given what is not there."""
METHODS: Mapping[str, Filter] = MappingProxyType(
    {
        **{name: FILTERS[name] for name in ("capitalize", "items", "lower", "replace", "split", "title", "upper")},
        "strip": _strip,
        "startswith": lambda _, value, text: _text(value, "startswith").startswith(_text(text, "startswith")),
        "endswith": lambda _, value, text: _text(value, "endswith").endswith(_text(text, "endswith")),
        "get": lambda _, value, key, instead=None: _object(value, "get").get(key, instead),
        "keys": lambda _, value: list(_object(value, "keys")),
        "values": lambda _, value: list(_object(value, "values").values()),
    }
)
"""Methods of texts and objects that templates may call."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _divides(value: Any, by: Any) -> bool:
    if not _is_number(value) or not _is_number(by) or not by:
        raise TemplateError("'divisibleby' takes numbers")
    return bool(value % by == 0)


TESTS: Mapping[str, Callable[..., bool]] = MappingProxyType(
    {
        "defined": lambda value: not isinstance(value, Undefined),
        "undefined": lambda value: isinstance(value, Undefined),
        "none": lambda value: value is None,
        "string": lambda value: isinstance(value, str),
        "number": _is_number,
        "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "float": lambda value: isinstance(value, float),
        "boolean": lambda value: isinstance(value, bool),
        "true": lambda value: value is True,
        "false": lambda value: value is False,
        "mapping": lambda value: isinstance(value, Mapping),
        "sequence": lambda value: isinstance(value, list | tuple | str),
        "iterable": lambda value: isinstance(value, list | tuple | str | Mapping),
        "divisibleby": _divides,
        "even": lambda value: _divides(value, 2),
        "odd": lambda value: not _divides(value, 2),
    }
)
"""Tests by name. The first two may be asked of what is not there."""
