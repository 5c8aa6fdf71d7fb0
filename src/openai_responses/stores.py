"""The state of a mock as objects of the SDK: `state.files.put(file)`, `state.beta.threads.runs.list(thread_id)`.

Theory. A shelf is one collection of the API, found by the SDK's own name. It keeps nothing itself: objects lie in the
store of the mock, at the same concrete paths, so what a test puts here the API knows, and the other way round.
"""

from __future__ import annotations

import builtins
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from openai_mock import OpenAIMock as Native
from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.store import Object, Store
from openai_mock.resources.models import BUILT_IN
from openai_mock.spec.operations import Operation, load
from openai_responses.sdk import dumped, is_model, model

__all__ = ["ContentStore", "Shelf", "StateStore"]
_CREATED = 1_686_935_002
_PAGE = ("limit", "order", "after", "before", "filter")
_OLDEST_FIRST = ("files", "models")
_STEP: Mapping[str, Any] = {
    "object": "thread.run.step", "created_at": 0, "assistant_id": "", "type": "message_creation", "status": "completed",
    "step_details": {"type": "message_creation", "message_creation": {"message_id": ""}},
    "cancelled_at": None, "completed_at": None, "expired_at": None, "failed_at": None, "last_error": None,
    "metadata": {}, "usage": None,
}  # fmt: skip
"""A step, which only a run creates, with every key that the API sends."""
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

    def __init__(self, native: Native, name: str) -> None:
        self._native, self._store, self._name = native, native.state(), name
        collection = _operation(name, "list", "create")
        self.template = collection.path if collection is not None else ""
        """Where the API has the collection; empty where it has none."""
        self._owners = tuple(re.findall(r"{(\w+)}", self.template))

    def __getattr__(self, name: str) -> Any:
        path = f"{self._name}.{name}"
        if self._name == "files" and name == "content":
            return ContentStore(self._store)
        if path not in _names():
            raise AttributeError(f"The SDK has no '{path}'.", name=name)
        return Shelf(self._native, path)

    def put(self, obj: Any) -> None:
        """Keep an object, a model or a dict, under its own id; what a dict leaves out is completed by an example.

        Raises TypeError or ValueError with a sentence.
        """
        value = dumped(obj)
        missing = [key for key in ("id", *self._owners) if not isinstance(value.get(key), str)]
        if missing or not self.template:
            raise ValueError(f"{self._name} cannot keep {obj!r}: it has no '{(missing or ['id'])[0]}'.")
        set_ones = {key: each for key, each in value.items() if each is not None}
        for given in (value, set_ones) if _operation(self._name, "create") is not None else ():
            with suppress(ValueError):  # what is not as the API promises is kept as it stands
                self._native.put(self._name, given)
                return
        whole = {**_STEP, **set_ones} if self._name == "beta.threads.runs.steps" else value
        self._store.put(self.template.format_map(value), value["id"], whole)

    def get(self, id: str) -> Any:  # noqa: A002 - the name that tests use
        """The object as a model of the SDK, or None."""
        if not self._owners:
            known = self._store.get(self.template, id)
            return None if known is None else self._model(known)
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
        found = [
            value
            for _, _, value in self._all(wanted)
            if all(value.get(key) == each for key, each in wanted.items() if each is not None)
        ]
        oldest_first = page.get("order", "asc" if self._name in _OLDEST_FIRST else "desc") == "asc"
        return [self._model(value) for value in _cut(found if oldest_first else found[::-1], page)]

    def _asked(self) -> tuple[str, ...]:
        return ("purpose", *_PAGE) if self._name == "files" else _PAGE

    def _all(self, owners: Mapping[str, Any] = MappingProxyType({})) -> Iterator[tuple[str, str, Object]]:
        """Collection, id and object of each, oldest first; of the whole resource unless all owners are given."""
        if all(owner in owners for owner in self._owners):
            collection = self.template.format_map(owners)
            yield from ((collection, id_, value) for id_, value in self._store.list(collection))
            return
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", self.template))
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
        self._native = Native(store=self.store)
        for name in BUILT_IN:
            self._native.state().put(
                "/models", name, {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}
            )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in _names():
            raise AttributeError(f"The SDK has no '{name}'.", name=name)
        return Shelf(self._native, name)

    def shelf(self, name: str) -> Shelf:
        """A shelf by its whole name, such as `beta.threads.runs`."""
        return Shelf(self._native, name)

    def keep(self, obj: Any) -> bool:
        """Put an object on the shelf of its type; False where it has none."""
        name = _KNOWN.get(type(obj).__name__)
        if name is None or not is_model(obj):
            return False
        Shelf(self._native, name).put(obj)
        return True
