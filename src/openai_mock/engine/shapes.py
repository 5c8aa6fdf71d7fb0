"""What an operation does to a collection, read from the catalogue: no resource is named here.

Theory. Paths alternate between collections and items: `/threads` is a collection, `/threads/{thread_id}` one of its
items, and the collection `/threads/{thread_id}/messages` belongs to that item. An operation on an item path retrieves,
updates or deletes; one on a collection path lists or creates; anything further along is an action on an item. A
collection is *kept* when the API can create its items and show them again, or retrieve, delete, cancel or complete
them; or when it lists and deletes items that come about otherwise. Only of those does it make sense to say that an id
is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from openai_mock.spec.operations import Operation

Role: TypeAlias = Literal["create", "retrieve", "update", "delete", "list", "act"]


class Shape(Struct, frozen=True):
    """The role of one operation. `collection` is a path template; `owners` are the item templates its path runs
    through, outermost first, without the item it retrieves, updates or deletes itself. `parameter` names the id where
    items are retrieved, `item` in the operation's own path; `item` is empty where it names none.
    """

    role: Role
    collection: str
    parameter: str
    owners: tuple[str, ...]
    item: str = ""


def shapes(operations: Iterable[Operation]) -> Mapping[str, Shape]:
    """The shape of every operation that works on a kept collection or belongs to an item of one, by name."""
    known = list(operations)
    kept = _kept(known)
    found = ((operation.name, _shape(operation, kept)) for operation in known)
    return {name: shape for name, shape in found if shape is not None}


def _kept(operations: Iterable[Operation]) -> dict[str, str]:
    """The parameter of each kept collection; `id` where no path names an item of it."""
    known = list(operations)
    posted = {op.path for op in known if op.method == "POST"}
    created = {op.path for op in known if op.method == "POST" and op.response_kind == "json" and _creates(op)}
    listed = {op.path for op in known if op.method == "GET" and op.response_kind == "page"}
    deleted = {op.path for op in known if op.method == "DELETE"}
    items = sorted({_item(op) for op in known if _item(op)})
    split = [(*path.rpartition("/"), path in deleted) for path in items]
    shown = {
        collection: last[1:-1]
        for collection, _, last, gone in split
        if collection in created or (gone and collection in listed - posted)
    }
    return {**dict.fromkeys(sorted(created & listed), "id"), **shown}


def _item(operation: Operation) -> str:
    """The path of the item that an operation retrieves, deletes, cancels or completes; else empty."""
    path, _, action = operation.path.rpartition("/")
    if operation.path.endswith("}"):
        return operation.path if operation.method in ("GET", "DELETE") else ""
    return path if path.endswith("}") and action in ("cancel", "complete") else ""


def _creates(operation: Operation) -> bool:
    return operation.name.rpartition(".")[2].startswith(("create", "generate"))


def _shape(operation: Operation, kept: Mapping[str, str]) -> Shape | None:
    path = operation.path
    collection, _, last = path.rpartition("/")
    if last.startswith("{") and collection in kept:
        roles: Mapping[str, Role] = {"GET": "retrieve", "DELETE": "delete"}
        role = roles.get(operation.method, "update")
        return Shape(role, collection, kept[collection], _owners(collection, kept), last[1:-1])
    if path in kept and operation.method == "GET":
        return Shape("list", path, kept[path], _owners(path, kept))
    if path in kept and operation.method == "POST" and _creates(operation):
        return Shape("create", path, kept[path], _owners(path, kept))
    owners = _owners(path, kept)
    if not owners:
        return None
    collection, _, last = owners[-1].rpartition("/")
    return Shape("act", collection, kept[collection], owners, last[1:-1])


def _owners(path: str, kept: Mapping[str, str]) -> tuple[str, ...]:
    """The items of kept collections that a path runs through."""
    parts = path.split("/")
    prefixes = ("/".join(parts[:end]) for end in range(2, len(parts) + 1))
    return tuple(prefix for prefix in prefixes if prefix.endswith("}") and prefix.rpartition("/")[0] in kept)
