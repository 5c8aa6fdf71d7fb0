"""The state store, under the name it had in the first releases of openai-responses."""

from __future__ import annotations

from openai_responses.stores import StateStore

__all__ = ["StateStore"]
