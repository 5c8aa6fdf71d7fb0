"""Films: PyAV is the judge of every size and duration."""

from __future__ import annotations

import io
import re

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.media import h264
from openai_mock.media.audio import duration
from openai_mock.media.checker import colours
from openai_mock.media.kinds import kind
from openai_mock.media.video import FRAMES_PER_SECOND, video

SIZES = ((720, 1280), (1280, 720), (1024, 1792), (1792, 1024))
STRICT = {"err_detect": "explode+crccheck+bitstream+buffer+careful+compliant+aggressive"}


def seen(data: bytes):
    """The container's duration in seconds, and every frame."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = STRICT
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == FRAMES_PER_SECOND
        return container.duration / av.time_base, list(container.decode(stream))


@pytest.mark.parametrize("seconds", [4, 8, 12])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_common_size_and_duration_decodes(size, seconds):
    data = video(seconds, *size)
    length, frames = seen(data)
    assert length == seconds
    assert len(frames) == seconds * FRAMES_PER_SECOND
    assert {(frame.width, frame.height) for frame in frames} == {size}
    assert [frame.pts * frame.time_base * FRAMES_PER_SECOND for frame in frames] == list(range(len(frames)))
    assert [frame.key_frame for frame in frames] == [True] + [False] * (len(frames) - 1)
    assert len(data) < 15_000


@pytest.mark.parametrize("seed", range(0, 3000, 97))
def test_two_colours_of_the_seed_lie_one_above_the_other_until_the_end(seed):
    _, frames = seen(video(0.7, 96, 96, seed=seed))
    for frame in (frames[0], frames[-1]):
        pixels = frame.to_ndarray(format="rgb24").astype(int)
        for half, wanted in zip((pixels[:48], pixels[48:]), colours(seed), strict=True):
            assert (half == half[0, 0]).all()
            assert abs(half[0, 0] - wanted).max() < 24


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.01, 2))
def test_any_even_size_decodes(width, height, seconds):
    data = video(seconds, width * 2, height * 2)
    _, frames = seen(data)
    assert (frames[0].width, frames[0].height) == (width * 2, height * 2)
    assert len(frames) == max(1, round(seconds * FRAMES_PER_SECOND))
    assert kind(data) == "mp4"
    assert duration(data) == pytest.approx(len(frames) / FRAMES_PER_SECOND, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10**6))
def test_the_bare_stream_tells_its_size_and_needs_no_escapes(half_width, half_height, seed):
    width, height = half_width * 2, half_height * 2
    units = [*h264.settings(width, height), *h264.frames(width, height, colours(seed), 20)]
    assert not any(re.search(rb"\0\0[\0-\3]", unit) for unit in units)
    stream = b"".join(b"\0\0\0\1" + unit for unit in units)
    with av.open(io.BytesIO(stream), format="h264") as container:
        frames = list(container.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(width, height)] * 20


@pytest.mark.parametrize("size", [(4096, 2304), (2304, 4096), (2, 4096), (4094, 2050)], ids=str)
def test_no_size_needs_escapes(size):
    for seed in range(0, 1800, 31):
        for unit in (*h264.settings(*size), *h264.frames(*size, colours(seed), 17)):
            assert not re.search(rb"\0\0[\0-\3]", unit)


@pytest.mark.parametrize("size", [(4096, 2304), (2, 4096), (2, 2)], ids=str)
def test_extreme_sizes_decode(size):
    _, frames = seen(video(0.2, *size))
    assert {(frame.width, frame.height) for frame in frames} == {size}


def test_the_contents_stand_before_the_frames():
    data = video(4, 720, 1280)
    assert data.index(b"moov") < data.index(b"mdat")


def test_equal_requests_give_equal_bytes_and_seeds_differ():
    first = video(1, 64, 64, seed=1)
    video.cache_clear()
    assert video(1, 64, 64, seed=1) == first != video(1, 64, 64, seed=2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, 64, 64), "0 seconds is outside 0 to 600"),
        ((601, 64, 64), "601 seconds is outside"),
        ((float("nan"), 64, 64), "nan seconds is outside"),
        ((1, 63, 64), "63x64 is not possible: write even numbers up to 4096, 9 million pixels in all"),
        ((1, 0, 64), "0x64 is not possible"),
        ((1, 4098, 64), "4098x64 is not possible"),
        ((1, 4096, 4096), "4096x4096 is not possible"),
    ],
)
def test_mistakes_get_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        video(*arguments)
