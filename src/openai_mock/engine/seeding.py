"""Objects that exist before the first request: given in part, completed by an example, kept under the SDK's names."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from openai_mock.engine.fallback import Fallback
from openai_mock.engine.ids import Ids
from openai_mock.engine.shapes import Shape
from openai_mock.engine.store import CONTENT, Object, Store
from openai_mock.spec.operations import Operation

Given: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Partial objects by the SDK name of their resource."""
_VERBS = ("retrieve", "create", "list")
_HOUR = 3600
_MARK = "/_mock"
"""The collection that notes which seeds a session was begun with, so that a restart repeats nothing."""


class SeedError(ValueError):
    """An object cannot be kept. `at` is its place: the resource's name and perhaps an index, `key` its field."""

    def __init__(self, at: tuple[str | int, ...], sentence: str) -> None:
        super().__init__(sentence)
        self.at, self.sentence = at, sentence


class Seeds:
    """Completes objects and puts them where the generic memory finds them."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        shapes: Mapping[str, Shape],
        fallback: Fallback,
        handled: Container[str] = (),
    ) -> None:
        """`handled` are the operations that a resource answers: a list of its own shows nothing else."""
        self._operations, self._shapes, self._fallback, self._handled = operations, shapes, fallback, handled

    def names(self) -> tuple[str, ...]:
        """The SDK names of the resources whose objects can be kept, sorted."""
        return tuple(sorted({name.rpartition(".")[0] for name, shape in self._shapes.items() if shape.role != "act"}))

    def put(self, store: Store, name: str, given: Mapping[str, Any], *, now: int, ids: Ids) -> Object:
        """Complete an object of a resource and keep it; returns it. A given id is kept, else one is drawn.

        `content`, where the object has no such field, are its bytes or text. Raises SeedError.
        """
        operation, shape = self._shape(name)
        path = self._path(name, shape, given)
        fields, content = self._parted(operation, given)
        self._spelt(name, operation, shape, fields)
        made = self._completed(operation, shape, fields, now=now)
        wrong = self._fallback.difference(operation, made)
        if wrong:
            raise SeedError((name,), wrong)
        if "expires_at" in made and "expires_at" not in fields:
            made = self._lasting(operation, made, now)
        if "id" in made and "id" not in fields:
            made["id"] = ids.letters(made["id"][:-24], 24)
        id_ = str(made.get(shape.parameter) or made.get("id") or ids.letters("item_"))
        if content is not None and "bytes" in made and "bytes" not in fields:
            made["bytes"] = len(content)
        store.put(path, id_, made)
        if content is not None:
            store.put_blob(path, id_, content)
        return made

    def _spelt(self, name: str, operation: Operation, shape: Shape, fields: Mapping[str, Any]) -> None:
        """Raise SeedError for a field that the object does not have, where a missing one is called nearly so."""
        known = self._fallback.fields(operation)
        for field in fields.keys() - known - {*_parameters(shape.collection)}:
            if meant := get_close_matches(field, known - fields.keys(), n=1, cutoff=0.8):
                raise SeedError((name,), f"unknown key '{field}'; did you mean '{meant[0]}'?")

    def path(self, name: str, owners: Mapping[str, Any]) -> str:
        """The collection of a resource in the store. Raises SeedError where an owner's id is missing."""
        return self._path(name, self._shape(name)[1], owners)

    def begin(self, store: Store, given: Given, *, now: int) -> None:
        """Put all objects into a store, unless it was begun with the same ones already. Raises SeedError."""
        if not given:
            return
        mark = msgspec.json.encode(given, order="sorted").decode()
        with store.atomically():
            if (store.get(_MARK, "seeds") or {}).get("given") == mark:
                return
            ids = Ids(0)
            for name, objects in given.items():
                self._shape(name)
                for index, each in enumerate(objects):
                    try:
                        self.put(store, name, each, now=now, ids=ids)
                    except SeedError as error:
                        raise SeedError((name, index), error.sentence) from None
            store.put(_MARK, "seeds", {"given": mark})

    def _shape(self, name: str) -> tuple[Operation, Shape]:
        for full in (name, f"beta.{name}", f"admin.organization.{name}"):
            for verb in _VERBS:
                shape = self._shapes.get(f"{full}.{verb}")
                operation = self._operations.get(f"{full}.{verb}")
                if shape is not None and operation is not None and operation.response_kind == "json":
                    return operation, shape
            for listing in self._listings(full):
                return listing
            if f"{full}.list" in self._handled:
                break
        raise SeedError(
            (name,), f"the API keeps no '{name}'; write the SDK's name of a resource, such as files or vector_stores"
        )

    def _listings(self, name: str) -> Iterator[tuple[Operation, Shape]]:
        """What the API shows and nobody creates, such as the events of a session: by a list, or one by one."""
        parent, _, last = name.rpartition(".")
        for known in (f"{name}.list", f"{parent}.list_{last}", f"{name}.retrieve"):
            operation = self._operations.get(known)
            if operation is None or known in self._handled:
                continue
            path, _, one = operation.path.rpartition("/")
            if operation.response_kind == "page":
                item = replace(operation, name=f"{known} item", response=operation.item, response_kind="json")
                yield item, Shape("list", operation.path, "id", ())
            elif operation.response_kind == "json" and one.startswith("{"):
                yield operation, Shape("retrieve", path, one[1:-1], ())

    def _completed(self, operation: Operation, shape: Shape, fields: Mapping[str, Any], *, now: int) -> Object:
        """The object with all its fields; what it belongs to only where it is one of them."""
        owners = [*_parameters(shape.collection)]
        made = self._fallback.completed(operation, {k: v for k, v in fields.items() if k not in owners}, now=now)
        return {**made, **{owner: fields[owner] for owner in owners if owner in made}}

    def _lasting(self, operation: Operation, made: Object, now: int) -> Object:
        """The object without an expiry, or where it must have one, an hour before it."""
        lasting = {**made, "expires_at": None}
        return lasting if self._fallback.conforms(operation, lasting) else {**made, "expires_at": now + _HOUR}

    def _parted(self, operation: Operation, given: Mapping[str, Any]) -> tuple[dict[str, Any], bytes | None]:
        fields = dict(given)
        content = fields.get(CONTENT)
        if content is None or self._fallback.has_field(operation, CONTENT):
            return fields, None
        del fields[CONTENT]
        return fields, content if isinstance(content, bytes) else str(content).encode()

    @staticmethod
    def _path(name: str, shape: Shape, owners: Mapping[str, Any]) -> str:
        missing = [each for each in _parameters(shape.collection) if not isinstance(owners.get(each), str)]
        if missing:
            raise SeedError((name,), f"it belongs to something else; add the key '{missing[0]}'")
        return shape.collection.format_map(owners)


def _parameters(template: str) -> Iterator[str]:
    return (part[1:-1] for part in template.split("/") if part.startswith("{"))
