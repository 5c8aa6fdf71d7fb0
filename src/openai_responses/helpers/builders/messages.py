"""A message as the mock answers a request to create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import completed, from_request

__all__ = ["build_message", "message_from_create_request"]


def message_from_create_request(thread_id: str, request: Any, *, extra: Mapping[str, Any] | None = None) -> Any:
    """The model that the mock would answer with, and `extra` over it."""
    return from_request("beta.threads.messages.create", request, extra, thread_id=thread_id)


def build_message(partial: Mapping[str, Any]) -> Any:
    """A message, completed where `partial` says nothing."""
    return completed("beta.threads.messages", {"thread_id": "thread_example", **partial})
