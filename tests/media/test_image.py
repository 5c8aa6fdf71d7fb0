"""Images: Pillow is the judge of every format, size and colour."""

from __future__ import annotations

import io
import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from openai_mock.media.checker import checker, colours
from openai_mock.media.image import LARGEST, content_type, image
from openai_mock.media.kinds import kind

FORMATS = ("png", "jpeg", "webp")
SIZES = ((1, 1), (16, 16), (17, 33), (256, 256), (512, 512), (1024, 1024), (1536, 1024), (1024, 1536), (1000, 3))


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def close(left: tuple[int, ...], right: tuple[int, ...], tolerance: int) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(left, right, strict=True))


def middle_of_tiles(width: int, height: int) -> list[tuple[int, int, int]]:
    """Points well inside tiles, each with the number of the colour that belongs there."""
    side = checker(width, height, 0).side
    columns, rows = range(side // 2, width, side), range(side // 2, height, side)
    return [(x, y, (x // side + y // side) % 2) for x in columns for y in rows] or [(0, 0, 0)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_and_size_is_a_checkerboard_of_exactly_that_size(form, size):
    data = image(form, *size, seed=5)
    picture = opened(data)
    assert picture.format == form.upper()
    assert kind(data) == form
    assert picture.size == size
    assert picture.mode == "RGB"
    wanted = colours(5)
    for x, y, colour in middle_of_tiles(*size):
        assert close(picture.getpixel((x, y)), wanted[colour], 3 if form == "jpeg" else 0)


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (1024, 1024)], ids=str)
@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_transparent_image_has_see_through_and_opaque_tiles(form, size):
    picture = opened(image(form, *size, seed=5, transparent=True))
    assert picture.mode == "RGBA"
    for x, y, colour in middle_of_tiles(*size):
        assert picture.getpixel((x, y)) == (*colours(5)[colour], 255 if colour else 0)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(1, 700), st.integers(1, 700), st.integers(-(2**70), 2**70))
def test_any_size_and_seed_decodes(form, width, height, seed):
    assert opened(image(form, width, height, seed=seed)).size == (width, height)


@pytest.mark.parametrize("size", [(LARGEST, LARGEST), (LARGEST, 1), (1, LARGEST)], ids=str)
@pytest.mark.parametrize("form", FORMATS)
def test_the_largest_sizes_decode(form, size):
    data = image(form, *size)
    assert opened(data).size == size
    assert len(data) < 120_000


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.booleans())
def test_png_and_webp_hold_the_same_pixels(width, height, transparent):
    one, other = (opened(image(form, width, height, seed=3, transparent=transparent)) for form in ("png", "webp"))
    assert one.tobytes() == other.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 10**6))
def test_jpeg_is_close_to_png(width, height, seed):
    """Pixels well inside a tile, where the halved resolution of colours does not reach across an edge."""
    one, other = (opened(image(form, width, height, seed=seed)) for form in ("png", "jpeg"))
    for x, y, _ in middle_of_tiles(width, height):
        assert close(one.getpixel((x, y)), other.getpixel((x, y)), 3)


@pytest.mark.parametrize("first", range(5))
def test_the_scan_of_a_jpeg_needs_no_escapes(first):
    for seed in range(first, 1800, 5):
        data = image("jpeg", 100, 40, seed=seed)
        assert b"\xff" not in data[data.index(b"\xff\xda") + 2 : -2]


@pytest.mark.parametrize("form", FORMATS)
def test_seeds_give_visibly_different_colours_and_the_same_seed_the_same_bytes(form):
    image.cache_clear()
    first = image(form, 64, 64, seed=1)
    image.cache_clear()
    assert image(form, 64, 64, seed=1) == first
    corners = [opened(image(form, 64, 64, seed=seed)).getpixel((0, 0)) for seed in range(12)]
    for at, corner in enumerate(corners):
        assert all(not close(corner, other, 6) for other in corners[:at])


@pytest.mark.parametrize("form", FORMATS)
def test_a_megapixel_is_small_and_quick(form):
    assert len(image(form, 1024, 1024)) < 10_000
    # The promise is 5 ms; a busy machine gets ten times that.
    assert min(timeit.repeat(lambda: image.__wrapped__(form, 1024, 1024), number=1, repeat=5)) < 0.05


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("gif", 8, 8), "no image format 'gif'; write one of png, jpeg, webp"),
        (("png", 0, 8), "0x8 is outside 1x1 to 4096x4096"),
        (("png", 8, 4097), "8x4097 is outside"),
    ],
)
def test_mistakes_get_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        image(*arguments)


def test_a_transparent_jpeg_is_refused():
    with pytest.raises(ValueError, match="cannot be transparent; write png or webp"):
        image("jpeg", 8, 8, transparent=True)


def test_media_types():
    assert [content_type(form) for form in FORMATS] == ["image/png", "image/jpeg", "image/webp"]
