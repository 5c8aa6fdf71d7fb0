"""Streams reach the client in one piece or frame by frame, and are the same bytes either way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openai_mock.engine.answers import Alike, Events

PIECES = st.lists(st.binary(max_size=6), max_size=600)
PARTS = st.lists(st.binary(min_size=1, max_size=20) | PIECES.map(lambda pieces: Alike(b"<", pieces, b">")), max_size=6)


@given(PARTS)
def test_together_and_singly_are_the_same_bytes(parts):
    events = Events(parts)
    assert b"".join(events.together()) == b"".join(events.singly())


def test_singly_gives_each_frame():
    events = Events([b"start", Alike(b"<", (b"1", b"2"), b">"), b"end"])
    assert list(events.singly()) == [b"start", b"<1>", b"<2>", b"end"]


def test_a_small_stream_is_one_chunk():
    assert list(Events([b"start", Alike(b"<", (b"1", b"2"), b">"), b"end"]).together()) == [b"start<1><2>end"]


def test_a_long_stream_comes_in_several_chunks_and_no_piece_is_joined_before_it_is_asked_for():
    chunks = Events([Alike(b"a" * 1000, (b"1",) * 2000, b"b")]).together()
    assert len(next(chunks)) < 300_000
    assert sum(map(len, chunks)) > 1_000_000
