"""When words and sentences are said: in order, within their sentence, to the end of the recording."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from openai_mock.turns.captions import Span, segments, srt, vtt, words

TEXT = "Good morning. Is it 3.5 percent? Yes"


def test_sentences() -> None:
    assert segments(TEXT, 7.4) == [
        Span("Good morning.", 0.0, 2.8),
        Span("Is it 3.5 percent?", 2.8, 6.6),
        Span("Yes", 6.6, 7.4),
    ]


def test_words_carry_no_marks() -> None:
    assert [each.text for each in words('"Good morning," she said.', 1)] == ["Good", "morning", "she", "said"]


@given(st.text(max_size=80), st.floats(0.1, 4000))
@example("... ?!", 1.0)
@example("", 1.0)
def test_times_fit(text: str, seconds: float) -> None:
    whole, parts = segments(text, seconds), words(text, seconds)
    for spans in (whole, parts):
        assert all(span.start <= span.end <= seconds + 0.001 for span in spans)
        assert all(one.end <= other.start + 1e-9 for one, other in pairwise(spans))
    if whole:
        assert (whole[0].start, whole[-1].end) == (0.0, round(seconds, 3))
    assert "".join("".join(span.text for span in whole).split()) == "".join(text.split())


def test_subtitles() -> None:
    assert srt("One. Two.", 4000).split("\n\n")[1] == "2\n00:33:20,000 --> 01:06:40,000\nTwo."
    assert (
        vtt("One. Two.", 3)
        == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne.\n\n00:00:01.500 --> 00:00:03.000\nTwo.\n\n"
    )
    assert srt("", 1) == "\n"
