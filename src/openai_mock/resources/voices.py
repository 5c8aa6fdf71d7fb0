"""Voices of one's own: made from a sample with the consent of who speaks, or from a description; and the consents."""

from __future__ import annotations

from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.forms import FilePart
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import CONTENT, Object
from openai_mock.media.kinds import kind

VOICES, CONSENTS = "audio.voices.create", "audio.voice_consents.retrieve"
_MOST = 10 * 1024 * 1024
_KINDS = frozenset({"wav", "mp3", "aac", "flac", "ogg", "mp4", "m4a", "webm"})

voices = Resource("voice", keeps=VOICES)
consents = Resource("voice consent", keeps=CONSENTS)


@consents.on("audio.voice_consents.create")
def create_consent(call: Call) -> Answer:
    """Keep the recording in which somebody consents."""
    body = call.body
    recording = _recording(call, body["recording"], "recording")
    made: Object = {
        "id": call.world.ids.hexadecimal("cons_", 32),
        "object": "audio.voice_consent",
        "created_at": call.now,
        "language": body["language"],
        "name": body["name"],
    }
    return call.create(made, beside={CONTENT: recording})


@voices.on("audio.voices.create")
def create(call: Call) -> Answer:
    """A voice: one made from a sample needs a consent, one made from a prompt shows it."""
    body = call.body
    prompted = body.get("type") == "prompt"
    made: Object = {
        "id": call.world.ids.hexadecimal("voice_", 32),
        "object": "audio.voice",
        "created_at": call.now,
        "name": body["name"],
        "type": "prompt" if prompted else "audio_sample",
    }
    if prompted:
        return call.create({**made, "prompt": body["prompt"]})
    call.collection(CONSENTS).get(body["consent"])
    sample = _recording(call, body["audio_sample"], "audio_sample")
    return call.create(made, beside={CONTENT: sample})


def _recording(call: Call, sent: Any, field: str) -> bytes:
    """The bytes of a recording. Raises a 400 for what is too large or no audio; lenient ids take anything."""
    content = sent.content if isinstance(sent, FilePart) else str(sent).encode()
    if len(content) > _MOST:
        raise ApiError(400, f"Invalid '{field}': the file has at most 10 MiB.", param=field, code="invalid_value")
    if kind(content) not in _KINDS and not call.world.lenient_ids:
        words = f"Invalid '{field}': the file is no audio. Supported formats: {sorted(_KINDS)}"
        raise ApiError(400, words, param=field, code="invalid_value")
    return content
