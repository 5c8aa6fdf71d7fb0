"""Invented likelihoods: they spell the text, add up to less than certain, and are the same each time."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns import likely
from openai_mock.turns.likely import along, completed, fitting, likelihoods, logprobs
from openai_mock.turns.pieces import pieces
from openai_mock.turns.tokens import count, encode
from openai_mock.turns.vocabulary import ENCODINGS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(0, 20), st.booleans())
def test_every_token_with_its_bytes(text: str, encoding: str, most: int, greedy: bool) -> None:
    found = list(likelihoods(text, encoding, most, greedy=greedy))
    assert b"".join(each.token for each in found).decode() == text
    assert len(found) == count(text, encoding)
    for each in found:
        assert len(each.top) == len({token for token, _ in each.top}) == most
        assert sum(exp(logprob) for _, logprob in each.top) <= 1
        assert [logprob for _, logprob in each.top] == sorted((logprob for _, logprob in each.top), reverse=True)
        assert each.logprob < 0
        if most and greedy:
            assert each.top[0] == (each.token, each.logprob)
        elif most > 1:
            assert (each.token, each.logprob) in each.top[:2]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS))
def test_each_piece_of_a_stream_has_its_own(text: str, encoding: str) -> None:
    cut, whole = pieces(text, encoding), logprobs(text, encoding, 1)
    parts = list(along(cut, whole))
    assert [each for part in parts for each in part] == whole
    for piece, part in zip(cut, parts, strict=True):
        assert bytes(byte for each in part for byte in each["bytes"]).decode() == piece


def test_what_fits_no_piece_is_not_lost() -> None:
    given: list[dict[str, Any]] = [
        {"token": "Hello", "logprob": -1.0},
        {"token": " you", "logprob": -1.0},
        {"token": "!", "logprob": -1.0},
    ]
    assert [len(part) for part in along(("Hi", " you"), given)] == [1, 2]
    assert list(along((), given)) == []


def test_mostly_the_likeliest_was_said() -> None:
    found = list(likelihoods("The quick brown fox jumps over the lazy dog. " * 20, ENCODINGS[0], 2))
    surprising = sum(each.top[0][0] != each.token for each in found)
    assert 0 < surprising < len(found) / 8
    assert len({each.logprob for each in found}) > len(found) / 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_else_could_stand_there_is_one_token(encoding: str) -> None:
    assert [text for text in (*likely._INSIDE, *likely._OUTSIDE) if len(encode(text, encoding)) != 1] == []


def test_a_rule_may_leave_out_what_it_does_not_know() -> None:
    assert completed({"token": "é", "top_logprobs": [{"token": "e", "logprob": -3.0}]}) == {
        "token": "é",
        "bytes": [195, 169],
        "logprob": 0.0,
        "top_logprobs": [{"token": "e", "bytes": [101], "logprob": -3.0}],
    }


def test_what_a_rule_wrote_ends_where_its_text_was_cut() -> None:
    given: list[dict[str, Any]] = [
        {"token": "one", "logprob": -1.0},
        {"token": " two", "logprob": -2.0},
        {"token": " three"},
    ]
    assert [each["token"] for each in fitting(given, "one two")] == ["one", " two"]
    assert [each["token"] for each in fitting(given, "one two three")] == ["one", " two", " three"]
    assert [each["token"] for each in fitting(given, "else")] == ["one", " two", " three"]
