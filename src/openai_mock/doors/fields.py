"""Header fields as the core wants them: one text per lower-case name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def fields(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names to values, both latin-1; a repeated name is joined by ", "."""
    found = {str(name, "latin-1").lower(): str(value, "latin-1") for name, value in pairs}
    if len(found) == len(pairs):
        return found
    found = {}
    for raw_name, raw_value in pairs:
        name, value = str(raw_name, "latin-1").lower(), str(raw_value, "latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@lru_cache(maxsize=256)
def known_fields(pairs: tuple[tuple[bytes, bytes], ...]) -> Mapping[str, str]:
    """`fields`, shared by requests with equal heads, as those of one client mostly are."""
    return fields(pairs)
