"""Formulas: values, names, and nothing that is not arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.formula import FormulaError, evaluated, unread

SCORES = {"a": 0.5, "b": 2.0}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("a", 0.5),
        ("a + b * 2", 4.5),
        (" (a + b) / 2 ", 1.25),
        ("-a ** 2", -0.25),
        ("min(a, b) + max(a, b, 3)", 3.5),
        ("abs(-a) + floor(2.9) + ceil(0.1)", 3.5),
        ("sqrt(4) + exp(0) + log(1)", 3),
    ],
)
def test_values(formula: str, value: float) -> None:
    assert evaluated(formula, SCORES) == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    [
        "", "a +", "a; b", "c", "a.real", "[a]", "a if b else a", "a and b", "a < b", "'a'", "True", "lambda: a",
        "f(a)", "__import__('os').system('x')", "min(a, b, key=a)", "min(*a)", "a := b", "1 / (a - a)", "sqrt(0 - b)",
        "log(0)", "9 ** 999999999", "10.0 ** 999", "(0 - b) ** a", "min()", "abs(a, b)", "1j", "a @ b", "a // b", "~a",
        "exp(9999)", "0 ** -1", "(" * 5000 + "a" + ")" * 5000, "a\x00", "1" * 5000, "+" * 9000 + "a",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_an_error_with_a_sentence(formula: str) -> None:
    with pytest.raises(FormulaError, match=r".\.$"):
        evaluated(formula, SCORES)


def test_the_names_that_a_formula_needs() -> None:
    assert unread("max(a, 2) * b + min(c, 1)") == {"a", "b", "c"}
    with pytest.raises(FormulaError):
        unread("a.b")


@given(st.text(max_size=60) | st.text("ab+-*/()., 0123456789", max_size=40))
def test_any_text_is_a_number_or_an_error(formula: str) -> None:
    try:
        assert math.isfinite(evaluated(formula, SCORES))
    except FormulaError:
        pass
    else:
        assert unread(formula) <= SCORES.keys()


@pytest.mark.parametrize("formula", ["not " * 2_400 + "1", "lambda:" * 1_400 + "1", "a" + ".b" * 4_000])
def test_what_is_nested_deeply_is_an_error_of_one_short_sentence(formula: str) -> None:
    for read in (unread, lambda text: evaluated(text, SCORES)):
        with pytest.raises(FormulaError) as caught:
            read(formula)
        assert len(str(caught.value)) < 500
