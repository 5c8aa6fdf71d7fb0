"""What a file is, told from its first bytes."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from openai_mock.media.kinds import frame_kind, kind

KINDS = {"png", "jpeg", "gif", "webp", "wav", "mp3", "aac", "flac", "ogg", "mp4", "m4a", "webm", "pdf", None}


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp"])
def test_pictures_of_another_writer(form):
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, form)
    assert kind(file.getvalue()) == form


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"ID3\x03\0", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x44\xc4", "mp3"),
        (b"\xff\xe3\x44\xc4", "mp3"),
        (b"\xff\xf9\x50\x80", "aac"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "m4a"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "mp4"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", None),
        (b"RIFF\0\0\0\0AVI ", None),
        (b"\xff\xfb\xf0\x64", None),
        (b"\xff\xfb\x9c\x64", None),
        (b"\xff\xeb\x90\x64", None),
        (b"\xff\xfd\x90\x64", None),
        (b"\xff\xfe\0h", None),
        (b'{"a": 1}', None),
        (b"", None),
    ],
)
def test_signatures(start, name):
    assert kind(start) == name


@given(st.binary(max_size=100))
def test_never_raises(data):
    assert kind(data) in KINDS
    assert frame_kind(data) in {"mp3", "aac", None}
