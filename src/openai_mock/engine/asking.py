"""Asks a model from inside a request, as a client with the same credentials and in the same session would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from openai_mock.wire import Request

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

CHAT, RESPONSES = "chat.completions.create", "responses.create"
CARRIED = ("authorization", "api-key", "openai-organization", "openai-project", "openai-beta", "x-mock-session")
"""The headers that a request inside another has from it."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Asked(Struct, frozen=True):
    """What a model said. `error` is (code, sentence) where it could not be asked; then the rest says nothing.

    `usage` has the four counts `prompt_tokens`, `completion_tokens`, `total_tokens` and `cached_tokens`.
    """

    text: str = ""
    refusal: str | None = None
    tool_calls: Sequence[Mapping[str, Any]] = ()
    finish: str = "stop"
    model: str = ""
    usage: Mapping[str, int] = {}
    error: tuple[str, str] | None = None


def carried(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that one inside it has too."""
    return {name: headers[name] for name in CARRIED if name in headers}


def asked(call: Call, operation: str, body: Mapping[str, Any]) -> Asked:
    """Send a body to `CHAT` or `RESPONSES` through the whole pipeline, and read what was said."""
    path = call.world.shapes[operation].collection
    headers = {**carried(call.request.headers), "content-type": "application/json"}
    answer = call.perform(Request("POST", path, headers=headers, body=_encode(body)))
    if answer.cut:
        return Asked(error=("connection_error", "The connection broke."))
    try:
        read = _decode(answer.body)
        if answer.status >= 400:
            error = read.get("error") or {}
            code = error.get("code") or error.get("type") or "error"
            return Asked(error=(str(code), str(error.get("message"))))
        return (_from_chat if operation == CHAT else _from_response)(read)
    except (msgspec.MsgspecError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Asked(error=("invalid_response", "The model's answer could not be read."))


def _from_chat(read: Mapping[str, Any]) -> Asked:
    choice = read["choices"][0]
    message = choice["message"]
    return Asked(
        text=message.get("content") or "",
        refusal=message.get("refusal"),
        tool_calls=message.get("tool_calls") or (),
        finish=choice.get("finish_reason") or "stop",
        model=str(read.get("model") or ""),
        usage=usage_of(read.get("usage")),
    )


def _from_response(read: Mapping[str, Any]) -> Asked:
    parts = [part for item in read["output"] if item["type"] == "message" for part in item["content"]]
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    reason = (read.get("incomplete_details") or {}).get("reason")
    calls = tuple(
        {
            "id": item["call_id"],
            "type": "function",
            "function": {"name": item["name"], "arguments": item["arguments"]},
        }
        for item in read["output"]
        if item["type"] == "function_call"
    )
    if read.get("status") == "failed":
        error = read.get("error") or {}
        return Asked(error=(str(error.get("code")), str(error.get("message"))))
    return Asked(
        text=text,
        refusal=next((part["refusal"] for part in parts if part["type"] == "refusal"), None),
        tool_calls=calls,
        finish={"max_output_tokens": "length", None: "tool_calls" if calls else "stop"}.get(reason, str(reason)),
        model=str(read.get("model") or ""),
        usage=usage_of(read.get("usage")),
    )


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """The counts of chat or of Responses, in the words of chat."""
    given = usage or {}
    read = given.get("prompt_tokens", given.get("input_tokens", 0))
    written = given.get("completion_tokens", given.get("output_tokens", 0))
    details = given.get("prompt_tokens_details") or given.get("input_tokens_details") or {}
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": given.get("total_tokens", read + written),
        "cached_tokens": details.get("cached_tokens", 0),
    }
