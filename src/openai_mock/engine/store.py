"""Everything one mock remembers: objects by collection and id, and the bytes that belong to them.

Theory. A collection is named by its concrete path, `/files` or `/vector_stores/vs_1/files`, so a resource module and the
generic memory see the same objects. Objects are JSON and are replaced, never changed in place: whoever holds one may
keep it. Deleting an object deletes what lies below its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

Object: TypeAlias = dict[str, Any]


class Store(Protocol):
    """What a mock needs of its memory. Every method is atomic."""

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""

    def put(self, collection: str, id_: str, value: Object) -> None:
        """Keep an object; a known id keeps its place in the order."""

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first."""

    def blob(self, collection: str, id_: str) -> bytes | None:
        """The bytes of an object, or None."""

    def put_blob(self, collection: str, id_: str, content: bytes) -> None:
        """Keep the bytes of an object."""

    def clear(self) -> None:
        """Forget everything."""


class Dictionaries:
    """The store in memory."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Object]] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""
        return self._collections.get(collection, {}).get(id_)

    def put(self, collection: str, id_: str, value: Object) -> None:
        """Keep an object; a known id keeps its place in the order."""
        self._collections.setdefault(collection, {})[id_] = value

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""
        known = self._collections.get(collection, {}).pop(id_, None)
        self._blobs.pop((collection, id_), None)
        for path in list(self._below(f"{collection}/{id_}/")):
            del self._collections[path]
        for key in [key for key in self._blobs if key[0].startswith(f"{collection}/{id_}/")]:
            del self._blobs[key]
        return known is not None

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first."""
        return [*self._collections.get(collection, {}).items()]

    def blob(self, collection: str, id_: str) -> bytes | None:
        """The bytes of an object, or None."""
        return self._blobs.get((collection, id_))

    def put_blob(self, collection: str, id_: str, content: bytes) -> None:
        """Keep the bytes of an object."""
        self._blobs[collection, id_] = content

    def clear(self) -> None:
        """Forget everything."""
        self._collections.clear()
        self._blobs.clear()

    def _below(self, prefix: str) -> Iterator[str]:
        return (path for path in self._collections if path.startswith(prefix))
