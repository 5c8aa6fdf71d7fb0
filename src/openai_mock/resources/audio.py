"""Audio: speech from text, in the format that is asked for."""

from __future__ import annotations

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.audio import AudioFormat, content_type, speech

audio = Resource("audio")


@audio.on("audio.speech.create")
def create_speech(call: Call) -> Answer:
    """A soft tone about as long as the text takes to say; raw bytes whichever way they are streamed."""
    body = call.body
    wanted: AudioFormat = body.get("response_format") or "mp3"
    return Raw(speech(body["input"], wanted, body.get("speed") or 1.0), content_type(wanted))
