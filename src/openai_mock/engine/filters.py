"""What a list is asked for beside its page, compared with objects, also while they are still text.

Theory. A field that an object lacks is no reason to leave it out. Of an object's text only the fields that are asked
for are decoded, many objects at once: of 100,000 objects the few that fit are found several times as fast as by
decoding them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from openai_mock.engine.store import Object

_ESCAPED = frozenset('"\\')
"""Letters of a name that JSON writes in another way."""


class Filter(Struct, frozen=True):
    """Values by the name of their field. A mapping asks for its entries, a list for one of its values."""

    wanted: Mapping[str, Any]

    def __call__(self, item: Object) -> bool:
        """Whether an object has what is asked for."""
        return all(_fits(item[key], value) for key, value in self.wanted.items() if key in item)

    def sieve(self, texts: Sequence[bytes]) -> list[bool]:
        """Whether each of the objects with these texts has what is asked for; True where only the object tells."""
        if not all(name.isprintable() and not _ESCAPED.intersection(name) for name in self.wanted):
            return [True] * len(texts)
        rows = _reader(tuple(self.wanted)).decode(b"[%b]" % b",".join(texts))
        fits = [True] * len(texts)
        for at, value in enumerate(self.wanted.values()):
            name = f"f{at}"
            found = [getattr(row, name) for row in rows]
            fits = [fit and (held is UNSET or _fits(held, value)) for fit, held in zip(fits, found, strict=True)]
        return fits


def _fits(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(held, Mapping) and all(held.get(key) == value for key, value in wanted.items())
    return held in wanted if isinstance(wanted, list) else bool(held == wanted)


@lru_cache(maxsize=64)
def _reader(names: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    """Reads just these fields of many objects."""
    fields = [(f"f{at}", Any, UNSET) for at in range(len(names))]
    row = msgspec.defstruct("Row", fields, rename={f"f{at}": name for at, name in enumerate(names)}, gc=False)
    return msgspec.json.Decoder(list[row])  # type: ignore[valid-type]
