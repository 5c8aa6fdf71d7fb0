"""The store in memory: bounded, and quick to page through.

Theory. A collection is two lists in step, places and objects, and a dictionary of the objects by id. Places only grow,
so both lists are sorted by place: a cursor is found by bisection, and a page costs what it shows. The store counts its
bytes. When they exceed `most` bytes, the objects that have been kept longest are forgotten, with what lies below them;
the newest object always stays. So what goes is mostly what came first, and costs nothing there: lists are cut at their
front seldom, and the queue of ages keeps what was deleted meanwhile until it comes to the front.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from msgspec import Struct

from openai_mock.engine.store import (
    CONTENT,
    NOTHING_BESIDE,
    Object,
    Page,
    Row,
    Sieve,
    Snapshot,
    View,
    decode,
    encode,
    page_of,
)

MOST_BYTES = 1 << 30
"""The default bound, with what Python itself needs for each object."""
_EACH = 500
"""Bytes that an object takes beside its text."""
_SELDOM = 100
"""Entries of the gone that are nowhere worth clearing away."""


class _Kept(Struct, gc=False):
    """An object in the store. The garbage collector need not look at it, of which there may be very many."""

    place: int
    collection: str
    id: str
    text: bytes


_GONE = _Kept(0, "", "", b"")


class _Collection:
    """The lists begin at `first`; what stands before it is gone."""

    __slots__ = ("first", "held", "places", "rows")

    def __init__(self) -> None:
        self.held: dict[str, _Kept] = {}
        self.places: list[int] = []
        self.rows: list[_Kept] = []
        self.first = 0

    def remove(self, id_: str) -> _Kept:
        row = self.held.pop(id_)
        index = bisect_left(self.places, row.place, self.first)
        if index > self.first:
            del self.places[index], self.rows[index]
            return row
        self.rows[index] = _GONE
        self.first += 1
        if self.first > _SELDOM and self.first > len(self.rows) // 2:
            del self.places[: self.first], self.rows[: self.first]
            self.first = 0
        return row


class Dictionaries:
    """Implements `Store`. Between threads it is as safe as `lock`, which must be re-entrant."""

    def __init__(self, *, most: int = MOST_BYTES, lock: AbstractContextManager[Any] | None = None) -> None:
        self._most = most
        self._lock = lock or nullcontext()
        self._empty()

    def _empty(self) -> None:
        self._collections: dict[str, _Collection] = {}
        self._names: list[str] = []
        self._blobs: dict[str, dict[str, dict[str, bytes]]] = {}  # by collection, name and id
        self._owning: list[str] = []
        self._ages: deque[_Kept] = deque()
        self._alive = 0
        self._next = 0
        self.bytes = 0

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""
        known = self._collections.get(collection)
        found = known.held.get(id_) if known is not None else None
        return None if found is None else decode(found.text)

    def put(
        self, collection: str, id_: str, value: Object | bytes, beside: Mapping[str, bytes | None] = NOTHING_BESIDE
    ) -> None:
        """Keep an object and bytes beside it; a known id keeps its place in the order."""
        text = value if isinstance(value, bytes) else encode(value)
        with self._lock:
            self._put(collection, id_, text)
            if beside:
                self._put_blobs(collection, id_, beside)
            self._bound()

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""
        with self._lock:
            known = self._collections.get(collection)
            found = known is not None and id_ in known.held
            if known is not None and found:
                self._forget(collection, known, id_)
            self._forget_blobs(collection, id_)
            self._forget_below(f"{collection}/{id_}/")
            return found

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first."""
        with self._lock:
            known = self._collections.get(collection)
            return [(row.id, decode(row.text)) for row in known.rows[known.first :]] if known is not None else []

    def count(self, collection: str) -> int:
        """How many objects a collection has."""
        known = self._collections.get(collection)
        return 0 if known is None else len(known.held)

    def page(
        self,
        collection: str,
        *,
        limit: int,
        order: Literal["asc", "desc"] = "desc",
        after: str | None = None,
        before: str | None = None,
        view: View | None = None,
        sieve: Sieve | None = None,
    ) -> Page:
        """See `Store.page`."""
        with self._lock:
            return page_of(
                self, collection, limit=limit, order=order, after=after, before=before, view=view, sieve=sieve
            )

    def place(self, collection: str, id_: str) -> int | None:
        """An object's place in the order, or None."""
        known = self._collections.get(collection)
        found = known.held.get(id_) if known is not None else None
        return None if found is None else found.place

    def rows(self, collection: str, low: int, high: int, limit: int, *, descending: bool) -> Sequence[Row]:
        """Up to `limit` rows whose place lies between `low` and `high`, both excluded."""
        known = self._collections.get(collection)
        if known is None:
            return ()
        first = bisect_right(known.places, low, known.first)
        last = bisect_left(known.places, high, first)
        chosen = (
            known.rows[max(first, last - limit) : last][::-1]
            if descending
            else known.rows[first : min(last, first + limit)]
        )
        return [(row.place, row.id, row.text) for row in chosen]

    def blob(self, collection: str, id_: str, name: str = CONTENT) -> bytes | None:
        """The bytes of that name beside an object, or None."""
        return self._blobs.get(collection, {}).get(name, {}).get(id_)

    def put_blob(self, collection: str, id_: str, content: bytes | None, name: str = CONTENT) -> None:
        """Keep bytes beside an object; None forgets them."""
        with self._lock:
            self._put_blobs(collection, id_, {name: content})
            self._bound()

    def clear(self, within: str = "") -> None:
        """Forget everything, or every collection whose name begins with `within`."""
        with self._lock:
            if within:
                self._forget_below(within)
            else:
                self._empty()

    def snapshot(self, within: str = "") -> Snapshot:
        """Everything, or every collection whose name begins with `within`, named without it."""
        with self._lock:
            cut = len(within)
            objects = [
                (row.collection[cut:], row.id, row.text)
                for row in self._ages
                if row.collection.startswith(within) and self._is_kept(row)
            ]
            blobs = [
                (collection[cut:], id_, name, content)
                for collection in _beginning_with(self._owning, within)
                for id_, name, content in sorted(
                    (id_, name, content)
                    for name, contents in self._blobs[collection].items()
                    for id_, content in contents.items()
                )
            ]
            return Snapshot(tuple(objects), tuple(blobs))

    def restore(self, snapshot: Snapshot, within: str = "") -> None:
        """Remember exactly what a snapshot holds, in place of everything or of what begins with `within`."""
        with self._lock:
            self.clear(within)
            for collection, id_, text in snapshot.objects:
                self._put(within + collection, id_, text)
            for collection, id_, name, content in snapshot.blobs:
                self._put_blobs(within + collection, id_, {name: content})
            self._bound()

    def atomically(self) -> AbstractContextManager[Any]:
        """Let no other thread write until the block ends."""
        return self._lock

    def _put(self, collection: str, id_: str, text: bytes) -> None:
        known = self._collections.get(collection)
        if known is None:
            known = self._collections[collection] = _Collection()
            insort(self._names, collection)
        found = known.held.get(id_)
        if found is not None:
            self.bytes += len(text) - len(found.text)
            found.text = text
            return
        place = self._next = self._next + 1
        row = known.held[id_] = _Kept(place, collection, id_, text)
        known.places.append(place)
        known.rows.append(row)
        self._ages.append(row)
        self._alive += 1
        self.bytes += len(text) + _EACH

    def _put_blobs(self, collection: str, id_: str, named: Mapping[str, bytes | None]) -> None:
        beside = self._blobs.get(collection)
        for name, content in named.items():
            if content is None:
                if beside is not None and name in beside:
                    self.bytes -= len(beside[name].pop(id_, b""))
                continue
            if beside is None:
                beside = self._blobs[collection] = {}
                insort(self._owning, collection)
            contents = beside.setdefault(name, {})
            self.bytes += len(content) - len(contents.get(id_, b""))
            contents[id_] = bytes(content)

    def _bound(self) -> None:
        while self.bytes > self._most and self._alive > 1:
            row = self._ages.popleft()
            if self._is_kept(row):
                self.delete(row.collection, row.id)

    def _is_kept(self, row: _Kept) -> bool:
        known = self._collections.get(row.collection)
        return known is not None and known.held.get(row.id) is row

    def _gone(self, number: int) -> None:
        """Count objects off that are gone; once they are most of the queue, it is made anew."""
        self._alive -= number
        if len(self._ages) > 2 * self._alive + _SELDOM:
            self._ages = deque(filter(self._is_kept, self._ages))

    def _forget(self, collection: str, known: _Collection, id_: str) -> None:
        self.bytes -= len(known.remove(id_).text) + _EACH
        if not known.held:
            del self._collections[collection]
            del self._names[bisect_left(self._names, collection)]
        self._gone(1)

    def _forget_blobs(self, collection: str, id_: str) -> None:
        beside = self._blobs.get(collection)
        if beside is None:
            return
        for contents in beside.values():
            self.bytes -= len(contents.pop(id_, b""))
        if not any(beside.values()):
            del self._blobs[collection]
            del self._owning[bisect_left(self._owning, collection)]

    def _forget_below(self, prefix: str) -> None:
        gone = _beginning_with(self._names, prefix)
        for collection in gone:
            held = self._collections.pop(collection).held
            self.bytes -= sum([len(row.text) + _EACH for row in held.values()])
            self._gone(len(held))
        _take_out(self._names, prefix, gone)
        owning = _beginning_with(self._owning, prefix)
        for collection in owning:
            for contents in self._blobs.pop(collection).values():
                self.bytes -= sum(map(len, contents.values()))
        _take_out(self._owning, prefix, owning)


def _beginning_with(names: Sequence[str], prefix: str) -> Sequence[str]:
    """Those of sorted names that begin with `prefix`."""
    start = stop = bisect_left(names, prefix)
    while stop < len(names) and names[stop].startswith(prefix):
        stop += 1
    return names[start:stop]


def _take_out(names: list[str], prefix: str, gone: Sequence[str]) -> None:
    """Remove from sorted names those that `_beginning_with` found."""
    start = bisect_left(names, prefix)
    del names[start : start + len(gone)]
