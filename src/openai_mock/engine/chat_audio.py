"""Voices in chat: what a model says aloud, kept for an hour, so that later messages can refer to it by its id."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openai_mock.engine.chat_object import CHATS
from openai_mock.engine.errors import ApiError
from openai_mock.turns.honour import LIMITS
from openai_mock.turns.tokens import audio_tokens, count
from openai_mock.turns.turn import Turn

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call
    from openai_mock.media.audio import AudioFormat

VOICES = "/chat/audio"
"""The collection of what was said aloud; no operation shows it."""
MOST_VOICES = 1_000
"""Voices that a session keeps; of more, the oldest go."""
LIFETIME = 3_600
TOKENS_PER_SECOND = 20
_STREAMED = "pcm16"


def check_audio(body: Mapping[str, Any]) -> bool:
    """Whether a request asks for a voice. Raises OpenAI's 400 for one without its parameters or its format."""
    if "audio" not in (body.get("modalities") or ()):
        return False
    asked = body.get("audio")
    if not asked:
        raise ApiError(400, "Missing required parameter: 'audio'.", param="audio", code="missing_required_parameter")
    if body.get("stream") and asked["format"] != _STREAMED:
        raise ApiError(
            400,
            f"Unsupported value: 'audio.format' does not support '{asked['format']}' when stream=true. "
            f"Supported values are: '{_STREAMED}'.",
            param="audio.format",
            code="unsupported_value",
        )
    return True


def recalled(call: Call, messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Messages with the words of the voices that they refer to. Raises the 404 for one that is not known."""
    return [
        {**message, "content": message.get("content") or _words(call, named["id"], at)}
        if (named := message.get("audio"))
        else message
        for at, message in enumerate(messages)
    ]


def _words(call: Call, id_: str, at: int) -> str:
    known = call.store.get(VOICES, id_)
    if known is not None and known["expires_at"] > call.now:
        return str(known["transcript"])
    if call.world.lenient_ids or CHATS not in call.world.shapes:
        return ""
    raise ApiError(404, f"Audio with id '{id_}' not found.", param=f"messages[{at}].audio.id", code="not_found")


def heard_tokens(messages: Sequence[Mapping[str, Any]]) -> int:
    """The tokens of the recordings in messages."""
    contents = [message.get("content") for message in messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return sum(audio_tokens(part["input_audio"]) for part in parts if part.get("input_audio"))


def spoken(call: Call, turn: Turn, encoding: str) -> tuple[dict[str, Any], int, bool]:
    """What a turn says aloud, its tokens, and whether a limit cut it short. What the turn has of it already stays."""
    from openai_mock.media.audio import audio, duration, speech_seconds  # noqa: PLC0415 - few requests ask for a voice

    given, asked = turn.audio or {}, call.body.get("audio") or {}
    words = given.get("transcript") or turn.text or ""
    data, cut = given.get("data"), False
    if data is None:
        seconds = speech_seconds(words)
        most = min([call.body[name] for name in LIMITS if call.body.get(name) is not None], default=None)
        tokens = round(seconds * TOKENS_PER_SECOND)
        if most is not None and (left := max(most - count(words, encoding), 0)) < tokens:
            tokens, cut = left, True
        form: AudioFormat = "pcm" if asked.get("format") == _STREAMED else asked.get("format") or "wav"
        made = audio(form, tokens / TOKENS_PER_SECOND)
        data = b64encode(made).decode()
    else:
        tokens = round((duration(_decoded(data)) or speech_seconds(words)) * TOKENS_PER_SECOND)
    id_ = given.get("id") or call.world.ids.hexadecimal("audio_")
    until = given.get("expires_at") or call.now + LIFETIME
    _keep(call, id_, {"transcript": words, "expires_at": until})
    return {"id": id_, "data": data, "expires_at": until, "transcript": words}, tokens, cut


def _decoded(data: str) -> bytes:
    """The bytes of a voice that a rule gave; none where that is no Base64."""
    try:
        return b64decode(data)
    except ValueError:
        return b""


def _keep(call: Call, id_: str, voice: dict[str, Any]) -> None:
    if CHATS not in call.world.shapes:
        return
    store = call.store
    if store.count(VOICES) >= MOST_VOICES:
        oldest = store.page(VOICES, limit=1, order="asc").items
        for known, _ in oldest:
            store.delete(VOICES, known)
    store.put(VOICES, id_, voice)
