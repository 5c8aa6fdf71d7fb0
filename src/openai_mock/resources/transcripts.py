"""Transcripts: what a recording says, or says in English, in every format, with times that fit its duration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import ceil
from typing import Any
from zlib import crc32

import msgspec

from openai_mock.engine.answers import Answer, Events, Raw
from openai_mock.engine.errors import ApiError
from openai_mock.engine.forms import FilePart
from openai_mock.engine.resource import Call, Resource
from openai_mock.media.durations import duration
from openai_mock.media.kinds import kind
from openai_mock.turns.captions import Span, segments, srt, vtt, words
from openai_mock.turns.pieces import pieces
from openai_mock.turns.tokens import count, encode, encoding_for

transcripts = Resource("transcript")
_PLAIN = "text/plain; charset=utf-8"
_ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
_KINDS = ("flac", "m4a", "mp3", "mp4", "ogg", "wav", "webm")
_LARGEST, _SHORTEST = 26_214_400, 0.1
_ASSUMED = 10.0
"""Seconds of a recording whose headers do not say how long it plays."""
_AUDIO_TOKENS = 10
_LANGUAGES = {
    "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "ja": "japanese",
    "nl": "dutch", "pl": "polish", "pt": "portuguese", "ru": "russian", "zh": "chinese",
}  # fmt: skip
_OPENINGS = (
    "This transcript was written by openai-mock, which does not listen.",
    "Hello from openai-mock, which has not listened to this recording.",
    "You are reading openai-mock, and nobody has heard this recording.",
)
_encode = msgspec.json.Encoder().encode


class _Heard(msgspec.Struct, frozen=True):
    """A recording: its text, and how many seconds it plays."""

    text: str
    seconds: float


@transcripts.on("audio.transcriptions.create")
def transcribe(call: Call) -> Answer:
    """The words of a recording in the format that is asked for, or as events."""
    form = _format(call)
    heard = _heard(call)
    call.used = {"seconds": ceil(heard.seconds)}
    if call.body.get("stream") and not _is_whisper(call.model):
        return Events(_frames(call, heard, diarized=form == "diarized_json"))
    if form == "verbose_json":
        return _verbose(call, heard, "transcribe")
    if form == "diarized_json":
        return {
            "task": "transcribe",
            "duration": heard.seconds,
            "text": heard.text,
            "segments": _speakers(call, heard),
            "usage": _usage(call, heard),
        }
    if form != "json":
        return _PLAINLY[form](heard)
    logged = {"logprobs": _logprobs(call, heard.text)} if _wants_logprobs(call) else {}
    return {"text": heard.text, **logged, "usage": _usage(call, heard)}


@transcripts.on("audio.translations.create")
def translate(call: Call) -> Answer:
    """The same in English, which every transcript here is."""
    form = _format(call)
    heard = _heard(call)
    call.used = {"seconds": ceil(heard.seconds)}
    if form == "verbose_json":
        return _verbose(call, heard, "translate")
    return {"text": heard.text} if form == "json" else _PLAINLY[form](heard)


def _is_whisper(model: str) -> bool:
    return model.startswith("whisper")


def _format(call: Call) -> str:
    """The format that is asked for. Raises OpenAI's 400 where the model does not write it."""
    form = call.body.get("response_format") or "json"
    model = call.model
    known: tuple[str, ...] = ()
    if "diarize" in model:
        known = ("json", "text", "diarized_json")
    elif model.startswith(("gpt-4o", "gpt-transcribe")):
        known = ("json", "text")
    elif _is_whisper(model):
        known = ("json", "text", "srt", "verbose_json", "vtt")
    if known and form not in known:
        listed = ", ".join(f"'{name}'" for name in known[:-1]) + f" or '{known[-1]}'"
        message = f"response_format '{form}' is not compatible with model '{model}'. Use {listed} instead."
        raise ApiError(400, message, param="response_format", code="unsupported_value")
    return str(form)


def _heard(call: Call) -> _Heard:
    """The text of the uploaded recording. Raises OpenAI's 400 for what is none; lenient ids take any bytes."""
    sent = call.body["file"]
    part = sent if isinstance(sent, FilePart) else FilePart("", "", str(sent).encode())
    seconds = duration(part.content, part.filename)
    if not call.world.lenient_ids:
        _check(call, part, seconds)
    seconds = round(_ASSUMED if seconds is None else seconds, 2)
    name = part.filename or "audio"
    for pattern, text in call.world.transcripts.items():
        if fnmatchcase(name, pattern):
            return _Heard(text, seconds)
    return _Heard(_explained(name, seconds), seconds)


def _explained(name: str, seconds: float) -> str:
    """A text that tells a newcomer what it is; recordings open differently by their names."""
    opening = _OPENINGS[crc32(name.encode("utf-8", "surrogatepass")) % len(_OPENINGS)]
    return (
        f'{opening} The file "{name}" plays {seconds:g} seconds. '
        "To choose its text, write the file name and the text under transcripts in the configuration."
    )


def _check(call: Call, part: FilePart, seconds: float | None) -> None:
    if len(part.content) > _LARGEST:
        size = f"Maximum content size limit ({_LARGEST}) exceeded ({len(part.content)} bytes read)"
        raise ApiError(413, size, type="server_error")
    ending = part.filename.rpartition(".")[2].lower() if "." in part.filename else ""
    if ending and ending not in _ENDINGS:
        raise ApiError(400, f"Invalid file format. Supported formats: {sorted(_ENDINGS)}")
    if not part.content or (seconds is not None and seconds < _SHORTEST):
        message = f"Audio file is too short. Minimum audio length is {_SHORTEST} seconds."
        raise ApiError(400, message, param="file", code="audio_too_short")
    if kind(part.content) not in _KINDS:
        if _is_whisper(call.model):
            raise ApiError(400, "The audio file could not be decoded or its format is not supported.")
        raise ApiError(400, "Audio file might be corrupted or unsupported", param="file", code="invalid_value")


