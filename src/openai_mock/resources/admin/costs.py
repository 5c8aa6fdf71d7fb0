"""Costs: usage times a small table of approximate prices, by day, project and line item; batches at half the price."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Resource
from openai_mock.resources.admin.buckets import Result, Span, Spent, inside, page, spent, within

costs = Resource("cost")
_MILLION = 1_000_000
_DISCOUNT = 0.5
_CHEAPER = frozenset({"flex"})
_MOST = 180
_DIGITS = 12


class Item(NamedTuple):
    """What one total costs of one line item; `value` is in US dollars."""

    line: str
    quantity: int
    unit: str | None
    value: float


@lru_cache(maxsize=1)
def _prices() -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - only who asks for costs pays for it

    data = pkgutil.get_data("openai_mock.resources.admin", "prices.toml")
    assert data is not None
    return tomllib.loads(data.decode())


@lru_cache(maxsize=1024)
def _price(table: str, model: str) -> Any:
    """The first price in a table that fits a model."""
    return next(price for pattern, price in _prices()[table].items() if fnmatchcase(model, pattern))


def items(each: Spent) -> Iterator[Item]:
    """The line items of a total. Batches and the tier `flex` cost half."""
    facts, amounts = each.facts, each.amounts
    share = _DISCOUNT if facts.batch or facts.tier in _CHEAPER else 1.0
    if facts.kind in _prices()["calls"]:
        calls = amounts["num_requests"] or amounts["num_sessions"]
        yield Item(facts.kind.replace("_", " "), calls, None, calls * _prices()["calls"][facts.kind])
    elif facts.kind in _PRICED:
        unit, amount = _PRICED[facts.kind]
        value = amounts[amount] * _price(unit, facts.model) * share
        yield Item(f"{facts.model}, {unit}", amounts[amount], unit, value)
    else:
        price, cached = _price("tokens", facts.model), amounts["input_cached_tokens"]
        parts = (
            ("input_tokens", amounts["input_tokens"] - cached, price["input"]),
            ("cached_input_tokens", cached, price["cached"]),
            ("output_tokens", amounts["output_tokens"], price["output"]),
        )
        for name, tokens, dollars in parts:
            if tokens:
                yield Item(f"{facts.model}, {name}", tokens, "tokens", tokens * dollars / _MILLION * share)


_PRICED = {
    "images": ("images", "images"),
    "audio_speeches": ("characters", "characters"),
    "audio_transcriptions": ("duration_seconds", "seconds"),
}
"""The unit of what is not priced in tokens, and the amount that counts it."""


@costs.on("admin.organization.usage.costs")
def list_costs(call: Call) -> Answer:
    """What each day cost, in one sum or by group."""
    query = call.query
    groups, lines = query.get("group_by") or (), query.get("line_items")
    rows = [each for each in spent(call) if within(each, query)]

    def results(span: Span) -> list[Result]:
        found: dict[tuple[Any, ...], list[Item]] = {}
        for each in inside(rows, span):
            for item in items(each):
                if not lines or item.line in lines:
                    found.setdefault(_key(groups)(each, item), []).append(item)
        return [_result(groups, values, group) for values, group in found.items()]

    return page(call, results, most=_MOST)


def _key(groups: Sequence[str]) -> Callable[[Spent, Item], tuple[Any, ...]]:
    def values(each: Spent, item: Item) -> tuple[Any, ...]:
        known = {
            "project_id": each.project_id,
            "user_id": each.user_id,
            "api_key_id": each.api_key_id,
            "line_item": item.line,
            "api_source": "unlabeled",
        }
        return tuple(known[name] for name in groups)

    return values


def _result(groups: Sequence[str], values: Sequence[Any], found: Sequence[Item]) -> Result:
    by_line = "line_item" in groups
    return {
        "object": "organization.costs.result",
        "amount": {"value": round(sum(item.value for item in found), _DIGITS), "currency": "usd"},
        "line_item": None,
        "project_id": None,
        "user_id": None,
        "api_key_id": None,
        "api_source": None,
        "quantity": float(sum(item.quantity for item in found)) if by_line else None,
        "quantity_unit": found[0].unit if by_line else None,
        **dict(zip(groups, values, strict=True)),
    }


def spent_this_month(call: Call, project_id: str | None) -> float:
    """US dollars since the month began, of a project or of all."""
    begun = datetime.fromtimestamp(call.now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    rows = (each for each in spent(call) if each.at >= begun and project_id in {None, each.project_id})
    return sum(item.value for each in rows for item in items(each))
