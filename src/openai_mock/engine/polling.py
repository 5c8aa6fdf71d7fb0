"""Tells clients that poll an object when to look again, so that the SDK's helpers need not wait a second each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.resource import World
from openai_mock.wire import Headers

_UNDER_WAY = frozenset({"queued", "in_progress", "validating", "finalizing", "cancelling", "pending"})
_SOONEST, _LATEST = 10, 1_000
"""Milliseconds. The SDK's own default is the latest."""


def polled_again(world: World, operation: str | None, answer: Mapping[str, Any]) -> Headers:
    """The header that says in how many milliseconds the object of an answer may have changed; none if it has ended.

    A hundredth of what a policy `seconds` takes; otherwise at once, since then looking is what moves an object on.
    """
    status = answer.get("status")
    if not isinstance(status, str) or status not in _UNDER_WAY:
        return ()
    shape = world.shapes.get(operation or "")
    kept = world.kept.get(shape.collection) if shape is not None else None
    seconds = kept.policy.amount if kept is not None and kept.policy.kind == "seconds" else 0
    return ((b"openai-poll-after-ms", b"%d" % min(max(_SOONEST, round(seconds * 10)), _LATEST)),)
