"""A mistake of meaning: the request is valid by its schema, and OpenAI refuses it."""

from __future__ import annotations

from msgspec import Struct


class Misuse(Struct, frozen=True):
    """The four keys of OpenAI's error and its status."""

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400
    type: str = "invalid_request_error"
