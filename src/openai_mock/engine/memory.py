"""Memory for every resource: what an operation creates, the others find, list, change and delete.

It knows no resource: the catalogue says which paths are collections. New objects are examples that reflect the
request; a resource module that knows better answers before this. Objects with a lifecycle begin in its first state, and
an action such as `cancel` is a move of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.collection import Collection, collection_of
from openai_mock.engine.errors import UnknownIdError
from openai_mock.engine.fallback import Fallback, participles
from openai_mock.engine.pages import DEFAULT_LIMIT, Order, filters, stored_page
from openai_mock.engine.resource import Call
from openai_mock.engine.shapes import Shape
from openai_mock.engine.store import Object
from openai_mock.spec.bounds import defaults
from openai_mock.spec.operations import Catalogue, Operation

_ID_LETTERS = 24


class Memory:
    """Answers operations on collections from the store."""

    def __init__(
        self, catalogue: Catalogue, fallback: Fallback, shapes: Mapping[str, Shape], *, lenient_ids: bool = False
    ) -> None:
        """With `lenient_ids` an unknown id gets an example instead of OpenAI's 404."""
        self._fallback, self._lenient = fallback, lenient_ids
        self._catalogue = catalogue
        self._pages: dict[str, tuple[int, Order]] = {}
        self.shapes = shapes
        """The operations that work on a kept collection, by name."""

    def answer(self, call: Call) -> Answer:
        """Answer from memory where the operation works on a kept collection, else with an example."""
        shape = self.shapes.get(call.operation.name)
        if shape is None:
            given = _given(call) if call.operation.method == "GET" else None
            return self._fallback.answer(call) if given is None else given
        try:
            return self._remembered(call, shape)
        except UnknownIdError:
            if self._lenient:
                return self._fallback.answer(call)
            raise

    def _remembered(self, call: Call, shape: Shape) -> Answer:
        for owner in shape.owners:
            collection, _, parameter = owner.rpartition("/")
            collection_of(call, collection, call.params).get(call.params[parameter[1:-1]])
        match shape.role:
            case "create":
                return self._create(call, shape)
            case "list":
                assumed = self._assumed(call.operation)
                return stored_page(call, where=filters(call.query), limit=assumed[0], order=assumed[1])
            case "retrieve":
                return call.item
            case "update":
                return call.collection().save(self._changed(call, call.item), call.id)
            case "delete":
                call.collection().get(call.id)
                call.collection().delete(call.id)
                return self._fallback.answer(call)
            case "act":
                return self._act(call, shape)

    def _assumed(self, operation: Operation) -> tuple[int, Order]:
        """The limit and the order of a page that asks for none."""
        if operation.name not in self._pages:
            known = defaults(self._catalogue, operation)
            self._pages[operation.name] = known.get("limit", DEFAULT_LIMIT), known.get("order", "desc")
        return self._pages[operation.name]

    def _create(self, call: Call, shape: Shape) -> Answer:
        made = self._fallback.begun(call)
        if not isinstance(made, dict):
            return made
        given = call.body.get(shape.parameter) if isinstance(call.body, Mapping) else None
        if isinstance(given, str):  # the object is known by the id of what it refers to, as a file in a vector store
            id_ = given
        else:
            prefix = made["id"][:-_ID_LETTERS] if isinstance(made.get("id"), str) else ""
            id_ = call.world.ids.letters(prefix, _ID_LETTERS)
        made = {**made, "id": id_} if "id" in made else made
        return call.collection().create(self._begun(call, shape, made), id_)

    def _begun(self, call: Call, shape: Shape, made: Object) -> Object:
        """A new object in the first state of its lifecycle."""
        kept = call.world.kept.get(shape.collection)
        if kept is None or not kept.cycle.first or kept.cycle.field not in made:
            return made
        return {**made, kept.cycle.field: kept.cycle.first}

    def _changed(self, call: Call, known: Object) -> Object:
        """An object with the values of the request, also its nulls where the object may have them."""
        changed = self._fallback.reflected(call, known)
        for key, value in call.body.items() if isinstance(call.body, Mapping) else ():
            if value is None and key in changed:
                empty = {**changed, key: None}
                changed = empty if self._fallback.conforms(call.operation, empty) else changed
        return changed

    def _act(self, call: Call, shape: Shape) -> Answer:
        """An action on an item answers with the item, where the answer is of its kind, else with an example. Bytes are
        those beside the item, and a list holds what was put at its path.
        """
        collection, known, operation = call.collection(), call.item, call.operation
        if operation.method == "GET":
            return self._below(call, collection)
        made = self._fallback.answer(call)
        if not isinstance(made, dict) or "object" not in made or made.get("object") != known.get("object"):
            return made
        kept, words = call.world.kept.get(shape.collection), participles(operation)
        if kept is not None and words:
            status = kept.cycle.status(known)
            to = next((word for word in words if kept.cycle.allows(status, word)), words[0])
            return collection.move(known, to, id_=call.id)
        return collection.save(self._changed(call, self._fallback.acted(operation, known)), call.id)

    def _below(self, call: Call, collection: Collection) -> Answer:
        """What belongs to an item, as far as somebody gave it: its bytes, or a list and what is in it. Bytes and single
        objects that nobody gave are examples, lists are empty.
        """
        operation = call.operation
        if operation.response_kind in {"binary", "text"}:
            held = collection.content(call.id)
            return self._fallback.answer(call) if held is None else Raw(held)
        if operation.response_kind == "page":
            assumed = self._assumed(operation)
            listed = Collection(call, operation.path, operation.path.format_map(call.params), None)
            return stored_page(call, listed, where=filters(call.query), limit=assumed[0], order=assumed[1])
        given = _given(call)
        return self._fallback.answer(call) if given is None else given


def _given(call: Call) -> Object | None:
    """The object of a path, where somebody put it there though the API can create none."""
    template, _, last = call.operation.path.rpartition("/")
    return call.store.get(template.format_map(call.params), call.params.get(last[1:-1], ""))
