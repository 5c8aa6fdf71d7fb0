"""The state of a mock as objects of the SDK: `state.files.put(file)`, `state.beta.threads.runs.list(thread_id)`.

Theory. A shelf is one collection of the API, found by the SDK's own name. It keeps nothing itself: objects lie in the
store of the mock, at the same concrete paths, so what a test puts here the API knows, and the other way round.
"""

from __future__ import annotations

import builtins
import re
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.store import Object, Page, Store, Within
from openai_mock.resources.models import BUILT_IN
from openai_mock.spec.operations import Operation, load
from openai_responses.sdk import dumped, is_model, model

__all__ = ["ContentStore", "Shelf", "StateStore"]
_CREATED = 1_686_935_002
_SESSION = ":"
"""Where the store of a mock keeps what belongs to no named session."""
_PAGE = ("limit", "order", "after", "before", "filter")
_OLDEST_FIRST = ("files", "models")
_KNOWN = {
    "FileObject": "files", "Model": "models", "Assistant": "beta.assistants", "Thread": "beta.threads",
    "Message": "beta.threads.messages", "Run": "beta.threads.runs", "RunStep": "beta.threads.runs.steps",
    "VectorStore": "vector_stores", "VectorStoreFile": "vector_stores.files",
    "VectorStoreFileBatch": "vector_stores.file_batches",
}  # fmt: skip
"""The shelf of each model that a response may bring along."""


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(
        ".".join(parts[:end])
        for parts in (name.split(".")[:-1] for name in load().operations)
        for end in range(1, len(parts) + 1)
    )


def _operation(name: str, *verbs: str) -> Operation | None:
    operations = load().operations
    return next((operations[f"{name}.{verb}"] for verb in verbs if f"{name}.{verb}" in operations), None)


class ContentStore:
    """The bytes of files, by the file's id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, id: str, content: bytes) -> None:  # noqa: A002 - the name that tests use
        """Keep the bytes of a file."""
        self._store.put_blob("/files", id, content)

    def get(self, id: str) -> bytes | None:  # noqa: A002
        """The bytes of a file, or None."""
        return self._store.blob("/files", id)

    def delete(self, id: str) -> None:  # noqa: A002
        """Forget the bytes of a file."""
        self._store.put_blob("/files", id, None)


class Shelf:
    """The objects of one resource, such as `beta.threads.runs`, and the way to the shelves below it."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        collection = _operation(name, "list", "create")
        self._template = collection.path if collection is not None else ""
        self._owners = tuple(re.findall(r"{(\w+)}", self._template))

    def __getattr__(self, name: str) -> Any:
        path = f"{self._name}.{name}"
        if self._name == "files" and name == "content":
            return ContentStore(self._store)
        if path not in _names():
            raise AttributeError(f"The SDK has no '{path}'.", name=name)
        return Shelf(self._store, path)

    def put(self, obj: Any) -> None:
        """Keep an object, a model or a dict, under its own id. Raises TypeError or ValueError with a sentence."""
        value = dumped(obj)
        missing = [key for key in ("id", *self._owners) if not isinstance(value.get(key), str)]
        if missing or not self._template:
            raise ValueError(f"{self._name} cannot keep {obj!r}: it has no '{(missing or ['id'])[0]}'.")
        self._store.put(self._template.format_map(value), value["id"], value)

    def get(self, id: str) -> Any:  # noqa: A002 - the name that tests use
        """The object as a model of the SDK, or None."""
        return next((self._model(value) for _, id_, value in self._all() if id_ == id), None)

    def delete(self, id: str) -> bool:  # noqa: A002
        """Forget an object and all below it; False where it was not known."""
        collection = next((collection for collection, id_, _ in self._all() if id_ == id), None)
        return collection is not None and self._store.delete(collection, id)

    def list(self, *given: Any, **named: Any) -> builtins.list[Any]:
        """The objects as models: `list(thread_id, limit=, order=, after=, before=)`; all of them where not limited.

        Newest first, but files and models, unless `order` is "asc". Other names are fields to filter by.
        """
        wanted = {**dict(zip((*self._owners, *self._asked()), given, strict=False)), **named}
        page = {key: value for key in _PAGE if (value := wanted.pop(key, None)) is not None}
        wanted.update({"status": page.pop("filter")} if "filter" in page else {})
        found = [value for _, _, value in self._all() if all(value.get(key) == each for key, each in wanted.items() if each is not None)]
        oldest_first = page.get("order", "asc" if self._name in _OLDEST_FIRST else "desc") == "asc"
        return [self._model(value) for value in _cut(found if oldest_first else found[::-1], page)]

    def page(self, owners: Mapping[str, str], query: Mapping[str, str]) -> Page:
        """A page of the objects of these owners, as a request asks for it. Raises `CursorError`."""
        return self._store.page(
            self._template.format_map(owners),
            limit=int(query.get("limit", 20)),
            order="asc" if query.get("order") == "asc" else "desc",
            after=query.get("after"),
            before=query.get("before"),
        )

    def _asked(self) -> tuple[str, ...]:
        return ("purpose", *_PAGE) if self._name == "files" else _PAGE

    def _all(self) -> Iterator[tuple[str, str, Object]]:
        """Collection, id and object of each, oldest first."""
        if not self._owners:
            yield from ((self._template, id_, value) for id_, value in self._store.list(self._template))
            return
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", self._template))
        for collection, id_, text in self._store.snapshot().objects:
            if pattern.fullmatch(collection):
                yield collection, id_, msgspec.json.decode(text)

    def _model(self, value: Object) -> Any:
        operation = _operation(self._name, "retrieve", "create")
        schema = msgspec.json.decode(operation.response).get("$ref", "") if operation is not None else ""
        return model(schema.removeprefix("#/$defs/"), value)

    def __repr__(self) -> str:
        return f"<Shelf {self._name}>"


def _cut(found: builtins.list[Object], page: Mapping[str, Any]) -> builtins.list[Object]:
    ids = [value.get("id") for value in found]
    start = ids.index(page["after"]) + 1 if page.get("after") in ids else 0
    stop = ids.index(page["before"]) if page.get("before") in ids else len(ids)
    limit = int(page["limit"]) if "limit" in page else len(ids)
    return found[start:stop][:limit]


class StateStore:
    """Everything a mock remembers, by the SDK's names: `files`, `models`, `vector_stores`, `beta.threads.runs` ..."""

    def __init__(self) -> None:
        self.store: Store = Dictionaries(lock=threading.RLock())
        """The store itself, as a mock has it."""
        self._known = Within(self.store, _SESSION)
        for name in BUILT_IN:
            self._known.put("/models", name, {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in _names():
            raise AttributeError(f"The SDK has no '{name}'.", name=name)
        return Shelf(self._known, name)

    def shelf(self, name: str) -> Shelf:
        """A shelf by its whole name, such as `beta.threads.runs`."""
        return Shelf(self._known, name)

    def keep(self, obj: Any) -> bool:
        """Put an object on the shelf of its type; False where it has none."""
        name = _KNOWN.get(type(obj).__name__)
        if name is None or not is_model(obj):
            return False
        Shelf(self._known, name).put(obj)
        return True
