"""Predictions: what an answer took over of one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.predicted import predicted
from openai_mock.turns.tokens import count

ENCODING = "o200k_base"
CODE = "class User:\n    name: str\n    email: str\n    age: int\n"


def compare(prediction: Any, said: str) -> tuple[int, int]:
    return predicted({"prediction": {"type": "content", "content": prediction}}, said, ENCODING)


def test_a_prediction_that_comes_true() -> None:
    tokens = count(CODE, ENCODING)
    assert compare(CODE, CODE) == (tokens, 0)
    assert compare([{"type": "text", "text": CODE}], CODE) == (tokens, 0)
    assert compare(CODE, "") == (0, tokens)
    assert compare("", CODE) == (0, 0)
    assert predicted({}, CODE, ENCODING) == (0, 0)


def test_an_answer_finds_back_to_its_prediction() -> None:
    said = CODE.replace("    email: str\n", "    id: int\n    password: bytes\n")
    accepted, rejected = compare(CODE, said)
    assert accepted + rejected == count(CODE, ENCODING)
    assert 0 < rejected < accepted
    assert compare("one two three four five six seven", "zero two three four five six seven eight") == (6, 1)


@settings(max_examples=100, deadline=None)
@given(st.text("ab \n", max_size=80), st.text("ab \n", max_size=80))
def test_no_more_is_accepted_than_both_have(prediction: str, said: str) -> None:
    accepted, rejected = compare(prediction, said)
    assert accepted + rejected == count(prediction, ENCODING)
    assert 0 <= accepted <= min(count(prediction, ENCODING), count(said, ENCODING))


def test_a_long_prediction_takes_no_time() -> None:
    accepted, rejected = compare("a b " * 20_000, "b a " * 20_000)
    assert accepted > rejected
