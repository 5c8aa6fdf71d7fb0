"""Chance that repeats: what is drawn depends on the seed and on what it is drawn for, never on who drew before."""

from __future__ import annotations

from hashlib import blake2b
from random import Random


def stream(seed: int, *purpose: str | int) -> Random:
    """Random numbers of their own for a purpose. The same seed and purpose give the same numbers."""
    text = "\0".join(map(str, (seed, *purpose)))
    return Random(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))  # noqa: S311 - must repeat
