"""Durations: files from real encoders, cut and damaged files, and noise."""

from __future__ import annotations

import io
import time

import av
import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st

from openai_mock.media.audio import audio
from openai_mock.media.durations import duration
from openai_mock.media.video import video

STARTS = [
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0",
    b"\xff\xfb\x90\x64",
    b"\xff\xf3\x44\xc4",
    b"\xff\xe3\x44\xc4",
    b"\xff\xf1\x58\x40\x05\x9f\xfc",
    b"ID3\x04\0\0\0\0\0\x0a",
    b"fLaC\x80\0\0\x22",
    b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead",
    b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x20moov\0\0\0\x18mvhd",
    b"\x1a\x45\xdf\xa3",
]
FILES = [*(audio(form, 0.3) for form in ("wav", "mp3", "aac", "flac", "opus")), video(0.3, 32, 32)]


def noise(seconds: float, rate: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.3, 0.3, round(seconds * rate))


def written(form: str, subtype: str | None, rate: int, seconds: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, noise(seconds, rate), rate, format=form, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize(
    ("form", "subtype", "tolerance"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "FLOAT", 1e-4),
        ("WAVEX", "PCM_24", 1e-4),
        ("FLAC", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.01),
        ("MP3", "MPEG_LAYER_III", 0.3),
    ],
)
def test_files_of_another_writer(form, subtype, tolerance, rate):
    assert duration(written(form, subtype, rate, 2.5)) == pytest.approx(2.5, abs=tolerance)


def contained(form: str, codec: str, rate: int = 48_000, layout: str = "mono") -> bytes:
    file = io.BytesIO()
    channels = 1 if layout == "mono" else 2
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        sound = (noise(3 * channels, rate) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("form", ["ipod", "mp4", "adts", "ogg", "webm", "mp3"])
def test_files_of_a_container_library(form):
    codec = {"ogg": "libopus", "webm": "libopus", "mp3": "libmp3lame"}.get(form, "aac")
    found = duration(contained(form, codec))
    assert found is None if form == "webm" else found == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_an_mp3_that_names_its_frames_is_believed(rate, layout):
    data = contained("mp3", "libmp3lame", rate, layout)
    assert duration(data[: len(data) // 2]) == pytest.approx(3, abs=0.2)


def test_an_mp3_that_names_something_else_is_scanned():
    data = bytearray(contained("mp3", "libmp3lame"))
    flags = max(data.find(b"Info"), data.find(b"Xing")) + 7
    data[flags] &= 0xFE
    assert duration(bytes(data[: len(data) // 2])) == pytest.approx(1.5, abs=0.2)


def test_a_tag_before_an_mp3_is_skipped():
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    assert duration(tag + audio("mp3", 2.4)) == pytest.approx(2.4)


def test_a_long_mp3_is_measured_by_its_beginning():
    data = audio("mp3", 3600)
    start = time.process_time()
    assert duration(data) == pytest.approx(3600, abs=0.1)
    assert time.process_time() - start < 0.5


def test_a_wav_written_to_a_pipe_counts_what_is_there():
    wav = audio("wav", 2)
    for size in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        assert duration(wav[:40] + size + wav[44:]) == 2


def test_a_name_decides_only_where_the_data_has_no_signature():
    pcm = audio("pcm", 1.5)
    assert duration(pcm, "Speech.PCM") == 1.5
    assert duration(pcm, "speech.wav") is None
    assert duration(audio("wav", 1), "speech.pcm") == 1


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff" * 100_000, b"ID3" + b"\xff" * 100_000, b"RIFF", b"OggS" * 30_000]
)
def test_what_is_no_sound_has_no_duration(data):
    assert duration(data) is None


@given(st.sampled_from(STARTS), st.binary(max_size=300), st.text(max_size=8))
@example(b"", b"", "x.pcm")
def test_never_raises_on_noise(start, rest, name):
    found = duration(start + rest, name)
    assert found is None or found >= 0


@given(st.sampled_from(FILES), st.data())
def test_never_raises_on_damage(file, data):
    damaged = bytearray(file[: data.draw(st.integers(0, len(file)))])
    for _ in range(data.draw(st.integers(0, 6))):
        if damaged:
            damaged[data.draw(st.integers(0, min(len(damaged), 200) - 1))] = data.draw(st.integers(0, 255))
    found = duration(bytes(damaged))
    assert found is None or found >= 0
