"""The tree that every configuration text becomes: JSON values that remember where they stand."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Path: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: keys and list positions."""

MAX_DEPTH = 100
"""Lists and mappings may lie this deep in one another; every walk over a tree relies on it."""


class Node(Struct, frozen=True, gc=False):
    """One value. `at` is its offset in the text, in characters.

    `value` is a string, integer, float, boolean, None, a list of nodes or a dictionary of nodes; of a dictionary,
    `keys` holds the offset of each key. A tree has no cycles, so it needs no garbage collector.
    """

    value: Any
    at: int
    keys: dict[str, int] | None = None


def locate(root: Node, path: Path) -> int:
    """The offset of the value at `path`, or of the innermost value on the way that exists."""
    node = root
    for step in path:
        held = node.value
        exists = step in held if isinstance(held, dict) else isinstance(held, list)
        if not exists:
            break
        node = held[step]
    return node.at


def spelled(path: Path) -> str:
    """The path as users write it: `responses[2].messages[0].matcher`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
