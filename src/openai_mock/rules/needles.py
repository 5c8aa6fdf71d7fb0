"""Which of many needles occur in a text, at a cost that hardly depends on how many there are.

Theory. Each needle is filed under one gram, a run of 8, 4, 2 or 1 of its UTF-8 bytes, the rarest it has among all
needles. A text that contains the needle contains the gram, so the grams of the text lead to the few needles worth a
real search. Grams are read as integers from the text's memory, which keeps the walk out of Python code: a text whose
length is one more than a multiple of the width, repeated as often as the width says, has a gram of every offset at one
of the multiples of the width.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal

FEW = 16
GRAMS_IN_ALL = 1_000_000
GRAMS_AT_LEAST = 8
_SPAN = 65_536
"""Bytes of a text that are repeated at a time."""

Width = Literal[8, 4, 2, 1]
Find = Callable[[str], Iterable[int]]
_WIDTHS: tuple[Width, ...] = (8, 4, 2, 1)
_FORMATS: dict[Width, Literal["Q", "I", "H", "B"]] = {8: "Q", 4: "I", 2: "H", 1: "B"}


def finder(needles: Sequence[tuple[str, ...]]) -> Find:
    """A function from a text to the indices, ascending, of the entries at least one of whose needles is in the text.

    An entry with the empty needle is found in every text.
    """
    if sum(map(len, needles)) <= FEW:
        pairs = [(i, needle) for i, entry in enumerate(needles) for needle in entry]
        if len(pairs) == len(needles):  # each entry has one
            return lambda text: [i for i, needle in pairs if needle in text]
        return lambda text: dict.fromkeys([i for i, needle in pairs if needle in text])
    tables = _tables(needles)

    def find(text: str) -> Iterator[int]:
        present: dict[str, bool] = {}
        for i in sorted(_candidates(tables, text)):
            for needle in needles[i]:
                if needle not in present:
                    present[needle] = needle in text
                if present[needle]:
                    yield i
                    break

    return find


_Tables = dict[Width, dict[int, list[int]]]


def _tables(needles: Sequence[tuple[str, ...]]) -> _Tables:
    """For each width, from a gram to the entries filed under it; width 1 holds the empty needle under -1."""
    spread = max(GRAMS_AT_LEAST, GRAMS_IN_ALL // len(needles))
    filed: list[tuple[Width, list[int], int]] = []
    counts: dict[Width, Counter[int]] = {width: Counter() for width in _WIDTHS}
    for i, entry in enumerate(needles):
        for needle in entry:
            data = _encode(needle)
            width = _width(data)
            grams = _spread_grams(data, width, spread) or [-1]
            counts[width].update(grams)
            filed.append((width, grams, i))
    tables: _Tables = {}
    for width, grams, i in filed:
        rarest = min(grams, key=counts[width].__getitem__)
        tables.setdefault(width, {}).setdefault(rarest, []).append(i)
    return tables


def _width(data: bytes) -> Width:
    for width in _WIDTHS:
        if width <= len(data):
            return width
    return 1


def _spread_grams(data: bytes, width: Width, about: int) -> list[int]:
    """About so many grams, evenly spread and with the last one: needles often share their beginnings."""
    starts = range(len(data) - width, -1, -max(1, (len(data) - width + 1) // about))
    return [int.from_bytes(data[start : start + width], sys.byteorder) for start in starts]


def _candidates(tables: _Tables, text: str) -> Collection[int]:
    """The entries filed under a gram of the text."""
    data = _encode(text)
    found: list[int] = []
    for width, table in tables.items():
        keys = table.keys()
        for start in range(0, len(data), _SPAN):
            for gram in keys & _grams(data[start : start + _SPAN + width], width):
                found += table[gram]
        if -1 in table:
            found += table[-1]
    return found if len(found) < 2 else set(found)


def _grams(data: bytes, width: Width) -> memoryview:
    """The grams of the data as integers, and a few that are not there, where its end meets its beginning."""
    return memoryview((data + bytes((1 - len(data)) % width)) * width).cast(_FORMATS[width])


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
