"""Chat completions: one conversation in, one or more turns out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import msgspec

from openai_mock.engine.answers import Alike, Answer, Events
from openai_mock.engine.chat_object import keep_chat
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.overlay import laid_over
from openai_mock.engine.prompt_cache import SHORTEST
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.uses import used_of
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.requests import in_chat
from openai_mock.turns.citations import nested
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.likely import along
from openai_mock.turns.padding import filler, padded_pieces
from openai_mock.turns.pieces import encoded_pieces, pieces
from openai_mock.turns.tokens import count, encoding_for, prompt_tokens
from openai_mock.turns.tools import is_named, is_older
from openai_mock.turns.turn import Message, Reply, ToolCall, Turn
from openai_mock.turns.written import chat_fields

chat = Resource("chat.completion")
_encode = msgspec.json.Encoder().encode
FINGERPRINT = "fp_openai_mock"
_DONE = b"data: [DONE]\n\n"
_DETAILS = frozenset({"logprobs", "modalities", "prediction", "service_tier", "web_search_options"})
"""What only some requests ask for; `chat_details` answers it."""
_OBFUSCATION = b',"obfuscation":"'
_SOUND = 9_600
"""Bytes of a voice in one chunk: 0.2 s, which Base64 writes without padding."""


@chat.checks("chat.completions.create")
def misuse(call: Call) -> Iterable[Misuse]:
    """What is wrong with a request; plain texts name no files."""
    found = in_chat(call.body, len(call.request.body))
    return chain(found, unknown_references(call)) if found else found


@chat.on("chat.completions.create")
def create(call: Call) -> Answer:
    """Answer whole or, with `stream`, as chunks of the same turns."""
    body, model = call.body, call.model
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    aloud: list[Mapping[str, Any]] = []
    heard = from_chat(messages, aloud)
    special = aloud or (len(body) > 2 and not _DETAILS.isdisjoint(body))
    if special:
        messages, heard = _prepared(call, heard)
    reply = call.world.speak(call.prompt(heard, model, body))
    call.rule = reply.rule
    turns = _choices(reply, body.get("n") or 1)
    whole = _completion(call, model, messages, reply, turns)
    if special or (turns and (turns[0].audio or turns[0].logprobs)):
        _detail(call, messages, whole, turns)
    if reply.fields:
        whole = laid_over(whole, chat_fields(reply.fields))
    if body.get("store"):
        keep_chat(call, whole)
    if not body.get("stream"):
        return whole
    call.used = used_of(whole) or {"service_tier": whole.get("service_tier")}
    return Events(_chunks(whole, turns, body))


def _prepared(call: Call, heard: list[Message]) -> tuple[Sequence[Mapping[str, Any]], list[Message]]:
    """The messages with the words of the voices they refer to. Raises OpenAI's errors for what asks for a voice."""
    from openai_mock.engine.chat_audio import check_audio, recalled  # noqa: PLC0415 - few requests need any of it

    messages = call.body["messages"]
    check_audio(call.body)
    if not any(message.get("audio") for message in messages):
        return messages, heard
    known = recalled(call, messages)
    return known, from_chat(known)


def _detail(call: Call, messages: Sequence[Mapping[str, Any]], whole: dict[str, Any], turns: Sequence[Turn]) -> None:
    from openai_mock.engine.chat_details import detailed  # noqa: PLC0415 - few requests ask for details

    detailed(call, messages, whole, turns)


def _choices(reply: Reply, n: int) -> Sequence[Turn]:
    """`n` turns; a reply with fewer says the same again, one that fixed its own choices keeps them."""
    turns = reply.turns
    return (
        turns
        if len(turns) >= n or "choices" in (reply.fields or ())
        else [turns[index % len(turns)] for index in range(n)]
    )


