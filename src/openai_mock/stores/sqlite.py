"""The store in an SQLite file: it survives a restart and a kill, and several processes share it.

Theory. Every write is committed before the method returns, so what was answered is in the file; the write-ahead log
keeps it there when the process is killed. A row's number is its object's place in the order. Each process has one
connection, made at its first use, since a connection must not cross a fork; threads take turns at it. Writers of
several processes wait for each other, up to ten seconds.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

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

_VERSION = 1
_PATIENCE = 10.0
"""Seconds that a writer waits for another process."""
_FORWARDS = (
    "SELECT place, id, body FROM objects WHERE collection = ? AND place > ? AND place < ? ORDER BY place LIMIT ?"
)
_BACKWARDS = _FORWARDS.replace("ORDER BY place", "ORDER BY place DESC")
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (collection, id)
);
CREATE INDEX IF NOT EXISTS in_order ON objects (collection, place);
CREATE TABLE IF NOT EXISTS blobs (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (collection, id, name)
);
"""


class StateError(Exception):
    """The file cannot hold a mock's state; the message says why, and what to do."""


class SQLite:
    """Implements `Store` on a file, which is made where there is none. Raises StateError where it cannot be used."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._turn = threading.RLock()
        self._depth = 0
        self._process = -1
        self._opened: sqlite3.Connection | None = None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise StateError(f"{self.path} cannot hold the state: {error}. Name another file.") from None

    def close(self) -> None:
        """Let go of the file. The next use opens it again."""
        with self._turn:
            if self._opened is not None and self._process == os.getpid():
                self._opened.close()
            self._opened = None

    def get(self, collection: str, id_: str) -> Object | None:
        """One object, or None."""
        found = self._one("SELECT body FROM objects WHERE collection = ? AND id = ?", collection, id_)
        return None if found is None else decode(found[0])

    def put(
        self, collection: str, id_: str, value: Object | bytes, beside: Mapping[str, bytes | None] = NOTHING_BESIDE
    ) -> None:
        """Keep an object and bytes beside it; a known id keeps its place in the order."""
        text = value if isinstance(value, bytes) else encode(value)
        if not beside:
            self._put(collection, id_, text)
            return
        with self.atomically():
            self._put(collection, id_, text)
            for name, content in beside.items():
                self.put_blob(collection, id_, content, name)

    def delete(self, collection: str, id_: str) -> bool:
        """Forget an object, its bytes and all below it; False where it was not known."""
        below = f"{collection}/{id_}/", f"{collection}/{id_}0"  # "0" follows "/"
        with self.atomically():
            removed = self._run("DELETE FROM objects WHERE collection = ? AND id = ?", collection, id_).rowcount
            self._run("DELETE FROM blobs WHERE collection = ? AND id = ?", collection, id_)
            self._run("DELETE FROM objects WHERE collection >= ? AND collection < ?", *below)
            self._run("DELETE FROM blobs WHERE collection >= ? AND collection < ?", *below)
        return removed > 0

    def list(self, collection: str) -> list[tuple[str, Object]]:
        """The ids and objects of a collection, oldest first."""
        rows = self._all("SELECT id, body FROM objects WHERE collection = ? ORDER BY place", collection)
        return [(id_, decode(body)) for id_, body in rows]

    def count(self, collection: str) -> int:
        """How many objects a collection has."""
        found = self._one("SELECT count(*) FROM objects WHERE collection = ?", collection)
        return found[0] if found else 0

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
        return page_of(self, collection, limit=limit, order=order, after=after, before=before, view=view, sieve=sieve)

    def place(self, collection: str, id_: str) -> int | None:
        """An object's place in the order, or None."""
        found = self._one("SELECT place FROM objects WHERE collection = ? AND id = ?", collection, id_)
        return found[0] if found else None

    def rows(self, collection: str, low: int, high: int, limit: int, *, descending: bool) -> Sequence[Row]:
        """Up to `limit` rows whose place lies between `low` and `high`, both excluded."""
        return self._all(_BACKWARDS if descending else _FORWARDS, collection, low, high, limit)

    def blob(self, collection: str, id_: str, name: str = CONTENT) -> bytes | None:
        """The bytes of that name beside an object, or None."""
        found = self._one(
            "SELECT content FROM blobs WHERE collection = ? AND id = ? AND name = ?", collection, id_, name
        )
        return found[0] if found else None

    def put_blob(self, collection: str, id_: str, content: bytes | None, name: str = CONTENT) -> None:
        """Keep bytes beside an object; None forgets them."""
        if content is None:
            self._run("DELETE FROM blobs WHERE collection = ? AND id = ? AND name = ?", collection, id_, name)
        else:
            self._run("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)", collection, id_, name, content)

    def clear(self, within: str = "") -> None:
        """Forget everything, or every collection whose name begins with `within`."""
        with self.atomically():
            for table in ("objects", "blobs"):
                self._run(f"DELETE FROM {table} WHERE substr(collection, 1, ?) = ?", len(within), within)  # noqa: S608

    def snapshot(self, within: str = "") -> Snapshot:
        """Everything, or every collection whose name begins with `within`, named without it."""
        cut = len(within)
        named = "substr(collection, ?)", "substr(collection, 1, ?) = ?"
        with self.atomically():
            objects = self._all(
                f"SELECT {named[0]}, id, body FROM objects WHERE {named[1]} ORDER BY place",  # noqa: S608
                cut + 1, cut, within,
            )  # fmt: skip
            blobs = self._all(
                f"SELECT {named[0]}, id, name, content FROM blobs WHERE {named[1]} ORDER BY collection, id, name",  # noqa: S608
                cut + 1, cut, within,
            )  # fmt: skip
        return Snapshot(tuple(objects), tuple(blobs))

    def restore(self, snapshot: Snapshot, within: str = "") -> None:
        """Remember exactly what a snapshot holds, in place of everything or of what begins with `within`."""
        with self.atomically():
            self.clear(within)
            for collection, id_, text in snapshot.objects:
                self._put(within + collection, id_, text)
            for collection, id_, name, content in snapshot.blobs:
                self.put_blob(within + collection, id_, content, name)

    @contextmanager
    def atomically(self) -> Iterator[None]:
        """Let no other thread or process write until the block ends; an exception takes back what it wrote."""
        with self._turn:
            connection = self._connection()
            outermost = not self._depth
            if outermost:
                connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def _put(self, collection: str, id_: str, text: bytes) -> None:
        self._run(
            "INSERT INTO objects (collection, id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body",
            collection, id_, text,
        )  # fmt: skip

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        with self._turn:
            return self._connection().execute(statement, values)

    def _one(self, statement: str, *values: Any) -> Any:
        with self._turn:
            return self._connection().execute(statement, values).fetchone()

    def _all(self, statement: str, *values: Any) -> Sequence[Any]:
        with self._turn:
            return self._connection().execute(statement, values).fetchall()

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None or self._process != os.getpid():
            self._opened = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            self._process, self._depth = os.getpid(), 0
            _write_ahead(self._opened)
            self._opened.execute("PRAGMA synchronous = NORMAL")
        return self._opened

    def _prepare(self) -> None:
        with self._turn:
            connection = self._connection()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                self.close()
                raise StateError(
                    f"{self.path} was written by another version of openai-mock (format {version}; this one writes "
                    f"{_VERSION}). Name another file."
                )
            if not version:
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log. Where several processes begin at once, SQLite does not wait; this does."""
    given_up = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > given_up:
                raise
            time.sleep(0.01)
        else:
            return
