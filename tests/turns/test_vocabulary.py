"""The packed vocabularies hold every token, and one token is found without unpacking the rest."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.vocabulary import (
    ABSENT,
    BLOCK,
    ENCODINGS,
    UNWRITTEN,
    Vocabulary,
    all_ranks,
    parsed,
    plain_content,
    rank,
    read,
)

both = pytest.mark.parametrize("encoding", ENCODINGS)
vocabulary = lru_cache(read)


@lru_cache
def ranks(encoding: str) -> dict[bytes, int]:
    return all_ranks(vocabulary(encoding))


def made(*tokens: bytes) -> Vocabulary:
    """A vocabulary of these tokens in rank order, and of the two that are not written."""
    return parsed(plain_content({"name": "small"}, {token: at for at, token in enumerate((*tokens, *UNWRITTEN))}))


@both
def test_every_token_is_found_by_itself(encoding: str) -> None:
    held = vocabulary(encoding)
    written = {token: number for token, number in ranks(encoding).items() if token not in UNWRITTEN}
    assert {token: rank(held, token) for token in written} == written


@both
def test_ranks_have_no_gaps_and_every_byte_is_a_token(encoding: str) -> None:
    found = ranks(encoding)
    assert sorted(found.values()) == list(range(vocabulary(encoding).size))
    assert {bytes([n]) for n in range(256)} <= found.keys()


@both
@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=6))
def test_what_is_no_token_is_absent(encoding: str, text: str) -> None:
    run = text.encode("utf-8", "replace")
    assert rank(vocabulary(encoding), run) == ranks(encoding).get(run, ABSENT)


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(
        st.text(st.sampled_from("ab\x00é字"), min_size=1, max_size=4), unique=True, min_size=1, max_size=3 * BLOCK
    ),
    asked=st.text(st.sampled_from("ab\x00é字"), max_size=5),
)
def test_a_vocabulary_of_any_size_is_searched_exactly(words: list[str], asked: str) -> None:
    tokens = [word.encode() for word in words]
    held = made(*tokens)
    assert [rank(held, token) for token in tokens] == list(range(len(tokens)))
    assert (rank(held, asked.encode()) == ABSENT) == (asked.encode() not in tokens)
    assert all_ranks(held) == {token: at for at, token in enumerate((*tokens, *UNWRITTEN))}


@pytest.mark.parametrize("tokens", [(b"a\xff", *UNWRITTEN), (b"a", b"b"), (b"a\xfeb", *UNWRITTEN)])
def test_tokens_that_hold_the_marks_are_refused(tokens: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="choose other marks"):
        plain_content({}, {token: at for at, token in enumerate(tokens)})


def test_the_header_is_what_tiktoken_is_told() -> None:
    assert set(read("o200k_base").header) == {"name", "pat_str", "special_tokens"}


def test_an_unknown_encoding_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no encoding 'p50k'; write one of o200k_base, cl100k_base"):
        read("p50k")
