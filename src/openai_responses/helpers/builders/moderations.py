"""A moderation as the mock answers a request to create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import from_request

__all__ = ["moderation_create_response_from_create_request"]


def moderation_create_response_from_create_request(request: Any, *, extra: Mapping[str, Any] | None = None) -> Any:
    """The model that the mock would answer with, and `extra` over it."""
    return from_request("moderations.create", request, extra)
