"""Everything one mock remembers: objects by collection and id, and the bytes that belong to them.

Theory. A collection is named by its concrete path, `/files` or `/vector_stores/vs_1/files`, so a resource module and
the generic memory see the same objects. Objects are JSON and are kept as JSON text: what `put` is given and what `get`
hands out belong to the caller, and every kind of store remembers the same. An object has a place in the order of its
collection from its first `put` on. Bytes beside an object have a name; deleting an object deletes its bytes and all
that lies below its path.

    Snapshot   every object and every bytes of a store, oldest first: what one store gives, any other takes.
    Within     a part of a store that knows nothing of the rest: the store of one session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import compress
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Struct

Object: TypeAlias = dict[str, Any]
View: TypeAlias = Callable[[str, Object], Object | None]
"""How an object of a page is to be seen, given its id: itself, another version of it, or None to leave it out."""
Sieve: TypeAlias = Callable[[Sequence[bytes]], Sequence[bool]]
"""Which of the objects with these texts are worth decoding."""
Row: TypeAlias = tuple[int, str, bytes]
"""Place in the order, id, JSON text."""

CONTENT = "content"
"""The name of an object's own bytes, such as those of a file."""
NOTHING_BESIDE: Mapping[str, bytes | None] = MappingProxyType({})
_CHUNK = 256
encode = msgspec.json.Encoder().encode
decode: Callable[[bytes], Object] = msgspec.json.Decoder(dict[str, Any]).decode


class Snapshot(Struct, frozen=True):
    """All of a store: (collection, id, JSON text) oldest first, and (collection, id, name, bytes)."""

    objects: Sequence[tuple[str, str, bytes]] = ()
    blobs: Sequence[tuple[str, str, str, bytes]] = ()


class Page(Struct, frozen=True):
    """Objects with their ids in the order that was asked for, and whether the list goes on."""

    items: Sequence[tuple[str, Object]]
    has_more: bool


class CursorError(Exception):
    """A cursor, `after` or `before`, names nothing in the collection."""

    def __init__(self, name: str, cursor: str) -> None:
        super().__init__(f"No object with the id '{cursor}' is in this list.")
        self.name, self.cursor = name, cursor


class Store(Protocol):
    """What a mock needs of its memory. Every method is atomic, also between threads and processes that share it."""

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""

    def put(
        self, collection: str, id_: str, value: Object | bytes, beside: Mapping[str, bytes | None] = NOTHING_BESIDE
    ) -> None:
        """Keep an object, or its JSON text; a known id keeps its place in the order.

        `beside` it go bytes by name, as by `put_blob`.
        """

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first. `page` is far cheaper where a part will do."""

    def count(self, collection: str) -> int:
        """How many objects a collection has."""

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
        """Up to `limit` objects behind or before a cursor, without reading the rest of the collection.

        `order` "asc" is oldest first. Behind `before` the page ends right at it. `view` may filter and may write to the
        store; what `sieve` leaves out is not even decoded. Raises `CursorError`.
        """

    def blob(self, collection: str, id_: str, name: str = CONTENT) -> bytes | None:
        """The bytes of that name beside an object, or None."""

    def put_blob(self, collection: str, id_: str, content: bytes | None, name: str = CONTENT) -> None:
        """Keep bytes beside an object; None forgets them."""

    def clear(self, within: str = "") -> None:
        """Forget everything, or every collection whose name begins with `within`."""

    def snapshot(self, within: str = "") -> Snapshot:
        """Everything, or every collection whose name begins with `within`, named without it."""

    def restore(self, snapshot: Snapshot, within: str = "") -> None:
        """Remember exactly what a snapshot holds, in place of everything or of what begins with `within`."""

    def atomically(self) -> AbstractContextManager[Any]:
        """Let nobody else write until the block ends. Blocks may lie within each other."""


class Rows(Protocol):
    """What `page_of` needs of a kind of store."""

    def place(self, collection: str, id_: str) -> int | None:
        """An object's place in the order, or None."""

    def rows(self, collection: str, low: int, high: int, limit: int, *, descending: bool) -> Sequence[Row]:
        """Up to `limit` rows whose place lies between `low` and `high`, both excluded, from the side that is asked."""


