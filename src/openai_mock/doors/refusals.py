"""Answers that a server gives by itself, without the engine: OpenAI's error shape around a sentence."""

from __future__ import annotations

import msgspec

from openai_mock.wire import Head


def refusal(status: int, message: str, *, kind: str = "invalid_request_error") -> tuple[Head, bytes]:
    """A head and its JSON body. Every refusal but a server error ends the connection, for its request was not read."""
    error = {"message": message, "type": kind, "param": None, "code": None}
    body = msgspec.json.encode({"error": error})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if kind != "server_error":
        headers.append((b"connection", b"close"))
    return Head(status, headers), body


def too_large(max_body: int) -> tuple[Head, bytes]:
    """The body of the request is longer than the server takes."""
    return refusal(413, f"The request body is larger than {max_body} bytes, the most this server takes.")


def failed() -> tuple[Head, bytes]:
    """The exchange raised an error before it had sent anything."""
    return refusal(500, "The server had an error while processing your request.", kind="server_error")