def _completion(
    call: Call, model: str, messages: Sequence[Mapping[str, Any]], reply: Reply, turns: Sequence[Turn]
) -> dict[str, Any]:
    body, encoding = call.body, encoding_for(model)
    prompt = prompt_tokens(messages, model, body.get("tools") or body.get("functions") or ())
    thought = sum([turn.reasoning_tokens for turn in turns])
    said = thought + sum([_tokens(turn, encoding) for turn in turns])
    details = {"cached_tokens": 0, "audio_tokens": 0}
    if prompt >= SHORTEST:
        _cached(call, messages, prompt, details)
    return {
        "id": reply.id or call.world.ids.letters("chatcmpl-", 29),
        "object": "chat.completion",
        "created": call.now,
        "model": model,
        "choices": [_choice(index, turn, body) for index, turn in enumerate(turns)],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": said,
            "total_tokens": prompt + said,
            "prompt_tokens_details": details,
            "completion_tokens_details": {
                "reasoning_tokens": thought,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def _cached(call: Call, messages: Sequence[Mapping[str, Any]], tokens: int, details: dict[str, int]) -> None:
    details["cached_tokens"], written = call.world.sessions.prompts.read(call, messages, tokens)
    if written:
        details["cache_write_tokens"] = written


def _tokens(turn: Turn, encoding: str) -> int:
    if turn.tokens is not None:
        return turn.tokens
    tokens = count(turn.text or turn.refusal or "", encoding)
    for tool in turn.tool_calls:
        tokens += count(tool.name, encoding) + count(tool.arguments, encoding)
    return tokens


def _choice(index: int, turn: Turn, body: Mapping[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": turn.text,
        "refusal": turn.refusal,
        "annotations": nested(turn.annotations) if turn.annotations else [],
    }
    finish = _show_calls(message, turn, body) if turn.tool_calls else turn.finish_reason
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}


def _show_calls(message: dict[str, Any], turn: Turn, body: Mapping[str, Any]) -> str:
    """Add the calls in the form in which the request offers tools, and tell how the choice ends.

    That is `stop` where the request names the tool: the model did not decide to call.
    """
    finish = "function_call" if is_older(body) else "tool_calls"
    if finish == "function_call":
        message["function_call"] = {"name": turn.tool_calls[0].name, "arguments": turn.tool_calls[0].arguments}
    else:
        message["tool_calls"] = [_tool_call(tool) for tool in turn.tool_calls]
    return turn.finish or ("stop" if is_named(body) else finish)


def _tool_call(tool: ToolCall) -> dict[str, Any]:
    inner = {"name": tool.name, ("input" if tool.type == "custom" else "arguments"): tool.arguments}
    return {"id": tool.id, "type": tool.type, tool.type: inner}


# The stream. A chunk is a constant prefix, one encoded value and a constant suffix; only the values differ.


class _Frames(msgspec.Struct, frozen=True):
    """How the chunks of one stream are written: what stands before and behind their choices, and whether a filler
    evens out their sizes.
    """

    start: bytes
    end: bytes
    padded: bool

    def one(self, choice: Mapping[str, Any]) -> bytes:
        """A chunk of its own."""
        return self.written(_encode(choice))

    def written(self, choice: bytes) -> bytes:
        """A chunk of its own, of a choice that is written already."""
        if not self.padded:
            return b'%b,"choices":[%b]%b}\n\n' % (self.start, choice, self.end)
        return b'%b,"choices":[%b]%b%b%b"}\n\n' % (self.start, choice, self.end, _OBFUSCATION, filler(choice))

    def text(self, before: bytes, after: bytes, text: str, encoding: str) -> Alike:
        """Chunks that bring a text between the two halves of a choice."""
        opening, between = b'%b,"choices":[%b' % (self.start, before), b"%b]%b" % (after, self.end)
        if not self.padded:
            return Alike(opening, encoded_pieces(text, encoding), between + b"}\n\n")
        return Alike(opening, padded_pieces(text, encoding, between + _OBFUSCATION), b'"}\n\n')


def _chunks(whole: Mapping[str, Any], turns: Sequence[Turn], body: Mapping[str, Any]) -> Iterator[bytes | Alike]:
    """The chunks of a completion, choices in turn, then the usage if asked for, then the end."""
    options = body.get("stream_options") or {}
    with_usage = bool(options.get("include_usage"))
    shared = dict(whole)
    del shared["choices"], shared["usage"], shared["object"]
    shared["object"] = "chat.completion.chunk"
    start = b"data: " + _encode(shared)[:-1]
    frames = _Frames(start, b',"usage":null' if with_usage else b"", options.get("include_obfuscation") is not False)
    encoding = encoding_for(whole["model"])
    choices = whole["choices"]
    streams = [_choice_chunks(frames, choice, turn, encoding) for choice, turn in zip(choices, turns, strict=True)]
    if len(streams) == 1:
        yield from streams[0]
    else:
        one_by_one = [Events(stream).singly() for stream in streams]
        yield from (chunk for chunk in chain.from_iterable(zip_longest(*one_by_one)) if chunk is not None)
    if with_usage:
        yield b'%b,"choices":[],"usage":%b}\n\n' % (start, _encode(whole["usage"]))
    yield _DONE


def _choice_chunks(frames: _Frames, choice: Mapping[str, Any], turn: Turn, encoding: str) -> Iterator[bytes | Alike]:
    index, message, likely = choice["index"], choice["message"], choice.get("logprobs") or {}
    before, after = b'{"index":%d,"delta":' % index, b',"logprobs":null,"finish_reason":null}'
    voice = message.get("audio")
    nothing = b"null" if voice or (turn.text is None and turn.tool_calls) else b'""'
    yield frames.written(b'%b{"role":"assistant","content":%b}%b' % (before, nothing, after))
    if voice:
        yield from _voice_chunks(frames, index, voice, encoding)
    for key, text in (("content", None if voice else turn.text), ("refusal", turn.refusal)):
        if text and likely.get(key):
            cut = pieces(text, encoding)
            for piece, own in zip(cut, along(cut, likely[key]), strict=True):
                yield frames.one(_delta(index, {key: piece}, {"content": None, "refusal": None, key: own}))
        elif text:
            yield frames.text(b'%b{"%b":"' % (before, key.encode()), b'"}' + after, text, encoding)
    if older := message.get("function_call"):
        yield frames.one(_delta(index, {"function_call": {**older, "arguments": ""}}))
        yield frames.text(b'%b{"function_call":{"arguments":"' % before, b'"}}' + after, older["arguments"], encoding)
    else:
        for number, tool in enumerate(turn.tool_calls):
            yield from _tool_chunks(frames, index, number, tool, encoding)
    if message.get("annotations"):
        yield frames.one(_delta(index, {"annotations": message["annotations"]}))
    yield frames.written(b'%b{},"logprobs":null,"finish_reason":%b}' % (before, _encode(choice["finish_reason"])))


def _delta(index: int, delta: Mapping[str, Any], logprobs: Any = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}


def _voice_chunks(frames: _Frames, index: int, voice: Mapping[str, Any], encoding: str) -> Iterator[bytes]:
    """A voice with its words, piece by piece; its id comes with the first, and when it expires at the end."""
    data, size = voice["data"], _SOUND * 4 // 3
    sounds = (data[start : start + size] for start in range(0, len(data), size))
    known: dict[str, Any] = {"id": voice["id"]}
    for words, sound in zip_longest(pieces(voice["transcript"], encoding), sounds):
        known |= {} if words is None else {"transcript": words}
        yield frames.one(_delta(index, {"audio": known if sound is None else {**known, "data": sound}}))
        known = {}
    yield frames.one({"index": index, "delta": {"audio": {"expires_at": voice["expires_at"]}}, "logprobs": None})


def _tool_chunks(frames: _Frames, index: int, number: int, tool: ToolCall, encoding: str) -> Iterator[bytes | Alike]:
    empty = _tool_call(msgspec.structs.replace(tool, arguments=""))
    yield frames.one(_delta(index, {"tool_calls": [{"index": number, **empty}]}))
    key = b"custom" if tool.type == "custom" else b"function"
    field = b"input" if tool.type == "custom" else b"arguments"
    opening = b'{"index":%d,"delta":{"tool_calls":[{"index":%d,"%b":{"%b":"' % (index, number, key, field)
    if tool.arguments:
        after = b'"}}]},"logprobs":null,"finish_reason":null}'
        yield frames.text(opening, after, tool.arguments, encoding)
