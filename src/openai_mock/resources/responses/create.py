"""Creating responses, counting what one would read, and compacting what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from openai_mock.engine.answers import JSON, Answer, Events, Raw
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.uses import used_of
from openai_mock.resources.responses.context import Context, context_of, remembers
from openai_mock.resources.responses.grounding import grounded, with_results
from openai_mock.resources.responses.misuse import is_too_long, misuse
from openai_mock.resources.responses.output import finished, included
from openai_mock.resources.responses.running import enter, running
from openai_mock.resources.responses.stored import keep
from openai_mock.resources.responses.stream import frames
from openai_mock.resources.responses.whole import DEFAULT_MODEL, compaction, response_of
from openai_mock.turns.checks.room import INPUT_TOO_LONG
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.honour import limited
from openai_mock.turns.reasoning import reasons
from openai_mock.turns.tokens import encoding_for, prompt_tokens
from openai_mock.turns.turn import Prompt, Reply, Turn

responses = Resource("response")
_encode = msgspec.json.Encoder().encode
_WITHOUT_TOOLS = frozenset({"message", "reasoning", "function_call", "custom_tool_call"})
"""Items that use nothing but tokens, so that nobody has to read an answer again to know what it used."""
responses.checks("responses.create", "beta.responses.create")(misuse)
_TOO_LONG = Reply((Turn(items=({**asdict(INPUT_TOO_LONG), "type": "error"},)),))
"""What breaks a stream off whose input is too long."""


@responses.on("beta.responses.create")
@responses.on("responses.create")
def create(call: Call) -> Answer:
    """Answer whole, as events, or later where the response runs in the background."""
    body = call.body
    if body.get("background") and body.get("store") is False and not call.world.lenient_ids:
        message = "A response in the background must be stored: send 'store': true, or leave it out."
        raise ApiError(400, message, param="store", code="invalid_value")
    context = call.read or context_of(call)
    stream, tools = body.get("stream"), body.get("tools")
    if tools:
        enter(call)
    model = call.model or DEFAULT_MODEL
    prompt = call.prompt(from_chat(context.messages), model, body)
    reply = _TOO_LONG if stream and _breaks_off(call, context) else _spoken(call, prompt)
    if tools:
        reply = running(call, context, grounded(call, prompt, reply))
    whole, output = response_of(call, context, reply)
    include, top = body.get("include") or (), body.get("top_logprobs") or 0
    if include or top:
        encoding, greedy = encoding_for(model), body.get("temperature") == 0
        all_, shown = (with_results(call, items, tools, include) for items in (output, whole["output"]))
        output = included(all_, include, top=top, encoding=encoding, greedy=greedy)
        whole["output"] = included(shown, include, top=top, encoding=encoding, greedy=greedy)
    kinds = {item["type"] for item in output}
    broken = next(item for item in output if item["type"] == "error") if "error" in kinds else None
    used = call.used = used_of(whole)  # a client may leave, or a fault cut the answer, before it is told
    if used is not None and not kinds <= _WITHOUT_TOOLS:
        used["output"] = [{"type": item["type"], "container_id": item.get("container_id")} for item in whole["output"]]
    text = _encode(whole)
    if stream:
        obfuscate = (body.get("stream_options") or {}).get("include_obfuscation") is not False
        if broken is None:
            _keep(call, context, whole, text, streamed=True)
        return Events(frames(whole, text, output, encoding=encoding_for(model), obfuscate=obfuscate))
    if broken is not None:
        raise _refusal(broken)
    kept = _keep(call, context, whole, text, streamed=False)
    return Raw(text, JSON) if kept is whole else kept


def _breaks_off(call: Call, context: Context) -> bool:
    """Whether a stream has to tell that the input is too long; without a stream that is said before.

    What the check of the request did not even have to read is not.
    """
    return call.read is not None and not call.world.forgiving and is_too_long(call, context)


def _refusal(error: Mapping[str, Any]) -> ApiError:
    """What breaks a stream off, told to a client that asked for no stream."""
    return ApiError(
        error.get("status") or 400, error.get("message") or "", param=error.get("param"), code=error.get("code")
    )


def _spoken(call: Call, prompt: Prompt) -> Reply:
    """What is said: one thing, so of several choices the first, and with the thinking that its model does."""
    reply = call.world.speak(prompt)
    call.rule = reply.rule
    if reply.fields or not reply.turns:
        return reply if len(reply.turns) < 2 else replace(reply, turns=reply.turns[:1])
    return replace(reply, turns=(limited(reply.turns[0], prompt),)) if reasons(prompt.model) else reply


def _keep(call: Call, context: Context, whole: dict[str, Any], text: bytes, *, streamed: bool) -> dict[str, Any]:
    """Keep what is to be kept; the response as the client sees it."""
    if call.body.get("store") is False or not remembers(call):
        return whole
    return keep(call, context, whole, text, later=bool(call.body.get("background")) and not streamed)


@responses.on("beta.responses.input_tokens.count")
@responses.on("responses.input_tokens.count")
def count_input(call: Call) -> Answer:
    """What `usage.input_tokens` of a response to the same request would be."""
    context = context_of(call)
    tokens = prompt_tokens(context.messages, call.model or DEFAULT_MODEL, call.body.get("tools") or ())
    return {"object": "response.input_tokens", "input_tokens": tokens}


@responses.on("beta.responses.compact")
@responses.on("responses.compact")
def compact(call: Call) -> Answer:
    """All that was said as one item, which the next request may send in its place."""
    context, ids = context_of(call), call.world.ids
    read = prompt_tokens(context.messages, call.model or DEFAULT_MODEL)
    return {
        "id": ids.hexadecimal("resp_", 48),
        "object": "response.compaction",
        "created_at": call.now,
        "output": finished([compaction(context)], ids),
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read,
        },
    }
