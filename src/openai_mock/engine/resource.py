"""What a resource module writes: which operations it answers, as short functions of one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.clock import Clock
from openai_mock.engine.collection import Collection, collection_of
from openai_mock.engine.ids import Ids
from openai_mock.engine.lifecycle import Lifecycle, Policies
from openai_mock.engine.limits import Limiter
from openai_mock.engine.perform import Performed, performed
from openai_mock.engine.sessions import Sessions, session_of
from openai_mock.engine.settle import Hook, Kept
from openai_mock.engine.shapes import Shape
from openai_mock.engine.store import Object, Store
from openai_mock.engine.transit import Transit
from openai_mock.spec.operations import Operation
from openai_mock.turns.turn import Speak
from openai_mock.wire import Exchange, Request


class World(Struct, frozen=True):
    """What every call of one mock shares; a reload replaces it whole. Two mocks share nothing.

    `keys` empty accepts any key; `admin_keys` empty lets every key administrate. `models` are the ids that GET /models
    lists; with `strict_models` no other model answers. `otherwise` answers what no resource answers. `lenient` notes
    unknown fields instead of refusing them; with `lenient_ids` an id that names nothing gets an example. `sessions`
    hold what is remembered, `shapes` say which operation works on which collection, `kept` are the collections with a
    lifecycle by path template. `example` makes an answer of the call's type, `perform` runs a request through the whole
    pipeline, and `transit` is what answers meet on their way. `limits`, where there are any, count what callers use.
    `moderations` are the words that moderation flags, by category, and `transcripts` what recordings say, by a pattern
    of their file names.
    """

    clock: Clock
    ids: Ids
    speak: Speak
    otherwise: Callable[[Call], Answer]
    sessions: Sessions
    shapes: Mapping[str, Shape]
    kept: Mapping[str, Kept]
    example: Callable[[Call], Answer]
    perform: Callable[[Request], Exchange]
    transit: Transit
    models: tuple[str, ...]
    strict_models: bool = False
    keys: tuple[bytes, ...] = ()
    admin_keys: tuple[bytes, ...] = ()
    lenient: bool = False
    lenient_ids: bool = False
    limits: Limiter | None = None
    moderations: Mapping[str, Sequence[str]] = {}
    transcripts: Mapping[str, str] = {}


class Call(Struct, eq=False):
    """One request that has been located, admitted and checked, as a handler sees it."""

    operation: Operation
    params: Mapping[str, str]
    request: Request
    query: Mapping[str, Any]
    body: Any
    world: World
    rule: str | None = None
    """The rule that spoke, for the journal; the handler that asked a rule fills it."""

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.world.clock.now())

    @property
    def model(self) -> str:
        """The model the request names; empty for none."""
        model = self.body.get("model") if isinstance(self.body, dict) else None
        return model if isinstance(model, str) else ""

    @property
    def session(self) -> str:
        """The name of the request's session; empty for the common one."""
        return session_of(self.request.headers)

    @property
    def store(self) -> Store:
        """What the request's session remembers."""
        return self.world.sessions.store(session_of(self.request.headers))

    def collection(self, operation: str = "", **params: str) -> Collection:
        """The collection that an operation works on: the call's own, or another one by its SDK name.

        `params` are the ids of another one's path: `call.collection("vector_stores.files.list", vector_store_id=id_)`.
        """
        shape = self.world.shapes[operation or self.operation.name]
        return collection_of(self, shape.collection, {**self.params, **params})

    @property
    def id(self) -> str:
        """The id in the path: of the item that is retrieved, changed or acted upon."""
        return self.params[self.world.shapes[self.operation.name].item]

    @property
    def item(self) -> Object:
        """The item that the path names, as it is by now; a retrieve counts as a poll. Raises OpenAI's 404."""
        shape = self.world.shapes[self.operation.name]
        return self.collection().get(self.id, polled=shape.role == "retrieve")

    def create(self, item: Object) -> Object:
        """Keep a new object in the call's own collection; see `Collection.create`."""
        return self.collection().create(item)

    def move(self, item: Object, status: str, **fields: Any) -> Object:
        """Move an object of the call's own collection; see `Collection.move`."""
        return self.collection().move(item, status, **fields)

    def perform(self, request: Request) -> Performed:
        """Run another request through the whole pipeline, to its end and without waiting."""
        return performed(self.world.perform(request))


Handler: TypeAlias = Callable[[Call], Answer]


class Resource:
    """The operations one module answers, by the SDK's names."""

    def __init__(self, kind: str, *, keeps: str = "", lifecycle: Lifecycle | None = None) -> None:
        """`kind` is the object's, for errors. `keeps` is any operation on the collection that the resource keeps.

        A resource that keeps a collection leaves its operations to examples where the mock is stateless, and gives way
        to examples where ids are lenient and an id is unknown. `lifecycle` is that of the collection's objects.
        """
        self.kind, self.keeps, self.lifecycle = kind, keeps, lifecycle
        self.handlers: dict[str, Handler] = {}
        self.hooks: dict[str, Hook] = {}

    def on(self, operation: str) -> Callable[[Handler], Handler]:
        """Answer an operation with the decorated function. Raises ValueError when it is taken."""

        def add(handler: Handler) -> Handler:
            if operation in self.handlers:
                raise ValueError(f"{operation} is answered twice in {self.kind}.")
            self.handlers[operation] = handler
            return handler

        return add

    def entering(self, status: str) -> Callable[[Hook], Hook]:
        """Call the decorated function whenever an object enters a state; see `lifecycle`."""

        def add(hook: Hook) -> Hook:
            if status in self.hooks:
                raise ValueError(f"{status} has a hook already in {self.kind}.")
            self.hooks[status] = hook
            return hook

        return add


def changing_by_themselves(resources: Iterable[Resource]) -> list[str]:
    """The SDK names of the resources with a lifecycle, sorted."""
    return sorted(each.keeps.rpartition(".")[0] for each in resources if each.lifecycle is not None)


def kept_by(resources: Iterable[Resource], shapes: Mapping[str, Shape], policies: Policies) -> dict[str, Kept]:
    """The collections with a lifecycle, by path template."""
    return {
        shapes[resource.keeps].collection: Kept(
            resource.kind, resource.lifecycle, resource.hooks, policies.of(resource.keeps.rpartition(".")[0])
        )
        for resource in resources
        if resource.lifecycle is not None and resource.keeps in shapes
    }
