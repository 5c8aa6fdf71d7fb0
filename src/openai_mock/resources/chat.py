"""Chat completions: one conversation in, one or more turns out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import msgspec

from openai_mock.engine.answers import Alike, Answer, Events
from openai_mock.engine.chat_object import keep_chat
from openai_mock.engine.overlay import laid_over
from openai_mock.engine.resource import Call, Resource
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.pieces import encoded_pieces
from openai_mock.turns.tokens import count, encoding_for, prompt_tokens
from openai_mock.turns.turn import Prompt, Reply, ToolCall, Turn

chat = Resource("chat.completion")
_encode = msgspec.json.Encoder().encode
FINGERPRINT = "fp_openai_mock"
_DONE = b"data: [DONE]\n\n"


@chat.on("chat.completions.create")
def create(call: Call) -> Answer:
    """Answer whole or, with `stream`, as chunks of the same turns."""
    body, model = call.body, call.model
    reply = call.world.speak(Prompt(from_chat(body["messages"]), model, body))
    call.rule = reply.rule
    turns = _choices(reply, body.get("n") or 1)
    whole = _completion(call, model, reply, turns)
    if body.get("store"):
        keep_chat(call, whole)
    return Events(_chunks(whole, turns, body)) if body.get("stream") else whole


def _choices(reply: Reply, n: int) -> Sequence[Turn]:
    """`n` turns; a reply with fewer says the same again, one that fixed its own choices keeps them."""
    turns = reply.turns
    return turns if len(turns) >= n or reply.fields else [turns[index % len(turns)] for index in range(n)]


def _completion(call: Call, model: str, reply: Reply, turns: Sequence[Turn]) -> dict[str, Any]:
    body, encoding = call.body, encoding_for(model)
    prompt = prompt_tokens(body["messages"], model, body.get("tools") or ())
    thought = sum([turn.reasoning_tokens for turn in turns])
    said = thought + sum([_tokens(turn, encoding) for turn in turns])
    whole = {
        "id": reply.id or call.world.ids.letters("chatcmpl-", 29),
        "object": "chat.completion",
        "created": call.now,
        "model": model,
        "choices": [_choice(index, turn) for index, turn in enumerate(turns)],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": said,
            "total_tokens": prompt + said,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
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
    return laid_over(whole, reply.fields) if reply.fields else whole


def _tokens(turn: Turn, encoding: str) -> int:
    if turn.tokens is not None:
        return turn.tokens
    tokens = count(turn.text or turn.refusal or "", encoding)
    for tool in turn.tool_calls:
        tokens += count(tool.name, encoding) + count(tool.arguments, encoding)
    return tokens


def _choice(index: int, turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": turn.text,
        "refusal": turn.refusal,
        "annotations": [],
    }
    if turn.tool_calls:
        message["tool_calls"] = [_tool_call(tool) for tool in turn.tool_calls]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": turn.finish_reason}


def _tool_call(tool: ToolCall) -> dict[str, Any]:
    inner = {"name": tool.name, ("input" if tool.type == "custom" else "arguments"): tool.arguments}
    return {"id": tool.id, "type": tool.type, tool.type: inner}


# The stream. A chunk is a constant prefix, one encoded value and a constant suffix; only the values differ.


def _chunks(whole: Mapping[str, Any], turns: Sequence[Turn], body: Mapping[str, Any]) -> Iterator[bytes | Alike]:
    """The chunks of a completion, choices in turn, then the usage if asked for, then the end."""
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    shared = dict(whole)
    del shared["choices"], shared["usage"], shared["object"]
    shared["object"] = "chat.completion.chunk"
    start = b"data: " + _encode(shared)[:-1]
    end = b',"usage":null}\n\n' if with_usage else b"}\n\n"
    encoding = encoding_for(whole["model"])
    choices = whole["choices"]
    streams = [_choice_chunks(start, end, choice, turn, encoding) for choice, turn in zip(choices, turns, strict=True)]
    if len(streams) == 1:
        yield from streams[0]
    else:
        one_by_one = [Events(stream).singly() for stream in streams]
        yield from (chunk for chunk in chain.from_iterable(zip_longest(*one_by_one)) if chunk is not None)
    if with_usage:
        yield b'%b,"choices":[],"usage":%b}\n\n' % (start, _encode(whole["usage"]))
    yield _DONE


def _choice_chunks(
    start: bytes, end: bytes, choice: Mapping[str, Any], turn: Turn, encoding: str
) -> Iterator[bytes | Alike]:
    before = b'%b,"choices":[{"index":%d,"delta":' % (start, choice["index"])
    after = b',"logprobs":null,"finish_reason":null}]' + end
    role = _encode({"role": "assistant", "content": None if turn.text is None and turn.tool_calls else ""})
    yield before + role + after
    for key, text in ((b"content", turn.text), (b"refusal", turn.refusal)):
        if text:
            yield Alike(b'%b{"%b":"' % (before, key), encoded_pieces(text, encoding), b'"}' + after)
    for index, tool in enumerate(turn.tool_calls):
        yield from _tool_chunks(before, after, index, tool, encoding)
    finish = _encode(choice["finish_reason"])
    yield b'%b{},"logprobs":null,"finish_reason":%b}]%b' % (before, finish, end)


def _tool_chunks(before: bytes, after: bytes, index: int, tool: ToolCall, encoding: str) -> Iterator[bytes | Alike]:
    empty = _tool_call(msgspec.structs.replace(tool, arguments=""))
    yield before + _encode({"tool_calls": [{"index": index, **empty}]}) + after
    key = b"custom" if tool.type == "custom" else b"function"
    field = b"input" if tool.type == "custom" else b"arguments"
    opening = b'%b{"tool_calls":[{"index":%d,"%b":{"%b":"' % (before, index, key, field)
    if tool.arguments:
        yield Alike(opening, encoded_pieces(tool.arguments, encoding), b'"}}]}' + after)
