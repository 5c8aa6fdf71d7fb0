"""Filters on the attributes of files, as searches of vector stores write them: comparisons joined by `and` and `or`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any, TypeAlias

from openai_mock.engine.errors import ApiError

Accepts: TypeAlias = Callable[[Mapping[str, Any]], bool]
_DEEPEST = 32
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType({"gt": gt, "gte": ge, "lt": lt, "lte": le})
_KINDS = ("eq", "ne", *_ORDERS, "in", "nin", "and", "or")


def accepting(given: Mapping[str, Any] | None, param: str = "filters") -> Accepts:
    """Whether attributes fit a filter; all fit None. Raises the 400 for a filter that has no sense, under `param`.

    A file without the attribute fits `ne` and `nin` only. Numbers compare with numbers, texts with texts.
    """
    return _accepting(given, param, 0) if given else lambda _: True


def _accepting(given: Any, param: str, depth: int) -> Accepts:
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind not in _KINDS or depth > _DEEPEST:
        supported = ", ".join(f"'{each}'" for each in _KINDS)
        message = f"Invalid filter: its 'type' must be one of {supported}, and filters nest {_DEEPEST} deep at most."
        raise ApiError(400, message, param=param, code="invalid_value")
    if kind in {"and", "or"}:
        inner = given.get("filters")
        if not isinstance(inner, list):
            raise _missing(param, "filters", kind)
        parts = [_accepting(each, param, depth + 1) for each in inner]
        join = all if kind == "and" else any
        return lambda attributes: join(part(attributes) for part in parts)
    if not isinstance(given.get("key"), str) or "value" not in given:
        raise _missing(param, "key' and 'value", kind)
    return _comparing(kind, given["key"], given["value"])


def _missing(param: str, what: str, kind: str) -> ApiError:
    message = f"Invalid filter: one of type '{kind}' has '{what}'."
    return ApiError(400, message, param=param, code="missing_required_parameter")


def _comparing(kind: str, key: str, value: Any) -> Accepts:
    if kind in _ORDERS:
        order = _ORDERS[kind]
        return lambda attributes: _alike(attributes.get(key), value) and order(attributes[key], value)
    wanted = value if kind in {"in", "nin"} and isinstance(value, list) else [value]
    negated = kind in {"ne", "nin"}
    return lambda attributes: any(_same(attributes.get(key), each) for each in wanted) != negated


def _alike(held: Any, value: Any) -> bool:
    """Whether two values have an order."""
    return isinstance(held, str) if isinstance(value, str) else _number(held) and _number(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(held: Any, value: Any) -> bool:
    return isinstance(held, bool) == isinstance(value, bool) and bool(held == value)
