"""Realtime and Live: secrets with which a browser opens a session, the sessions as they are configured, and calls.

Theory. No media flows here: the answer to an offer of WebRTC is a well-formed one that takes part in nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.resource import Call, Resource

realtime = Resource("realtime session")
_LASTING = 600
_MODEL, _TRANSLATOR, _OLDER = "gpt-realtime", "gpt-realtime-translate", "gpt-4o-realtime-preview"
_FORMAT: Mapping[str, Any] = {"type": "audio/pcm", "rate": 24_000}
_DETECTION: Mapping[str, Mapping[str, Any]] = {
    "server_vad": {
        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
        "idle_timeout_ms": None, "create_response": True, "interrupt_response": True,
    },
    "semantic_vad": {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True},
}  # fmt: skip
"""What each way to find the end of a turn assumes."""
_INPUT: Mapping[str, Any] = {
    "format": _FORMAT, "transcription": None, "noise_reduction": None, "turn_detection": _DETECTION["server_vad"],
}  # fmt: skip
_CAN_BE_OFF = ("turn_detection",)
_PLAIN_DETECTION: Mapping[str, Any] = {
    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
}  # fmt: skip
_TALKING: Mapping[str, Any] = {
    "object": "realtime.session", "type": "realtime", "model": _MODEL, "output_modalities": ["audio"],
    "instructions": "", "tools": [], "tool_choice": "auto", "max_output_tokens": "inf", "tracing": None,
    "truncation": "auto", "prompt": None, "include": None,
    "audio": {"input": _INPUT, "output": {"format": _FORMAT, "voice": "alloy", "speed": 1.0}},
}  # fmt: skip
_LISTENING: Mapping[str, Any] = {
    "object": "realtime.transcription_session", "type": "transcription", "include": None,
    "audio": {"input": {**_INPUT, "turn_detection": _PLAIN_DETECTION}},
}  # fmt: skip
_TRANSLATING: Mapping[str, Any] = {
    "type": "translation", "model": _TRANSLATOR,
    "audio": {"input": {"transcription": None, "noise_reduction": None}, "output": {"language": None}},
}  # fmt: skip
_OLDER_TALKING: Mapping[str, Any] = {
    "object": "realtime.session", "model": _OLDER, "modalities": ["audio", "text"], "instructions": "",
    "voice": "alloy", "input_audio_format": "pcm16", "output_audio_format": "pcm16", "input_audio_transcription": None,
    "turn_detection": _PLAIN_DETECTION, "tools": [], "tool_choice": "auto", "temperature": 0.8,
    "max_response_output_tokens": "inf", "speed": 1.0, "tracing": None,
}  # fmt: skip
_OLDER_LISTENING: Mapping[str, Any] = {
    "object": "realtime.transcription_session", "modalities": ["audio", "text"], "input_audio_format": "pcm16",
    "input_audio_transcription": None, "turn_detection": _PLAIN_DETECTION,
}  # fmt: skip


@realtime.on("realtime.client_secrets.create")
def create_secret(call: Call) -> Answer:
    """A secret for a session that is as the request says, and otherwise as documented."""
    asked = call.body.get("session") or {}
    listens = asked.get("type") == "transcription"
    session = {"id": _id(call), **configured(_LISTENING if listens else _TALKING, asked), "expires_at": 0}
    return {**_secret(call, call.body.get("expires_after")), "session": session}


@realtime.on("realtime.translations.client_secrets.create")
def create_translation_secret(call: Call) -> Answer:
    """A secret for a session that translates what is said."""
    secret = _secret(call, call.body.get("expires_after"))
    session = configured(_TRANSLATING, call.body.get("session") or {})
    return {**secret, "session": {"id": _id(call), **session, "expires_at": secret["expires_at"]}}


@realtime.on("beta.realtime.sessions.create")
def create_session(call: Call) -> Answer:
    """A session as the older API has it, with its secret."""
    return _older(call, _OLDER_TALKING, (call.body.get("client_secret") or {}).get("expires_after"))


@realtime.on("beta.realtime.transcription_sessions.create")
def create_transcription_session(call: Call) -> Answer:
    """A session that only listens, as the older API has it, with its secret."""
    return _older(call, _OLDER_LISTENING, (call.body.get("client_secret") or {}).get("expires_at"))


@realtime.on("realtime.calls.create")
def create_call(call: Call) -> Answer:
    """The answer to the offer of a browser."""
    return Raw(_description(call).encode(), "application/sdp")


@realtime.on("live.create")
@realtime.on("live.sessions.fork")
def create_live(call: Call) -> Answer:
    """A new session of Live, and the answer to the offer of a browser."""
    return {"session": {"id": _id(call)}, "transport": {"type": "webrtc", "sdp": _description(call)}}


def _description(call: Call) -> str:
    """A description of a session in which nothing is sent."""
    number = int(call.world.ids.hexadecimal("", 12), 16)
    lines = (
        "v=0", f"o=- {number} 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0", "a=mid:0", "a=inactive", "a=rtpmap:111 opus/48000/2",
    )  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines)


def configured(assumed: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is assumed with what is asked for in its place, field by field. Null switches off what can be off; anywhere
    else it is as good as leaving the field out.

    What says its own `type`, such as a format, replaces one of another type whole.
    """
    made = dict(assumed)
    for key, value in asked.items():
        known = assumed.get(key)
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            changed = "type" in value and value["type"] != known.get("type")
            made[key] = configured(_DETECTION.get(value["type"], {}) if changed else known, value)
        elif value is not None or known is None or key in _CAN_BE_OFF:
            made[key] = value
    return made


def _older(call: Call, assumed: Mapping[str, Any], expires_after: Mapping[str, Any] | None) -> Answer:
    asked = {key: value for key, value in call.body.items() if key != "client_secret"}
    secret = _secret(call, expires_after)
    return {"id": _id(call), **configured(assumed, asked), "expires_at": 0, "client_secret": secret}


def _secret(call: Call, expires_after: Mapping[str, Any] | None) -> dict[str, Any]:
    seconds = (expires_after or {}).get("seconds") or _LASTING
    return {"value": call.world.ids.hexadecimal("ek_", 32), "expires_at": call.now + seconds}


def _id(call: Call) -> str:
    return call.world.ids.letters("sess_", 21)
