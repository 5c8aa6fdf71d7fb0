"""The floor: the least a Python server can do that still reads a chat request and writes a new answer to it.

Theory. Whatever is slower than this is the price of being a mock, and whatever is as fast is free. So the floor keeps
uvicorn's fastest parts (uvloop, httptools, no access log) and does by hand only what cannot be left out: decode the
request, build an object with an id and a time of its own, encode it. It has no routing, checks, rules or tokens.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from typing import Any

import msgspec
import uvicorn

TOKENS = 50
"""Content chunks in a streamed answer."""

_ANSWER = "It is sunny today, with a light wind from the west and no rain until the evening."
_PIECES = [b'"word"', *[b'" word"'] * (TOKENS - 1)]
_USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 18,
    "total_tokens": 37,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
_AFTER = b'},"logprobs":null,"finish_reason":null}]}\n\n'
_JSON = (b"content-type", b"application/json")
_EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_serial = count()


def completion(request: dict[str, Any]) -> bytes:
    """A chat completion with an id, a time and the model asked for, encoded."""
    message: dict[str, Any] = {"role": "assistant", "content": _ANSWER, "refusal": None, "annotations": []}
    return _encode(
        {
            "id": f"chatcmpl-{next(_serial):029}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": _USAGE,
            "service_tier": "default",
            "system_fingerprint": "fp_floor",
        }
    )


def stream(request: dict[str, Any]) -> bytes:
    """`TOKENS` chunks and the end, as one block of bytes; only what varies is built anew."""
    shared = {
        "id": f"chatcmpl-{next(_serial):029}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": request["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_floor",
    }
    before = b"data: " + _encode(shared)[:-1] + b',"choices":[{"index":0,"delta":{"content":'
    return b"".join([before + piece + _AFTER for piece in _PIECES]) + b"data: [DONE]\n\n"


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer every request as a chat completion, whole or streamed."""
    assert scope["type"] == "http"
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message.get("more_body"):
            break
    request = _decode(body)
    if request.get("stream"):
        answer, headers = stream(request), _EVENTS
    else:
        answer = completion(request)
        headers = [_JSON, (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", ws="none")
