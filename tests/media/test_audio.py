"""Audio: soundfile and PyAV are the judges of every format and duration."""

from __future__ import annotations

import io
from itertools import pairwise

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.media.audio import RATE, audio, content_type, duration, speech
from openai_mock.media.flac import crc16
from openai_mock.media.kinds import kind

SECONDS = (0.1, 0.2, 0.5, 1.0, 1.234, 4.5, 60.0)
FRAME = {"mp3": 576 / RATE, "aac": 1024 / RATE}
KINDS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "pcm": None}
CONTAINERS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav"}


def heard(data: bytes) -> tuple[int, np.ndarray, str]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        stream.codec_context.options = {"err_detect": "explode+crccheck"}
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        assert {frame.shape[0] for frame in frames} == {1}, "one channel"
        sound = np.concatenate([frame[0] for frame in frames])
        if sound.dtype == np.int16:
            sound = sound / 32768
        return stream.rate, sound, container.format.name


def tolerance(form: str) -> float:
    return FRAME.get(form, 0) / 2 + 1e-4


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("form", CONTAINERS)
def test_every_format_decodes_to_its_duration(form, seconds):
    data = audio(form, seconds)
    rate, sound, container = heard(data)
    assert container == CONTAINERS[form]
    assert rate == (48_000 if form == "opus" else RATE)
    assert len(sound) / rate == pytest.approx(seconds, abs=tolerance(form))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav"])
def test_another_reader_agrees(form, seconds):
    sound, rate = soundfile.read(io.BytesIO(audio(form, seconds)))
    assert len(sound) / rate == pytest.approx(seconds, abs=tolerance(form))
    assert sound.ndim == 1


@pytest.mark.parametrize("form", CONTAINERS)
def test_the_sound_is_one_soft_tone_without_clicks(form):
    rate, sound, _ = heard(audio(form, 3.0))
    settled = sound[rate // 2 : rate // 2 + 2 * rate]
    assert 0.04 < settled.std() < 0.1
    spectrum = np.abs(np.fft.rfft(settled * np.hanning(len(settled)))) ** 2
    peak = int(spectrum.argmax())
    assert 390 < peak * rate / len(settled) < 430
    assert spectrum[peak - 20 : peak + 20].sum() > 0.98 * spectrum.sum()


def test_pcm_is_the_sound_of_wav_without_its_header():
    pcm, wav = audio("pcm", 1.5), audio("wav", 1.5)
    assert len(pcm) == 1.5 * RATE * 2
    assert wav[44:] == pcm
    values = np.frombuffer(pcm, "<i2")
    assert (values.min(), values.max()) == (-3277, 3277)


@pytest.mark.parametrize("form", KINDS)
def test_what_is_shorter_than_a_tenth_of_a_second_becomes_that(form):
    assert audio(form, 0) == audio(form, -1) == audio(form, 0.1)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.floats(0.1, 30))
def test_duration_reads_back_what_audio_wrote(form, seconds):
    data = audio(form, seconds)
    assert kind(data) == KINDS[form]
    assert duration(data, f"x.{form}") == pytest.approx(seconds, abs=tolerance(form))


@pytest.mark.parametrize("form", KINDS)
def test_a_minute_is_small(form):
    assert len(audio(form, 60)) < {"wav": 3_000_000, "pcm": 3_000_000, "flac": 450_000, "mp3": 250_000}.get(
        form, 70_000
    )


@pytest.mark.parametrize(
    ("text", "speed", "seconds"),
    [
        ("", 1, 0.2),
        ("a" * 3, 1, 0.2),
        ("a" * 150, 1, 10),
        ("a" * 150, 2, 5),
        ("a" * 150, 0.25, 40),
        ("a" * 4096, 1, 60),
    ],
)
def test_speech_is_as_long_as_saying_the_text(text, speed, seconds):
    assert len(speech(text, "pcm", speed)) == seconds * RATE * 2


def test_speech_of_no_speed_takes_the_longest():
    assert len(speech("a", "pcm", 0)) == 60 * RATE * 2


def test_joined_frames_stand_alone():
    """Any part of an mp3 or aac file that starts at a frame decodes as well as the whole."""
    for form, size in (("mp3", 96), ("aac", 44)):
        rate, sound, _ = heard(audio(form, 2.0)[size * 20 :])
        assert len(sound) / rate == pytest.approx(2.0 - 20 * FRAME[form], abs=FRAME[form])


def test_each_flac_frame_carries_its_own_checksum():
    data = audio("flac", 0.25)[42:]
    starts = [0, data.index(b"\xff\xf8\x77\x08\x01"), data.index(b"\xff\xf8\x77\x08\x02"), len(data)]
    for start, stop in pairwise(starts):
        assert crc16(data[start:stop]) == 0


def test_media_types():
    wanted = ["audio/mpeg", "audio/opus", "audio/aac", "audio/flac", "audio/wav", "audio/pcm"]
    assert [content_type(form) for form in KINDS] == wanted


def test_mistakes_get_a_sentence():
    with pytest.raises(ValueError, match="no audio format 'ogg'; write one of mp3, opus, aac, flac, wav, pcm"):
        audio("ogg", 1)
    for seconds in (3601, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="longer than 3600"):
            audio("wav", seconds)