EVERYWHERE = (-1, 2**62)


def page_of(
    source: Rows,
    collection: str,
    *,
    limit: int,
    order: Literal["asc", "desc"],
    after: str | None,
    before: str | None,
    view: View | None,
    sieve: Sieve | None = None,
) -> Page:
    """`Store.page`, for every kind of store. Rows are read in runs and none is held while `view` is asked."""
    descending = order == "desc"
    low, high = EVERYWHERE
    for name, cursor in (("after", after), ("before", before)):
        if cursor is None:
            continue
        place = source.place(collection, cursor)
        if place is None:
            raise CursorError(name, cursor)
        if descending == (name == "after"):
            high = place
        else:
            low = place
    backwards = before is not None
    runs = _runs(source, collection, (low, high), limit + 1 if view is None else _CHUNK, descending != backwards)
    found = list(_seen(runs, limit + 1, view, sieve))
    items = found[:limit]
    return Page(items[::-1] if backwards else items, len(found) > limit)


def _runs(
    source: Rows,
    collection: str,
    bounds: tuple[int, int],
    size: int,
    descending: bool,
) -> Iterator[Sequence[Row]]:
    low, high = bounds
    while run := source.rows(collection, low, high, min(size, _CHUNK), descending=descending):
        yield run
        last = run[-1][0]
        low, high = (low, last) if descending else (last, high)


def _seen(
    runs: Iterator[Sequence[Row]], wanted: int, view: View | None, sieve: Sieve | None
) -> Iterator[tuple[str, Object]]:
    for run in runs:
        chosen = run if sieve is None else compress(run, sieve([text for _, _, text in run]))
        for _, id_, text in chosen:
            whole = decode(text)
            seen = whole if view is None else view(id_, whole)
            if seen is not None:
                yield id_, seen
                wanted -= 1
                if not wanted:
                    return


class Within:
    """The part of a store whose collections begin with a prefix; it looks like a whole store."""

    def __init__(self, whole: Store, prefix: str) -> None:
        self._whole, self._prefix = whole, prefix

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""
        return self._whole.get(self._prefix + collection, id_)

    def put(
        self, collection: str, id_: str, value: Object | bytes, beside: Mapping[str, bytes | None] = NOTHING_BESIDE
    ) -> None:
        """Keep an object and bytes beside it; a known id keeps its place in the order."""
        self._whole.put(self._prefix + collection, id_, value, beside)

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""
        return self._whole.delete(self._prefix + collection, id_)

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first."""
        return self._whole.list(self._prefix + collection)

    def count(self, collection: str) -> int:
        """How many objects a collection has."""
        return self._whole.count(self._prefix + collection)

    def page(self, collection: str, **how: Any) -> Page:
        """See `Store.page`."""
        return self._whole.page(self._prefix + collection, **how)

    def blob(self, collection: str, id_: str, name: str = CONTENT) -> bytes | None:
        """The bytes of that name beside an object, or None."""
        return self._whole.blob(self._prefix + collection, id_, name)

    def put_blob(self, collection: str, id_: str, content: bytes | None, name: str = CONTENT) -> None:
        """Keep bytes beside an object; None forgets them."""
        self._whole.put_blob(self._prefix + collection, id_, content, name)

    def clear(self, within: str = "") -> None:
        """Forget everything in this part."""
        self._whole.clear(self._prefix + within)

    def snapshot(self, within: str = "") -> Snapshot:
        """Everything in this part."""
        return self._whole.snapshot(self._prefix + within)

    def restore(self, snapshot: Snapshot, within: str = "") -> None:
        """Remember exactly what a snapshot holds, in place of this part."""
        self._whole.restore(snapshot, self._prefix + within)

    def atomically(self) -> AbstractContextManager[Any]:
        """Let nobody else write until the block ends."""
        return self._whole.atomically()
