"""Pieces joined are the text, whole Unicode each, and agree with the count."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_mock.turns.pieces import cuts, encoded_pieces, pieces, truncate
from openai_mock.turns.tokens import count, encode, spellings
from openai_mock.turns.vocabulary import ENCODINGS

TEXTS = (
    st.text()
    | st.text(st.sampled_from("aé漢字한글हिन्دیс😀👩‍👧 \n\"\\\x00'.12"))
    | st.text(st.characters(), max_size=20)
)
both = pytest.mark.parametrize("encoding", ENCODINGS)


@both
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="")
@example(text="\ud83d alone, with \ufffd and \ud83d\ude00 in halves")
def test_the_pieces_joined_are_the_text(encoding: str, text: str) -> None:
    cut = cuts(text, encoding)
    assert "".join(cut.pieces) == text
    assert all(cut.pieces)
    assert cut.tokens == count(text, encoding) >= len(cut.pieces)


@both
@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@example(text="👩‍👩‍👧 नमस्ते 𒀀𒀁")
def test_each_piece_is_the_smallest_run_of_tokens_that_is_whole(encoding: str, text: str) -> None:
    ends, at = set(), 0
    for spelling in spellings(encode(text, encoding), encoding):
        at += len(spelling)
        ends.add(at)
    starts_of_characters = {len(text[:n].encode()) for n in range(len(text) + 1)}
    cut = pieces(text, encoding)
    assert {len("".join(cut[: n + 1]).encode()) for n in range(len(cut))} == ends & starts_of_characters


@both
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="\ud83d alone")
def test_encoded_pieces_are_the_inside_of_a_json_string(encoding: str, text: str) -> None:
    written = b'"' + b"".join(encoded_pieces(text, encoding)) + b'"'
    assert json.loads(written) == text
    assert len(encoded_pieces(text, encoding)) == len(pieces(text, encoding))


def test_words_come_one_by_one() -> None:
    assert pieces("Hello, how are you?", "o200k_base") == ("Hello", ",", " how", " are", " you", "?")
    assert encoded_pieces('say "hi"\n', "o200k_base") == (b"say", rb" \"", b"hi", rb"\"\n")


def test_arguments_of_a_tool_call_come_in_several_fragments() -> None:
    arguments = '{"city":"Paris","days":3}'
    assert len(pieces(arguments, "cl100k_base")) > 3
    assert "".join(pieces(arguments, "cl100k_base")) == arguments


@pytest.mark.parametrize("unit", [" ", "a", "字", "😀", "\ud83d", "\n"])
def test_a_megabyte_without_a_break_is_cut_at_once(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    pieces("warm", "o200k_base")
    began = time.process_time()
    assert "".join(pieces(text, "o200k_base")) == text
    assert time.process_time() - began < 4


@both
@settings(max_examples=300, deadline=None)
@given(text=TEXTS, most=st.integers(0, 30))
def test_truncate_keeps_the_first_tokens(encoding: str, text: str, most: int) -> None:
    kept = truncate(text, most, encoding)
    if count(text, encoding) <= most:
        assert kept == text
    elif not any("\ud800" <= character <= "\udfff" for character in text):
        spelled = b"".join(spellings(encode(text, encoding)[:most], encoding))
        assert kept == spelled.decode("utf-8", "ignore")
        assert text.startswith(kept)
    else:
        assert text.startswith(kept)


def test_truncate_reads_only_the_head_of_a_long_text() -> None:
    text = "one two three " * 500_000
    began = time.process_time()
    assert truncate(text, 2, "o200k_base") == "one two"
    assert time.process_time() - began < 0.2
    assert truncate(text, 10**9, "o200k_base") == text
