"""Chat completions: one conversation in, one or more turns out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import msgspec

from openai_mock.engine.answers import Answer, Events
from openai_mock.engine.errors import unknown_model_in_chat
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
    if call.world.strict_models and model not in call.world.models:
        raise unknown_model_in_chat(model)
    reply = call.world.speak(Prompt(from_chat(body["messages"]), model, body))
    call.rule = reply.rule
    turns = _choices(reply, body.get("n") or 1)
    whole = _completion(call, reply, turns)
    return Events(_chunks(whole, turns, body)) if body.get("stream") else whole


def _choices(reply: Reply, n: int) -> Sequence[Turn]:
    """`n` turns; a reply with fewer says the same again, one that fixed its own choices keeps them."""
    turns = reply.turns
    return turns if len(turns) >= n or reply.fields else [turns[index % len(turns)] for index in range(n)]


def _completion(call: Call, reply: Reply, turns: Sequence[Turn]) -> dict[str, Any]:
    body, model = call.body, call.model
    prompt = prompt_tokens(body["messages"], model, body.get("tools") or ())
    said = sum([_tokens(turn, encoding_for(model)) for turn in turns])
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
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    return _laid_over(whole, reply.fields) if reply.fields else whole


def _tokens(turn: Turn, encoding: str) -> int:
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


def _laid_over(whole: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The user's fields over ours; a total they left out is the sum of the parts they gave."""
    merged: dict[str, Any] = _merged(whole, fields)
    usage, given = merged.get("usage"), fields.get("usage")
    if isinstance(usage, dict) and isinstance(given, Mapping) and "total_tokens" not in given:
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    return merged


def _merged(ours: Any, theirs: Any) -> Any:
    if isinstance(ours, dict) and isinstance(theirs, Mapping):
        return {**ours, **{key: _merged(ours.get(key), value) for key, value in theirs.items()}}
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [_merged(mine, given) for mine, given in zip(ours, theirs, strict=True)]
    return theirs


# The stream. A chunk is a constant prefix, one encoded value and a constant suffix; only the values differ.


def _chunks(whole: Mapping[str, Any], turns: Sequence[Turn], body: Mapping[str, Any]) -> Iterator[bytes]:
    """The chunks of a completion, choices in turn, then the usage if asked for, then the end."""
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    shared = {key: value for key, value in whole.items() if key not in ("choices", "usage", "object")}
    shared["object"] = "chat.completion.chunk"
    start = b"data: " + _encode(shared)[:-1]
    end = b',"usage":null}\n\n' if with_usage else b"}\n\n"
    encoding = encoding_for(whole["model"])
    choices = whole["choices"]
    streams = [_choice_chunks(start, end, choice, turn, encoding) for choice, turn in zip(choices, turns, strict=True)]
    if len(streams) == 1:
        yield from streams[0]
    else:
        yield from (chunk for chunk in chain.from_iterable(zip_longest(*streams)) if chunk is not None)
    if with_usage:
        yield b'%b,"choices":[],"usage":%b}\n\n' % (start, _encode(whole["usage"]))
    yield _DONE


def _choice_chunks(start: bytes, end: bytes, choice: Mapping[str, Any], turn: Turn, encoding: str) -> Iterator[bytes]:
    before = b'%b,"choices":[{"index":%d,"delta":' % (start, choice["index"])
    after = b',"logprobs":null,"finish_reason":null}]' + end
    role = _encode({"role": "assistant", "content": None if turn.text is None and turn.tool_calls else ""})
    yield before + role + after
    for key, text in ((b"content", turn.text), (b"refusal", turn.refusal)):
        opening, closing = b'%b{"%b":"' % (before, key), b'"}' + after
        for piece in encoded_pieces(text, encoding) if text else ():
            yield opening + piece + closing
    for index, tool in enumerate(turn.tool_calls):
        yield from _tool_chunks(before, after, index, tool, encoding)
    finish = _encode(choice["finish_reason"])
    yield b'%b{},"logprobs":null,"finish_reason":%b}]%b' % (before, finish, end)


def _tool_chunks(before: bytes, after: bytes, index: int, tool: ToolCall, encoding: str) -> Iterator[bytes]:
    empty = _tool_call(msgspec.structs.replace(tool, arguments=""))
    yield before + _encode({"tool_calls": [{"index": index, **empty}]}) + after
    key = b"custom" if tool.type == "custom" else b"function"
    field = b"input" if tool.type == "custom" else b"arguments"
    opening = b'%b{"tool_calls":[{"index":%d,"%b":{"%b":"' % (before, index, key, field)
    for piece in encoded_pieces(tool.arguments, encoding) if tool.arguments else ():
        yield opening + piece + b'"}}]}' + after
