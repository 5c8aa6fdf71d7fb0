"""Filters on attributes: every comparison, absent attributes, kinds that do not compare, and filters without sense."""

from __future__ import annotations

from typing import Any

import pytest

from openai_mock.engine.attribute_filters import accepting
from openai_mock.engine.errors import ApiError

HELD = {"year": 2024, "team": "a", "final": True, "score": 1}


@pytest.mark.parametrize(
    ("kind", "key", "value", "fits"),
    [
        ("eq", "year", 2024, True), ("eq", "year", 2024.0, True), ("eq", "year", "2024", False),
        ("eq", "final", True, True), ("eq", "final", 1, False), ("eq", "score", True, False), ("eq", "no", 1, False),
        ("ne", "team", "b", True), ("ne", "team", "a", False), ("ne", "no", "a", True),
        ("gt", "year", 2023, True), ("gt", "year", 2024, False), ("gte", "year", 2024, True),
        ("lt", "year", 2025, True), ("lte", "year", 2023, False), ("gt", "team", "A", True),
        ("gt", "team", 1, False), ("lt", "year", "9999", False), ("lt", "final", 2, False), ("gt", "no", 0, False),
        ("in", "team", ["a", "b"], True), ("in", "team", ["b"], False), ("in", "team", "a", True),
        ("nin", "team", ["b"], True), ("nin", "team", ["a"], False), ("nin", "no", ["a"], True),
    ],
)  # fmt: skip
def test_comparisons(kind: str, key: str, value: Any, fits: bool) -> None:
    assert accepting({"type": kind, "key": key, "value": value})(HELD) is fits


def test_comparisons_are_joined() -> None:
    yes, no = ({"type": "eq", "key": "team", "value": value} for value in "ab")
    assert accepting({"type": "and", "filters": [yes, {"type": "or", "filters": [no, yes]}]})(HELD)
    assert not accepting({"type": "and", "filters": [yes, no]})(HELD)
    assert not accepting({"type": "or", "filters": [no]})(HELD)
    assert accepting(None)({})


def nested(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "eq", "key": "a", "value": 1}
    for _ in range(depth):
        made = {"type": "and", "filters": [made]}
    return made


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "like", "key": "a", "value": 1}, {"key": "a", "value": 1}, {"type": "and"}, {"type": "eq", "key": "a"},
        {"type": "or", "filters": ["x"]}, {"type": "eq", "key": 1, "value": 1}, nested(40),
    ],
)  # fmt: skip
def test_a_filter_without_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="Invalid filter") as caught:
        accepting(wrong)
    assert (caught.value.status, caught.value.param) == (400, "filters")
