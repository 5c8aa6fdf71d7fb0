"""A file of a vector store as the mock answers a request to create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import from_request

__all__ = ["vector_store_file_from_create_request"]


def vector_store_file_from_create_request(request: Any, *, extra: Mapping[str, Any] | None = None) -> Any:
    """The model that the mock would answer with, and `extra` over it."""
    return from_request("vector_stores.files.create", request, extra, vector_store_id=request.url.path.split("/")[-2])
