"""Reasoning: which models think before they speak, how many tokens that takes, and what they say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from openai_mock.turns.turn import Prompt

TOKENS: Mapping[str, int] = MappingProxyType(
    {"none": 0, "minimal": 0, "low": 64, "medium": 128, "high": 320, "xhigh": 768, "max": 1_024}
)
"""The reasoning tokens of an answer, by effort: invented, and the same each time."""
_THINKS = re.compile(r"(?:ft:)?(?:o\d|gpt-(?:[5-9]|\d\d)(?!.*chat)|codex-mini|computer-use)")
_WAITS_TO_BE_ASKED = re.compile(r"(?:ft:)?gpt-5\.[1-4]")


@lru_cache(maxsize=256)
def reasons(model: str) -> bool:
    """Whether a model is one that can think: the o-series, and gpt-5 and later except their chat variants."""
    return _THINKS.match(model) is not None


def effort(body: Mapping[str, Any], model: str) -> str | None:
    """How hard a request lets its model think: what it says, else `medium`, or `none` from gpt-5.1 to gpt-5.4.

    None for a model that does not think.
    """
    if not reasons(model):
        return None
    said = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    return said or ("none" if _WAITS_TO_BE_ASKED.match(model) else "medium")


def reasoning_tokens(prompt: Prompt) -> int:
    """The tokens that thinking takes; in chat, which does not show it, only where the request speaks of it."""
    if "messages" in prompt.body and prompt.body.get("reasoning_effort") is None:
        return 0
    return TOKENS.get(effort(prompt.body, prompt.model) or "none", 0)


def summaries(prompt: Prompt) -> tuple[str, ...]:
    """What the model says of its thoughts, where the request asks for summaries."""
    asked = prompt.body.get("reasoning") or {}
    if not (asked.get("summary") or asked.get("generate_summary")) or not reasoning_tokens(prompt):
        return ()
    read = "**Reading the request**\n\nI look for what the user asks, and for what the messages before it say."
    said = "**Choosing the answer**\n\nNo model runs here, so I keep to what the configuration or the mock says."
    return (read, said) if asked.get("summary") == "detailed" else (read,)
