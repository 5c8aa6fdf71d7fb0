"""Objects as the mock answers the requests that create them."""

from __future__ import annotations

from openai_responses.helpers.builders import (
    assistants,
    chat,
    embeddings,
    messages,
    moderations,
    run_steps,
    runs,
    threads,
    vector_store_files,
    vector_stores,
)

__all__ = [
    "assistants",
    "chat",
    "embeddings",
    "messages",
    "moderations",
    "run_steps",
    "runs",
    "threads",
    "vector_store_files",
    "vector_stores",
]
