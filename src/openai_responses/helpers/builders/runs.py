"""A run as the mock answers a request to create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import from_request

__all__ = ["run_from_create_request"]


def run_from_create_request(thread_id: str, request: Any, *, extra: Mapping[str, Any] | None = None) -> Any:
    """The model that the mock would answer with, and `extra` over it."""
    return from_request("beta.threads.runs.create", request, extra, thread_id=thread_id)
