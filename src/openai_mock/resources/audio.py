"""Audio: speech from text, in the format that is asked for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from openai_mock.engine.answers import Answer, Events, Raw
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.audio import RATE, AudioFormat, content_type, speech
from openai_mock.media.durations import duration
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.tokens import count, encoding_for

audio = Resource("audio")
_OLDER_VOICES = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
_VOICES: Mapping[str, Sequence[str]] = {
    "tts-1": _OLDER_VOICES,
    "gpt-4o-mini-tts": (*_OLDER_VOICES, "ballad", "verse", "marin", "cedar"),
}
"""The voices of models, by how their names begin."""
_CHUNK = 16_384
_TOKENS_PER_SECOND = 20
_encode = msgspec.json.Encoder().encode


@audio.checks("audio.speech.create")
def misuse(call: Call) -> Iterator[Misuse]:
    """A voice that the model does not have, and events of a model that only sends bytes; others are not known."""
    model, voice = call.model, call.body["voice"]
    known = next((voices for name, voices in _VOICES.items() if model.startswith(name)), ())
    if known and isinstance(voice, str) and voice not in known:
        yield Misuse(f"Invalid value: '{voice}'. Supported values are: {_listed(known)}.", "voice", "invalid_value")
    if model.startswith("tts-1") and call.body.get("stream_format") == "sse":
        words = "Unsupported value: 'stream_format' does not support 'sse' with this model."
        yield Misuse(f"{words} Supported values are: 'audio'.", "stream_format", "unsupported_value")


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values[:-1]) + f", and '{values[-1]}'"


@audio.on("audio.speech.create")
def create_speech(call: Call) -> Answer:
    """A soft tone about as long as the text takes to say, as bytes or as events."""
    body = call.body
    if isinstance(body["voice"], Mapping):
        _require_voice(call, body["voice"]["id"])
    wanted: AudioFormat = body.get("response_format") or "mp3"
    made = speech(body["input"], wanted, body.get("speed") or 1.0)
    if body.get("stream_format") == "sse":
        return Events(_frames(made, _usage(call, made, wanted)))
    return Raw(made, content_type(wanted), chunked=True)


def _require_voice(call: Call, id_: str) -> None:
    """Raise OpenAI's 404 for a voice that nobody made, and a 400 for one made from a prompt: only Live can use it."""
    voices = call.collection("audio.voices.create")
    known = voices.find(id_) if call.world.lenient_ids else voices.get(id_)
    if known is not None and known.get("type") == "prompt":
        words = f"Voice '{id_}' was created from a text prompt. Such voices are supported only in Live."
        raise ApiError(400, words, param="voice", code="invalid_value")


def _frames(made: bytes, usage: dict[str, Any]) -> Iterator[bytes]:
    for start in range(0, len(made), _CHUNK):
        piece = b64encode(made[start : start + _CHUNK]).decode()
        yield b"data: %b\n\n" % _encode({"type": "speech.audio.delta", "audio": piece})
    yield b"data: %b\n\n" % _encode({"type": "speech.audio.done", "usage": usage})


def _usage(call: Call, made: bytes, wanted: str) -> dict[str, Any]:
    """What was read, the instructions included, and what was said."""
    body, encoding = call.body, encoding_for(call.model)
    read = count(body["input"], encoding) + count(body.get("instructions") or "", encoding)
    seconds = len(made) / (2 * RATE) if wanted == "pcm" else duration(made) or 0
    said = round(seconds * _TOKENS_PER_SECOND)
    return {"input_tokens": read, "output_tokens": said, "total_tokens": read + said}
