"""BM25 over passages: order, scores in 0..1, queries as people ask them, and quotes."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.ranking import Ranked, index, quote, rank, rewritten, words

TEXTS = st.lists(
    st.lists(st.sampled_from(["apple", "pear", "plum", "the", "fig", "kiwi"]), max_size=12).map(" ".join), max_size=6
)


def order(passages: list[str], *queries: str) -> list[int]:
    return [each.document for each in rank([index([text]) for text in passages], queries)]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert order(["the cat", "the dog", "the owl"], "the owl") == [2, 0, 1]


def test_more_of_a_word_and_a_shorter_passage_count_more() -> None:
    assert order(["apple pear plum fig kiwi nut", "apple pear", "apple apple"], "apple") == [2, 1, 0]


def test_words_are_casefolded_and_need_no_blanks_where_a_script_has_none() -> None:
    assert words("Straße, ÉTÉ! get_it 42") == ["strasse", "été", "get_it", "42"]
    assert words("東京 tower") == ["東", "京", "tower"]
    assert order(["STRASSE", "weg"], "straße") == [0]


def test_a_passage_of_average_length_with_every_word_once_has_a_known_score() -> None:
    (found,) = rank([index(["alpha beta"]), index(["gamma delta"])], ["alpha beta"])
    assert found == Ranked(round(1 - exp(-1.5), 4), 0, 0)


def test_the_weight_of_a_word_is_how_rare_it_is() -> None:
    whole, half = rank([index(["alpha beta"]), index(["alpha gamma"])], ["alpha beta"])
    common, rare = log(1 + 0.5 / 2.5), log(1 + 1.5 / 1.5)
    assert (whole.document, half.document) == (0, 1)
    assert half.score == round(1 - exp(-1.5 * common / (common + rare)), 4)


def test_a_word_that_nobody_has_lowers_the_score() -> None:
    documents = [index(["alpha beta"]), index(["gamma delta"])]
    (both,), (half,) = rank(documents, ["alpha"]), rank(documents, ["alpha quantum"])
    assert half.score < both.score


def test_of_several_queries_the_best_counts() -> None:
    assert order(["alpha", "beta"], "beta beta quantum", "alpha") == [0, 1]


def test_what_is_equally_good_stays_in_order_and_nothing_finds_nothing() -> None:
    assert order(["same", "same", "same"], "same") == [0, 1, 2]
    assert rank([], ["x"]) == rank([index([""])], ["x"]) == rank([index(["x"])], [""]) == []


@given(TEXTS, st.lists(st.sampled_from(["apple", "pear", "the"]), min_size=1).map(" ".join))
def test_who_shares_a_word_is_found_with_a_score_in_bounds_best_first(passages: list[str], query: str) -> None:
    found = rank([index(passages)], [query])
    assert {each.passage for each in found} == {
        at for at, text in enumerate(passages) if {*words(text)} & {*words(query)}
    }
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


@pytest.mark.parametrize(
    ("query", "looked_for"),
    [("What is the refund policy?", "refund policy"), ("refunds", "refunds"), ("What is it?", "What is it?"), ("", "")],
)
def test_a_question_is_rewritten_to_what_it_looks_for(query: str, looked_for: str) -> None:
    assert rewritten(query) == looked_for


def test_a_long_passage_is_quoted_by_its_best_sentence() -> None:
    long = f"{'Nothing here. ' * 40}Refunds take thirty days.\nRefunds exist. {'More. ' * 40}"
    assert quote(long, "refunds days") == "Refunds take thirty days."
    assert quote(" short ", "refunds") == "short"
    assert quote("x" * 900, "refunds", most=10) == "x" * 10
