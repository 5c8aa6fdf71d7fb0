"""Verdicts: string checks, what a judging model said, and graders that could never grade."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.grading import CHECKS, flaws, format_of, said_label, said_score


@pytest.mark.parametrize(
    ("operation", "text", "reference", "verdict"),
    [
        ("eq", "a", "a", True), ("eq", "a", "A", False), ("ne", "a", "A", True),
        ("like", "the Cat", "Cat", True), ("like", "the cat", "Cat", False),
        ("ilike", "the cat", "CAT", True), ("ilike", "cat", "the cat", False),
    ],
)  # fmt: skip
def test_string_checks(operation: str, text: str, reference: str, verdict: bool) -> None:
    assert CHECKS[operation](text, reference) is verdict


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("0.25", 0.25), ('{"result": 0.5}', 0.5), ('{"score": "0.5"}', 0.5), ('{"steps": [], "result": 7}', 1.0),
        ("I give it 0.75 of 1.", 0.75), ("-3", 0.0), ("none", None), ("", None), ("true", None),
        ('{"result": null}', None), ("v2", None), ("1e-1", 0.1), ("9" * 500, 1.0), ("1e999", 1.0),
    ],
)  # fmt: skip
def test_scores_are_read_and_clipped(said: str, score: float | None) -> None:
    assert said_score(said, 0.0, 1.0) == score


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Good", "good"), (' "bad" ', "bad"), ('{"result": "bad"}', "bad"), ("It is good.", "good"),
        ("good or bad", None), ("goodness", None), ("", None), ("very good", "very good"),
    ],
)  # fmt: skip
def test_labels_are_read(said: str, label: str | None) -> None:
    assert said_label(said, ["good", "bad", "very good"]) == label


@given(st.text(max_size=80), st.floats(-5, 0), st.floats(0.5, 5))
def test_any_answer_is_a_score_in_the_range_or_none(said: str, low: float, high: float) -> None:
    score = said_score(said, low, high)
    assert score is None or low <= score <= high
    assert said_label(said, ["a", "b"]) in {None, "a", "b"}


def test_the_form_in_which_a_model_is_asked() -> None:
    form = format_of({"type": "score_model", "range": [1, 5]})["json_schema"]["schema"]["properties"]["result"]
    assert form == {"type": "number", "minimum": 1.0, "maximum": 5.0}
    form = format_of({"type": "label_model", "labels": ["a"]})["json_schema"]["schema"]["properties"]["result"]
    assert form["enum"] == ["a"]


CHECK = {"type": "string_check", "name": "c", "input": "{{item.x}}", "operation": "eq", "reference": "y"}


@pytest.mark.parametrize(
    ("grader", "param"),
    [
        (CHECK, None),
        ({**CHECK, "reference": "{{items.x}}"}, "g.reference"),
        ({"type": "python", "name": "p", "source": "def grade(sample, item):\n  return 1"}, None),
        ({"type": "python", "name": "p", "source": "x ="}, "g.source"),
        ({"type": "python", "name": "p", "source": "\x00"}, "g.source"),
        ({"type": "python", "name": "p", "source": "#" * 300_000}, "g.source"),
        ({"type": "python", "name": "p", "source": "(" * 10_000}, "g.source"),
        ({"type": "multi", "name": "m", "graders": {"a": CHECK}, "calculate_output": "a * 2"}, None),
        ({"type": "multi", "name": "m", "graders": CHECK, "calculate_output": "c"}, None),
        ({"type": "multi", "name": "m", "graders": {"a b": CHECK}, "calculate_output": "1"}, "g.graders"),
        ({"type": "multi", "name": "m", "graders": {"max": CHECK}, "calculate_output": "1"}, "g.graders"),
        (
            {"type": "multi", "name": "m", "graders": {"a": {**CHECK, "input": "{{q}}"}}, "calculate_output": "a"},
            "g.graders.a.input",
        ),
        ({"type": "multi", "name": "m", "graders": {"a": CHECK}, "calculate_output": "a +"}, "g.calculate_output"),
    ],
)  # fmt: skip
def test_flaws_name_their_parameter(grader: dict[str, object], param: str | None) -> None:
    found = next(flaws(grader, "g"), None)
    assert (found[1] if found else None) == param


def test_the_source_of_a_grader_warns_nobody_of_its_escapes() -> None:
    source = r"""def grade(sample, item): return float(bool(re.match("\d+\\. \n", sample["output_text"])))"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not [*flaws({"type": "python", "name": "p", "source": source}, "grader")]
