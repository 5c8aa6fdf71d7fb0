"""Metrics of likeness: known values, and what holds for any texts."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.similarity import METRICS, bleu, fuzzy_match, gleu, meteor, rouge_l, rouge_n, similarity

TEXTS = st.lists(st.sampled_from(["the", "cat", "Cat", "sat", "mat", "!", "é", "42"]), max_size=9).map(" ".join)
CAT, OTHER = "the cat sat on the mat", "the cat is on the mat"


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=30)
@given(text=TEXTS | st.text(max_size=40), reference=TEXTS | st.text(max_size=40))
def test_every_metric_lies_in_its_range_and_repeats(metric: str, text: str, reference: str) -> None:
    score = similarity(metric, text, reference)
    assert 0 <= score <= 1
    assert score == similarity(metric, text, reference)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=30)
@given(text=TEXTS | st.text(max_size=40))
def test_equal_texts_have_full_marks(metric: str, text: str) -> None:
    assert similarity(metric, text, text) == pytest.approx(1)


@pytest.mark.parametrize("metric", sorted(METRICS.keys() - {"cosine", "fuzzy_match"}))
def test_nothing_shared_is_nothing(metric: str) -> None:
    assert similarity(metric, "one two three", "vier fünf sechs") == 0
    assert similarity(metric, "", "x") == similarity(metric, "x", "") == 0


def test_known_values() -> None:
    assert rouge_n(1, OTHER, CAT) == pytest.approx(5 / 6)
    assert rouge_n(2, OTHER, CAT) == pytest.approx(3 / 5)
    assert rouge_l(OTHER, CAT) == pytest.approx(5 / 6)
    assert gleu(OTHER, CAT) == pytest.approx(9 / 18)
    precisions = (5 / 6) * (3 / 5) * (1 / 4) * (0.5 / 3)
    assert bleu(OTHER, CAT) == pytest.approx(precisions**0.25)
    assert meteor(OTHER, CAT) == pytest.approx(5 / 6 * (1 - 0.5 * (2 / 5) ** 3))
    assert fuzzy_match("abcd", "abXd") == pytest.approx(0.75)


def test_a_short_text_pays_the_brevity_penalty_and_a_long_one_does_not() -> None:
    assert bleu("the cat", CAT) == pytest.approx(exp(1 - 6 / 2))
    assert bleu(CAT, "the cat") < bleu(CAT, CAT)


def test_words_are_matched_once_and_chunks_cost() -> None:
    assert rouge_n(1, "the the the", "the cat") == pytest.approx(2 / 5)
    assert meteor("cat the", "the cat") < meteor("the cat", "the cat")
    assert meteor("the cat and", "the cat") > meteor("cat and the", "the cat")


def test_only_wording_metrics_look_at_case_and_marks() -> None:
    assert rouge_l("The Cat!", "the cat") == meteor("The Cat!", "the cat") == 1
    assert bleu("The Cat!", "the cat") < 1 > gleu("The Cat!", "the cat")


def test_paraphrases_are_nearer_than_strangers() -> None:
    near = similarity("cosine", "How do I reset my password?", "I forgot my password, how to reset it?")
    far = similarity("cosine", "How do I reset my password?", "The weather in Lima is fine.")
    assert near > far + 0.3
