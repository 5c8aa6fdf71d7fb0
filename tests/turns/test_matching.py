"""Texts that match a pattern."""

from __future__ import annotations

import re
import warnings
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.matching import matching

PATTERNS = [
    r"^[A-Z]{3}-\d{4}$", r"^(?:a|bc)+$", r"^[^aeiou]{5}$", r"colou?r", r"^\S+@\S+\.[a-z]{2,}$", r"^(ab)\1$",
    r"^\w{2,}$", r"^#(?:[0-9a-fA-F]{3}){1,2}$", r"^.{4}$", r"^[\w.-]+$", r"^\+?\d+$", r"^[^x]$", r"^\D\W\s$", r"^a{0}$",
]  # fmt: skip


@settings(max_examples=100)
@given(st.sampled_from(PATTERNS), st.integers())
def test_it_matches(pattern: str, seed: int) -> None:
    made = matching(pattern, Random(seed))
    assert made is not None
    assert re.search(pattern, made)
    assert matching(pattern, Random(seed)) == made


def test_open_repetitions_reach_for_a_length() -> None:
    assert len(matching(r"^[ab]+$", Random(1), least=40) or "") >= 40


@pytest.mark.parametrize("pattern", ["(", "[", "a{2,1}", "(?P<n", "*"])
def test_what_is_no_pattern_is_none(pattern: str) -> None:
    assert matching(pattern, Random(1)) is None


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", r"^(?<year>\d{4})$", r"^a\/b$"])
def test_the_words_of_other_dialects(pattern: str) -> None:
    assert matching(pattern, Random(1))


@settings(max_examples=200)
@given(st.text(max_size=12))
def test_any_text_is_survived(pattern: str) -> None:
    matching(pattern, Random(1))


def test_repetitions_in_repetitions_end() -> None:
    started = perf_counter()
    assert matching("(" * 9 + "a" + "{100})" * 9, Random(1)) is None
    assert matching("(a{100}){100}", Random(1)) == "a" * 10_000
    assert perf_counter() - started < 1


@pytest.mark.parametrize("pattern", ["[+--]", "[a&&b]", "[a||b~~]", "[a[b]", r"[\--a]", r"[\[\]-]"])
def test_classes_that_look_like_sets_warn_nobody(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = matching(pattern, Random(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert re.fullmatch(pattern, made or "")
