"""Paths into JSON: what they lead to, and that any text is a path or gets a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.rules.paths import parsed, values

SENT: Any = {"a": [{"b": 1}, {"b": 2, "c": None}], "x.y": {"0": "zero"}, "s": "text", "n": {"m": {"k": [[7]]}}}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a[0].b", [1]),
        ("$.a[-1].b", [2]),
        ("a[*].b", [1, 2]),
        ("a.*.b", [1, 2]),
        ("a[1].c", [None]),
        ("a[2].b", []),
        ("a.b", []),
        ("['x.y'][0]", ["zero"]),
        ('$["x.y"].0', ["zero"]),
        ("n.m.k[0][0]", [7]),
        ("s[0]", []),
        ("missing", []),
        ("$.*[*].b", [1, 2]),
    ],
)
def test_where_paths_lead(path: str, found: list[Any]) -> None:
    assert values(SENT, parsed(path)) == found


@pytest.mark.parametrize("text", ["", "$", "a b", "a..b", "a[", "a[x]", "a]", "a[0]b", "'a'", "a." * 600])
def test_what_is_no_path_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parsed(text)


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9), st.text("ab_$-0", min_size=1)), min_size=1, max_size=6))
def test_every_path_can_be_written_and_read(steps: list[str | int | None]) -> None:
    spelled = ("[*]" if step is None else f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)
    written = "".join(spelled)
    assert parsed("$" + written) == tuple(steps)


@given(st.text(st.sampled_from("ab.[]*'\"$0-1 "), max_size=12))
def test_any_text_is_a_path_or_gets_a_sentence(text: str) -> None:
    try:
        steps = parsed(text)
    except ValueError as error:
        assert str(error).count("path") >= 1  # noqa: PT017 - either is right
    else:
        assert isinstance(values(SENT, steps), list)
