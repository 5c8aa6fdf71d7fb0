"""Embeddings as the mock answers a request to create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import from_request

__all__ = ["embedding_create_response_from_create_request"]


def embedding_create_response_from_create_request(request: Any, *, extra: Mapping[str, Any] | None = None) -> Any:
    """The model that the mock would answer with, and `extra` over it."""
    return from_request("embeddings.create", request, extra)
