"""The user's fields over ours: what a user sets wins, and what they leave out is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def laid_over(whole: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`whole` with `fields` over it, as deep as both have objects; lists of one length go item by item.

    A total of tokens that the user left out is the sum of the parts they gave.
    """
    laid: dict[str, Any] = merged(whole, fields)
    usage, given = laid.get("usage"), fields.get("usage")
    if isinstance(usage, dict) and isinstance(given, Mapping) and "total_tokens" not in given:
        for one, other in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
            if isinstance(usage.get(one), int) and isinstance(usage.get(other), int):
                usage["total_tokens"] = usage[one] + usage[other]
    return laid


def merged(ours: Any, theirs: Any) -> Any:
    """One value over another."""
    if isinstance(ours, dict) and isinstance(theirs, Mapping):
        return {**ours, **{key: merged(ours.get(key), value) for key, value in theirs.items()}}
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [merged(mine, given) for mine, given in zip(ours, theirs, strict=True)]
    return theirs
