"""Models with fields replaced."""

from __future__ import annotations

from openai_responses.helpers.mergers import assistants, runs, threads

__all__ = ["assistants", "runs", "threads"]
