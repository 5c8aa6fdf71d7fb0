"""What a resource module writes: which operations it answers, as short functions of one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from openai_mock.engine.access import Issued
from openai_mock.engine.answers import Answer
from openai_mock.engine.clock import Clock
from openai_mock.engine.collection import Collection, collection_of
from openai_mock.engine.ids import Ids
from openai_mock.engine.lifecycle import Lifecycle, Policies, Policy
from openai_mock.engine.limits import Limiter
from openai_mock.engine.perform import Performed, performed
from openai_mock.engine.sessions import Sessions, session_of
from openai_mock.engine.settle import Hook, Kept
from openai_mock.engine.shapes import Shape
from openai_mock.engine.store import NOTHING_BESIDE, Object, Store
from openai_mock.engine.transit import Transit
from openai_mock.spec.operations import Operation
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.turn import Message, Prompt, Speak
from openai_mock.wire import Exchange, Request

if TYPE_CHECKING:
    from openai_mock.engine.accounting import Account
    from openai_mock.engine.project_rates import ProjectRates
    from openai_mock.engine.webhooks import Announced, Outgoing


class World(Struct, frozen=True):
    """What every call of one mock shares; a reload replaces it whole. Two mocks share nothing.

    `keys` empty accepts any key; `admin_keys` empty lets every key administrate. `models` are the ids that GET /models
    lists; with `strict_models` no other model answers. `otherwise` answers what no resource answers. `lenient` notes
    unknown fields instead of refusing them; with `lenient_ids` an id that names nothing gets an example. `sessions`
    hold what is remembered, `shapes` say which operation works on which collection, `kept` are the collections with a
    lifecycle by path template. `example` makes an answer of the call's type, `perform` runs a request through the whole
    pipeline, and `transit` is what answers meet on their way. `limits`, where there are any, count what callers use.
    `moderations` are the words that moderation flags, by category, and `transcripts` what recordings say, by a pattern
    of their file names. `outgoing` hears of objects that change, for webhooks. `rules` are the
    entries of configurations, for operations in which no model speaks; the engine hands them on.
    """

    clock: Clock
    ids: Ids
    speak: Speak
    otherwise: Callable[[Call], Answer]
    sessions: Sessions
    shapes: Mapping[str, Shape]
    kept: Mapping[str, Kept]
    example: Callable[[Call], Answer]
    perform: Callable[[Request, bool], Exchange]
    account: Account
    issued: Issued
    transit: Transit
    models: tuple[str, ...]
    strict_models: bool = False
    keys: tuple[bytes, ...] = ()
    admin_keys: tuple[bytes, ...] = ()
    lenient: bool = False
    lenient_ids: bool = False
    limits: Limiter | None = None
    project_rates: ProjectRates | None = None
    moderations: Mapping[str, Sequence[str]] = {}
    transcripts: Mapping[str, str] = {}
    outgoing: Outgoing | None = None
    rules: Any = None

    @property
    def forgiving(self) -> bool:
        """Whether misuse is noted and answered all the same; what needs lenient ids sends placeholders only."""
        return self.lenient or self.lenient_ids


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
    used: Mapping[str, Any] | None = None
    """What the call uses, where its answer does not say so; see `accounting`."""
    read: Any = None
    """What the check of its meaning read of the call, for the handler of the same resource."""

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

    def prompt(self, messages: Sequence[Message], model: str, body: Mapping[str, Any]) -> Prompt:
        """What the call asks of a model: `world.speak` answers it."""
        return Prompt(messages, model, body, self.operation.name, self.request, self.body)

    def create(self, item: Object, *, beside: Mapping[str, bytes | None] = NOTHING_BESIDE) -> Object:
        """Keep a new object in the call's own collection; see `Collection.create`."""
        return self.collection().create(item, beside=beside)

    def move(self, item: Object, status: str, **fields: Any) -> Object:
        """Move an object of the call's own collection; see `Collection.move`."""
        return self.collection().move(item, status, **fields)

    def perform(self, request: Request, *, batch: bool = False) -> Performed:
        """Run another request through the whole pipeline, to its end and without waiting; `batch` marks a line."""
        return performed(self.world.perform(request, batch))


Handler: TypeAlias = Callable[[Call], Answer]

Meaning: TypeAlias = Callable[[Call], Iterable[Misuse]]
"""What is wrong with a call that is valid by its schema; see `engine.meaning`."""


class Resource:
    """The operations one module answers, by the SDK's names."""

    def __init__(
        self, kind: str, *, keeps: str = "", lifecycle: Lifecycle | None = None, policy: Policy | None = None
    ) -> None:
        """`kind` is the object's, for errors. `keeps` is any operation on the collection that the resource keeps.

        A resource that keeps a collection leaves its operations to examples where the mock is stateless, and gives way
        to examples where ids are lenient and an id is unknown. `lifecycle` is that of the collection's objects, and
        `policy` how fast they walk where nobody says so of them by name.
        """
        self.kind, self.keeps, self.lifecycle, self.policy = kind, keeps, lifecycle, policy
        self.handlers: dict[str, Handler] = {}
        self.meanings: dict[str, Meaning] = {}
        self.hooks: dict[str, Hook] = {}

    def on(self, operation: str) -> Callable[[Handler], Handler]:
        """Answer an operation with the decorated function. Raises ValueError when it is taken."""

        def add(handler: Handler) -> Handler:
            if operation in self.handlers:
                raise ValueError(f"{operation} is answered twice in {self.kind}.")
            self.handlers[operation] = handler
            return handler

        return add

    def checks(self, *operations: str) -> Callable[[Meaning], Meaning]:
        """Ask the decorated function what is wrong with each call of these operations, before anything answers."""

        def add(meaning: Meaning) -> Meaning:
            self.meanings.update(dict.fromkeys(operations, meaning))
            return meaning

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


def kept_by(
    resources: Iterable[Resource],
    shapes: Mapping[str, Shape],
    policies: Policies,
    announced: Mapping[str, Announced] = {},
) -> dict[str, Kept]:
    """The collections with a lifecycle, by path template. `announced` are their events, by the resource's SDK name."""
    return {
        shapes[resource.keeps].collection: Kept(
            resource.kind,
            resource.lifecycle,
            resource.hooks,
            policies.of(name := resource.keeps.rpartition(".")[0], resource.policy),
            announced.get(name),
            shapes[resource.keeps].collection,
        )
        for resource in resources
        if resource.lifecycle is not None and resource.keeps in shapes
    }
