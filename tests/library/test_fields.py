"""Fields by name, and whether they are as wanted."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.library.fields import MISSING, described, fits, found

SENT = {"model": "m", "a__b": 1, "messages": [{"content": "x"}, {"content": "y"}], "metadata": {"k": None, "1": "one"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model", "m"),
        ("a__b", 1),
        ("messages__0__content", "x"),
        ("messages__first__content", "x"),
        ("messages__last__content", "y"),
        ("messages__2__content", MISSING),
        ("messages__middle", MISSING),
        ("metadata__k", None),
        ("metadata__1", "one"),
        ("model__0", MISSING),
        ("nothing", MISSING),
        ("nothing__at__all", MISSING),
    ],
)
def test_found(path: str, value: Any) -> None:
    assert found(SENT, path) == value


@pytest.mark.parametrize(
    ("wanted", "value", "fit"),
    [
        (1, 1, True),
        (1, MISSING, False),
        (ANY, 7, True),
        (ANY, MISSING, False),
        (None, None, True),
        (re.compile("b"), "abc", True),
        (re.compile("^b"), "abc", False),
        (re.compile("b"), 7, False),
        (lambda value: value > 3, 4, True),
        ("ab", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], True),
        (re.compile("ab"), [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_fits(wanted: Any, value: Any, fit: bool) -> None:
    assert fits(wanted, value) is fit


def test_described() -> None:
    assert described(re.compile("a")) == "matches 'a'"
    assert described(fits) == "satisfies fits"
    assert described("x") == "'x'"


KEYS = st.text(st.characters(exclude_characters="_"), min_size=1)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)
)


@given(st.dictionaries(KEYS, VALUES), st.text(max_size=20))
def test_any_path_into_anything_is_found_or_missing(sent: dict[str, Any], path: str) -> None:
    found(sent, path)
    for key, value in sent.items():
        assert found(sent, key) == value
        for inner in value if isinstance(value, dict) else ():
            assert found(sent, f"{key}__{inner}") == value[inner]
