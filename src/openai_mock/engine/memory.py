"""Memory for every resource: what an operation creates, the others find, list, change and delete.

It knows no resource: the catalogue says which paths are collections. New objects are examples that reflect the
request; a resource module that knows better answers before this.
"""

from __future__ import annotations

from collections.abc import Mapping

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import unknown_id
from openai_mock.engine.fallback import Fallback
from openai_mock.engine.pages import PAGING, page
from openai_mock.engine.resource import Call
from openai_mock.engine.shapes import Shape, shapes
from openai_mock.spec.operations import Catalogue

_ID_LETTERS = 24
_PARTICIPLES = {
    "cancel": ("cancelled", "canceled", "cancelling"), "archive": ("archived",), "complete": ("completed",),
    "pause": ("paused",), "resume": ("running", "active"), "activate": ("active",), "deactivate": ("inactive",),
    "interrupt": ("interrupted",), "revoke": ("revoked",), "close": ("closed",),
}  # fmt: skip


class Memory:
    """Answers operations on collections from the store."""

    def __init__(self, catalogue: Catalogue, fallback: Fallback, *, lenient_ids: bool = False) -> None:
        """With `lenient_ids` an unknown id gets an example instead of OpenAI's 404."""
        self._fallback, self._lenient = fallback, lenient_ids
        self._shapes = shapes(catalogue.operations.values())

    @property
    def remembered(self) -> Mapping[str, Shape]:
        """The operations that work on a kept collection, by name."""
        return self._shapes

    def answer(self, call: Call) -> Answer:
        """Answer from memory where the operation works on a kept collection, else with an example."""
        shape = self._shapes.get(call.operation.name)
        if shape is None:
            return self._fallback.answer(call)
        if not self._owners_exist(call, shape):
            return self._fallback.answer(call)
        match shape.role:
            case "create":
                return self._create(call, shape)
            case "list":
                return self._list(call, shape)
            case "retrieve" | "update" | "delete":
                return self._item(call, shape)
            case "act":
                return self._act(call, shape)

    def _owners_exist(self, call: Call, shape: Shape) -> bool:
        """Whether every item the path runs through is known. Raises the 404 unless ids are lenient."""
        for owner in shape.owners:
            collection, _, parameter = owner.rpartition("/")
            id_ = call.params[parameter[1:-1]]
            if call.world.store.get(collection.format_map(call.params), id_) is None:
                if self._lenient:
                    return False
                raise unknown_id(collection, id_)
        return True

    def _create(self, call: Call, shape: Shape) -> Answer:
        made = self._fallback.answer(call)
        if not isinstance(made, dict):
            return made
        given = call.body.get(shape.parameter) if isinstance(call.body, Mapping) else None
        if isinstance(given, str):  # the object is known by the id of what it refers to, as a file in a vector store
            id_ = given
            made = {**made, "id": id_} if "id" in made else made
        else:
            prefix = made["id"][:-_ID_LETTERS] if isinstance(made.get("id"), str) else ""
            id_ = call.world.ids.letters(prefix, _ID_LETTERS)
            made = {**made, "id": id_}
        call.world.store.put(shape.collection.format_map(call.params), id_, made)
        return made

    def _list(self, call: Call, shape: Shape) -> Answer:
        query = call.query
        wanted = {key: value for key, value in query.items() if key not in PAGING}
        items = [
            (id_, item)
            for id_, item in call.world.store.list(shape.collection.format_map(call.params))
            if all(item.get(key, value) == value for key, value in wanted.items())
        ]
        return page(items, query, kind=call.operation.page or "CursorPage")

    def _item(self, call: Call, shape: Shape) -> Answer:
        store, collection = call.world.store, shape.collection.format_map(call.params)
        id_ = call.params[call.operation.path.rpartition("/")[2][1:-1]]
        known = store.get(collection, id_)
        if known is None:
            if self._lenient:
                return self._fallback.answer(call)
            raise unknown_id(shape.collection, id_)
        if shape.role == "retrieve":
            return known
        if shape.role == "update":
            changed = self._fallback.reflected(call, known)
            store.put(collection, id_, changed)
            return changed
        store.delete(collection, id_)
        return self._fallback.answer(call)

    def _act(self, call: Call, shape: Shape) -> Answer:
        """An action on an item answers with the item, where the answer is of its kind, else with an example."""
        made = self._fallback.answer(call)
        store, collection = call.world.store, shape.collection.format_map(call.params)
        id_ = call.params[shape.owners[-1].rpartition("/")[2][1:-1]]
        known = store.get(collection, id_) or {}
        if not isinstance(made, dict) or "object" not in made or made.get("object") != known.get("object"):
            return made
        status = _PARTICIPLES.get(call.operation.path.rpartition("/")[2], ())
        for word in status:
            changed = self._fallback.reflected(call, {**known, "status": word})
            if self._fallback.conforms(call.operation, changed):
                store.put(collection, id_, changed)
                return changed
        changed = self._fallback.reflected(call, known)
        store.put(collection, id_, changed)
        return changed
