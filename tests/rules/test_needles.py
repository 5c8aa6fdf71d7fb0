"""The search for many needles at once finds what `in` finds, for few needles and for many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.rules.needles import FEW, finder

TEXTS = st.text("abcé\N{SNOWMAN}\0", max_size=40)
ENTRIES = st.lists(st.lists(TEXTS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3 * FEW)


@given(ENTRIES, TEXTS)
def test_finds_what_in_finds(entries, text):
    expected = [i for i, entry in enumerate(entries) if any(needle in text for needle in entry)]
    assert list(finder(entries)(text)) == expected


@pytest.mark.parametrize("at", [0, 65_528, 65_529, 65_535, 65_536, 131_071, 199_990])
def test_finds_wherever_it_stands_in_a_long_text(at):
    entries = [(f"needle {number:03}",) for number in range(2 * FEW)]
    assert list(finder(entries)("x" * at + "needle 017" + "x" * (199_990 - at))) == [17]
