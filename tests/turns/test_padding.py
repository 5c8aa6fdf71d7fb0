"""Padding: what evens out the sizes of events."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.padding import WIDTH, filler, padded_pieces
from openai_mock.turns.pieces import encoded_pieces

ENCODING = "o200k_base"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_a_piece_and_its_filler_have_one_size(text: str) -> None:
    cut = encoded_pieces(text, ENCODING)
    padded = padded_pieces(text, ENCODING, b"|")
    for piece, whole in zip(cut, padded, strict=True):
        assert whole.startswith(piece + b"|")
        assert (len(whole) - 1) % WIDTH == 0
        assert whole[len(piece) + 1 :].decode("ascii").isalnum() or len(piece) % WIDTH == 0


def test_fillers_look_random_and_are_the_same_each_time() -> None:
    found = [filler(b"Hi", position) for position in range(40)]
    assert found == [filler(b"Hi", position) for position in range(40)]
    assert len(set(found)) > 30