def _verbose(call: Call, heard: _Heard, task: str) -> dict[str, Any]:
    body, encoding = call.body, encoding_for(call.model)
    wanted = body.get("timestamp_granularities") or ("segment",)
    language = body.get("language") or "en"
    shown: dict[str, Any] = {
        "task": task,
        "language": _LANGUAGES.get(language, language) if task == "transcribe" else "english",
        "duration": heard.seconds,
        "text": heard.text,
    }
    if "segment" in wanted:
        found = segments(heard.text, heard.seconds)
        temperature = float(body.get("temperature") or 0)
        shown["segments"] = [_segment(index, each, encoding, temperature) for index, each in enumerate(found)]
    if "word" in wanted:
        said = words(heard.text, heard.seconds)
        shown["words"] = [{"word": each.text, "start": each.start, "end": each.end} for each in said]
    return {**shown, "usage": _seconds(heard)} if task == "transcribe" else shown


def _segment(index: int, span: Span, encoding: str, temperature: float) -> dict[str, Any]:
    return {
        "id": index,
        "seek": 0,
        "start": span.start,
        "end": span.end,
        "text": f" {span.text}",
        "tokens": encode(f" {span.text}", encoding),
        "temperature": temperature,
        "avg_logprob": -0.25,
        "compression_ratio": 1.25,
        "no_speech_prob": 0.01,
    }


def _speakers(call: Call, heard: _Heard) -> list[dict[str, Any]]:
    """The sentences by turns of two speakers, or of those whose names are sent."""
    names: Sequence[str] = call.body.get("known_speaker_names") or ("A", "B")
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{index + 1:03}",
            "start": each.start,
            "end": each.end,
            "text": each.text,
            "speaker": names[index % len(names)],
        }
        for index, each in enumerate(segments(heard.text, heard.seconds))
    ]


def _frames(call: Call, heard: _Heard, *, diarized: bool) -> Iterator[bytes]:
    """The text as it is heard; each segment of a speaker comes when its words are complete."""
    encoding, logged = encoding_for(call.model), _wants_logprobs(call)
    spoken = _speakers(call, heard) if diarized else ()
    ends = _ends(heard.text, spoken)
    said = at = 0
    for piece in pieces(heard.text, encoding):
        delta: dict[str, Any] = {"type": "transcript.text.delta", "delta": piece}
        if logged:
            delta["logprobs"] = _logprobs(call, piece)
        yield _framed({**delta, "segment_id": spoken[min(at, len(spoken) - 1)]["id"]} if spoken else delta)
        said += len(piece)
        while at < len(ends) and ends[at] <= said:
            yield _framed(spoken[at])
            at += 1
    done: dict[str, Any] = {"type": "transcript.text.done", "text": heard.text}
    if logged:
        done["logprobs"] = _logprobs(call, heard.text)
    yield _framed({**done, "usage": _tokens(call, heard)})


def _ends(text: str, spoken: Sequence[Mapping[str, Any]]) -> list[int]:
    """Where in a text the words of each of its segments end."""
    ends: list[int] = []
    for segment in spoken:
        ends.append(text.index(segment["text"], ends[-1] if ends else 0) + len(segment["text"]))
    return ends


def _framed(event: Mapping[str, Any]) -> bytes:
    return b"data: %b\n\n" % _encode(event)


def _wants_logprobs(call: Call) -> bool:
    return "logprobs" in (call.body.get("include") or ())


def _logprobs(call: Call, text: str) -> list[dict[str, Any]]:
    return [
        {"token": piece, "bytes": list(piece.encode("utf-8", "replace")), "logprob": _logprob(piece)}
        for piece in pieces(text, encoding_for(call.model))
    ]


def _logprob(piece: str) -> float:
    """How likely a piece was: quite, and always the same."""
    return -round(crc32(piece.encode("utf-8", "replace")) % 1000 / 4000, 6)


def _usage(call: Call, heard: _Heard) -> dict[str, Any]:
    """Seconds where the model is paid by the second, else tokens."""
    return _seconds(heard) if _is_whisper(call.model) else _tokens(call, heard)


def _seconds(heard: _Heard) -> dict[str, Any]:
    return {"type": "duration", "seconds": ceil(heard.seconds)}


def _tokens(call: Call, heard: _Heard) -> dict[str, Any]:
    encoding = encoding_for(call.model)
    sound, text = ceil(heard.seconds * _AUDIO_TOKENS), count(call.body.get("prompt") or "", encoding)
    said = count(heard.text, encoding)
    return {
        "type": "tokens",
        "input_tokens": sound + text,
        "input_token_details": {"text_tokens": text, "audio_tokens": sound},
        "output_tokens": said,
        "total_tokens": sound + text + said,
    }


_PLAINLY: Mapping[str, Callable[[_Heard], Raw]] = {
    "text": lambda heard: Raw(f"{heard.text}\n".encode("utf-8", "replace"), _PLAIN),
    "srt": lambda heard: Raw(srt(heard.text, heard.seconds).encode("utf-8", "replace"), _PLAIN),
    "vtt": lambda heard: Raw(vtt(heard.text, heard.seconds).encode("utf-8", "replace"), _PLAIN),
}
