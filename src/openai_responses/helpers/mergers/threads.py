"""A thread with fields replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.made import merged

__all__ = ["merge_thread_with_partial"]


def merge_thread_with_partial(t: Any, p: Mapping[str, Any]) -> Any:
    """A copy of the model in which the fields of `p` stand for its own."""
    return merged(t, p)
