"""What a resource module writes: which operations it answers, as short functions of one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.clock import Clock
from openai_mock.engine.ids import Ids
from openai_mock.engine.store import Store
from openai_mock.spec.operations import Operation
from openai_mock.turns.turn import Speak
from openai_mock.wire import Request


class World(Struct, frozen=True):
    """What every call of one mock shares; a reload replaces it whole. Two mocks share nothing.

    `keys` empty accepts any key; `admin_keys` empty lets
    every key administrate. `models` are the ids that GET /models lists; with `strict_models` no other model
    answers. `otherwise` answers what no resource answers. `lenient` notes unknown fields instead of refusing them;
    with `lenient_ids` an id that names nothing gets an example.
    """

    clock: Clock
    ids: Ids
    speak: Speak
    otherwise: Callable[[Call], Answer]
    store: Store
    models: tuple[str, ...]
    strict_models: bool = False
    keys: tuple[bytes, ...] = ()
    admin_keys: tuple[bytes, ...] = ()
    lenient: bool = False
    lenient_ids: bool = False


class Call:
    """One request that has been located, admitted and checked, as a handler sees it."""

    __slots__ = ("body", "operation", "params", "query", "request", "rule", "world")

    def __init__(
        self,
        operation: Operation,
        params: Mapping[str, str],
        request: Request,
        query: Mapping[str, Any],
        body: Any,
        world: World,
    ) -> None:
        self.operation, self.params, self.query, self.body = operation, params, query, body
        self.request, self.world = request, world
        self.rule: str | None = None
        """The rule that spoke, for the journal; the handler that asked a rule fills it."""

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.world.clock.now())

    @property
    def model(self) -> str:
        """The model the request names; empty for none."""
        model = self.body.get("model") if isinstance(self.body, Mapping) else None
        return model if isinstance(model, str) else ""


Handler: TypeAlias = Callable[[Call], Answer]


class Resource:
    """The operations one module answers, by the SDK's names."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.handlers: dict[str, Handler] = {}

    def on(self, operation: str) -> Callable[[Handler], Handler]:
        """Answer an operation with the decorated function. Raises ValueError when it is taken."""

        def add(handler: Handler) -> Handler:
            if operation in self.handlers:
                raise ValueError(f"{operation} is answered twice in {self.kind}.")
            self.handlers[operation] = handler
            return handler

        return add
