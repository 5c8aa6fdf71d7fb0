"""GIF: Pillow is the judge of every size and colour."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from openai_mock.media.checker import checker
from openai_mock.media.gif import gif
from openai_mock.media.kinds import kind
from openai_mock.media.png import png


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_gif_and_png_hold_the_same_pixels(width: int, height: int, transparent: bool) -> None:
    drawn = checker(width, height, 3, transparent=transparent)
    one, other = opened(gif(drawn)), opened(png(drawn))
    assert kind(gif(drawn)) == "gif"
    assert one.size == (width, height)
    assert one.convert("RGBA").tobytes() == other.convert("RGBA").tobytes()


@pytest.mark.parametrize("size", [(252, 1), (126, 1), (1024, 1024)], ids=str)
def test_sizes_at_the_edge_of_a_block(size: tuple[int, int]) -> None:
    assert opened(gif(checker(*size, 1))).size == size
