"""The mock that users hold: a plan made into a machine, and the doors to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from openai_mock.config.plan import Plan
from openai_mock.config.together import together
from openai_mock.config.transit import GivenFaults, GivenPace, Told
from openai_mock.doors.punctuality import Punctuality
from openai_mock.engine.coverage import Covered, coverage
from openai_mock.engine.journal import SIZE, Journal
from openai_mock.engine.lifecycle import Policies
from openai_mock.engine.pipeline import Machine
from openai_mock.engine.resource import World
from openai_mock.engine.store import Object, Store
from openai_mock.library.accessors import Accessors
from openai_mock.library.arguments import sound
from openai_mock.library.board import Board
from openai_mock.library.calls import Calls
from openai_mock.library.conditions import Said, conditions
from openai_mock.library.control import Parts, endpoints
from openai_mock.library.decorate import afresh, decorated
from openai_mock.library.endpoints import local, reachable
from openai_mock.library.limiting import GivenLimits
from openai_mock.library.namespaces import Names, Reach
from openai_mock.library.outside import outside, prefixes_of, rebased
from openai_mock.library.report import is_unmatched, report
from openai_mock.library.route import Route
from openai_mock.library.timing import timer
from openai_mock.library.views import MadeCall
from openai_mock.library.worlds import Given, Worlds
from openai_mock.rules.script import DEFAULT_THRESHOLD
from openai_mock.spec.operations import Catalogue
from openai_mock.wire import Exchange, Request

if TYPE_CHECKING:
    from openai_mock.config.formats.webhooks import GivenWebhooks
    from openai_mock.doors.drive import Timer
    from openai_mock.doors.patch import Interception
    from openai_mock.doors.serve import Served

T = TypeVar("T", bound=Callable[..., Any])
HISTORY = 10_000
"""Exchanges whose answers are kept for a test to look at."""


class OpenAIMock(Accessors):
    """The OpenAI API, offline: a context manager, a decorator, a transport, a server.

    Its attributes mirror the SDK: `mock.chat.completions.create` is the `Route` that says how those calls are answered
    and what became of them. `plan` says how to answer as a configuration does (see `load`). With a `seed`, the same
    requests get the same bytes: ids repeat and the clock stands still at 2026-01-01. `ids="lenient"` answers an unknown
    id with an example instead of a 404, `stateless` remembers nothing and always gives examples, `lenient` notes
    unknown fields and misuse in the journal and answers. `catalogue` replaces the package's own. `raise_errors` lets
    an exception from inside leave the mock as itself, which is what a test wants; a server answers OpenAI's 500
    instead. `store` remembers in place of dictionaries, such as `stores.sqlite.SQLite(path)`. `lifecycle` says how fast
    objects change their status, "instant" or {"batches": "seconds=30"}, and beats the plan (`engine.lifecycle`).
    `base_url` (one or several) is what clients talk to instead of OpenAI's and Azure's own addresses. With
    `block_network` requests to anywhere else raise, instead of going there, unless `allow_hosts` names the host
    ("localhost", "*.internal.test"). `history` is how many calls are kept with their answers; 0 keeps no answers.
    `pace` (a preset, such as "gpt-4o", or the mapping of a configuration) beats the plan's, `faults` come before the
    plan's; with `virtual_time` clients in this process wait for neither: the clock moves on instead. `limits` are what
    callers may use, as in a configuration, and beat the plan's; `webhooks` are told of events. `control` opens the
    control API below /_mock/, with a `control_key` to that key only; `serve` beyond this machine insists on one.

    Raises TypeError or ValueError with a sentence for what makes no sense, ConfigErrors for a wrong `state`.
    """

    def __init__(
        self,
        plan: Plan | None = None,
        *,
        seed: int | None = None,
        ids: Literal["strict", "lenient"] = "strict",
        stateless: bool = False,
        lenient: bool = False,
        catalogue: Catalogue | None = None,
        raise_errors: bool = True,
        store: Store | None = None,
        lifecycle: Policies | str | Mapping[str, str] | None = None,
        pace: GivenPace | None = None,
        faults: GivenFaults = (),
        limits: GivenLimits | None = None,
        webhooks: GivenWebhooks | None = None,
        control: bool = True,
        control_key: str | None = None,
        virtual_time: bool = False,
        base_url: str | Sequence[str] | None = None,
        block_network: bool = False,
        allow_hosts: Sequence[str] = (),
        history: int = HISTORY,
    ) -> None:
        sound(plan, seed=seed, ids=ids, history=history)
        self._base_urls = (base_url,) if isinstance(base_url, str) else tuple(base_url or ())
        self._prefixes = prefixes_of(self._base_urls)
        self._block_network, self._allow_hosts = block_network, tuple(allow_hosts)
        self._virtual_time, self._control_key = virtual_time, control_key
        self.plan, self.punctuality, told = plan or Plan(), Punctuality(), Told(pace, faults)
        given = Given(seed, stateless, lenient, ids == "lenient", catalogue, store, lifecycle, told, limits, webhooks)
        journal = Journal(history or SIZE, answers=history > 0)
        self._worlds = Worlds(given, journal, self._performed, lambda: self._machine.world)
        self.clock, self.catalogue, self.outbox = self._worlds.clock, self._worlds.catalogue, self._worlds.outbox
        self._machine = self._made(journal, told, raise_errors=raise_errors, control=control)
        self._board.refresh()

    def _made(self, journal: Journal, told: Told, *, raise_errors: bool, control: bool) -> Machine:
        """The machine that answers by the plan; what users say of answers stands on its board."""
        worlds, compiled = self._worlds, self._worlds.compiled
        worlds.begin(self.plan)
        self._board = Board(
            self.catalogue.operations, compiled.router, journal, worlds.by_itself, lambda: self._machine.world.rules
        )
        parts = Parts(journal, self._board, worlds.sessions, worlds.limiting, self.punctuality, told)
        return Machine(
            compiled.router,
            worlds.of(self.plan),
            compiled.validators,
            worlds.handlers.answering,
            journal=journal,
            stubs=self._board.stubs,
            meanings=worlds.handlers.meanings,
            raise_errors=raise_errors,
            local=local(endpoints(self, parts), control=control, key=self._control_key),
        )

    def _performed(self, request: Request, batch: bool) -> Exchange:
        return self._machine.handle(request, limited=False, batch=batch)

    def load(self, path: str | Path, *, env: Mapping[str, str] | None = None) -> Self:
        """Add the rules of a configuration file, and return the mock. What the file says of keys, models and state
        replaces what was said before. Raises `ConfigErrors`, which names file, line, column and key of each mistake.
        """
        from openai_mock.config.load import read  # noqa: PLC0415 - YAML is heavy, and not every mock reads a file

        self.replace(together(self.plan, read(path, env=env)))
        return self

    @property
    def journal(self) -> Journal:
        """What was asked and what answered, oldest first."""
        return self._machine.journal

    def handle(self, request: Request) -> Exchange:
        """Answer one request: the contract between the core and the doors."""
        return self._machine.handle(request)

    def coverage(self) -> list[Covered]:
        """What answers each operation of the catalogue, and how often it was asked, by path."""
        return coverage(self.catalogue.operations, self._worlds.handlers, self._worlds.remembered, self.journal.calls)

    def replace(self, plan: Plan) -> None:
        """Answer by another plan from the next request on. Running exchanges end by the old one."""
        world = self._worlds.of(plan)
        self._worlds.begin(plan)
        self._take(plan, world)

    def adopt(self, plan: Plan) -> None:
        """Answer by another plan, and let what is remembered be."""
        self._take(plan, self._worlds.of(plan))

    def _take(self, plan: Plan, world: World) -> None:
        self.plan, self._machine.world = plan, world
        self._board.refresh()

    def transport(self, client_library: ModuleType) -> Any:
        """A transport for the clients of `httpx` or `httpx2`, synchronous and asynchronous alike.

        >>> client = openai.OpenAI(http_client=httpx2.Client(transport=mock.transport(httpx2)))
        """
        from openai_mock.doors.escape import escaping  # noqa: PLC0415 - a door loads when it is used
        from openai_mock.doors.httpx import transport  # noqa: PLC0415

        return transport(client_library, partial(escaping, self._rebased), self._timer)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Served:
        """Serve over HTTP from a thread of this process: a context manager with `.url` and `.stop()`.

        >>> with mock.serve() as server:
        ...     client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="sk-test")
        """
        from openai_mock.doors.serve import serve_in_thread  # noqa: PLC0415 - a door loads when it is used

        handle = partial(outside, reachable(self._rebased, host, self._control_key))
        return serve_in_thread(handle, host, port, punctuality=self.punctuality)

    def __enter__(self) -> Self:
        """Answer every client of this process until the block ends."""
        self._interception.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interception.__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        """Answer every client of this process until the block ends."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, target: T) -> T:
        """Decorate a function or a test class, sync or async: each call runs with the mock active and as it was when
        the call began, without calls and objects of others. A parameter `openai_mock` gets the mock.
        """
        return decorated(target, partial(afresh, self, (self._board.saved, self._worlds.saved), self._forget))

    def when(
        self, *, contains: str | None = None, exact: str | None = None, regex: str | None = None,
        fuzzy: str | None = None, threshold: float = DEFAULT_THRESHOLD, last_user: Said | None = None,
        system: Said | None = None, messages: Sequence[str | Mapping[str, Any]] | None = None, model: str | None = None,
        operation: str | None = None, headers: Mapping[str, Any] | None = None, json: Mapping[str, Any] | None = None,
        tools: str | Sequence[str] | None = None, turn: int | None = None, has_tool_result: bool | str | None = None,
        has_image: bool | None = None, session: str | None = None, scenario: str | None = None, in_: str | None = None,
        to: str | None = None, priority: int | None = None, **fields: Any,
    ) -> Route:  # fmt: skip
        """A rule: the route of calls that fit all conditions; without any, of all calls in which a model speaks.

        `contains`, `exact`, `regex` and `fuzzy` look at the latest message, `messages` at the conversation message by
        message; the other conditions are those of a rule in a file (docs/rules.md), `in_` is its `in`. Other names are
        fields or paths into them, compared as in `Calls.assert_called_with`. Of several rules that fit, the best
        answers, as with conversations. Raises ValueError or TypeError for what no request could fit.
        """
        named = {"operation": operation, "model": model, "last_user": last_user, "system": system, "headers": headers,
                 "json": json, "tools": tools, "turn": turn, "has_tool_result": has_tool_result, "session": session,
                 "has_image": has_image, "scenario": scenario, "in_": in_, "to": to, "priority": priority}  # fmt: skip
        texts = {"exact": exact, "regex": regex, "contains": contains, "fuzzy": fuzzy}
        wanted = conditions(
            self.catalogue.operations, texts=texts, threshold=threshold, messages=messages, named=named, fields=fields
        )
        return self._board.when(wanted)

    @property
    def calls(self) -> Calls:
        """Every call of an operation, oldest first."""
        journal = self.journal

        def kept() -> list[MadeCall]:
            return self._board.calls(entry for entry in tuple(journal.entries) if entry.operation)

        return Calls("The mock", kept, journal.calls.total)

    @property
    def unmatched(self) -> list[MadeCall]:
        """Requests that named no operation, or that no rule fitted."""
        return self._board.calls(entry for entry in tuple(self.journal.entries) if is_unmatched(entry))

    def report(self) -> str:
        """What happened, as text: calls, rules, and what was not matched with the nearest rules."""
        return report(tuple(self.journal.entries), self.journal.calls, [*self._board.rules()])

    def limits(self, **limits: Any) -> None:
        """Limit callers anew, as `limits:` of a configuration does; without an argument, no more.

        >>> mock.limits(requests_per_minute=3, tokens_per_minute=1000, per="key")

        Raises ValueError with a sentence for what is no limit.
        """
        self._worlds.limiting.tell(limits)
        self.adopt(self.plan)

    def reset(self) -> None:
        """Forget answers, rules of `when`, calls and objects, and start the ids again. What was loaded stays."""
        self._board.clear()
        self._worlds.clear(self.plan)
        self._forget()

    def state(self, session: str = "") -> Store:
        """What a session remembers: objects by concrete path (`/files`) and id, as `engine.store` describes."""
        return self._worlds.sessions.store(session)

    def put(self, resource: str, fields: Mapping[str, Any], *, session: str = "") -> Object:
        """Keep an object of a resource, by the SDK's name, completed by an example; returns it whole.

        >>> mock.put("files", {"id": "file-1", "filename": "a.txt", "content": b"hello"})
        >>> mock.put("vector_stores.files", {"id": "file-1", "vector_store_id": "vs_1"})

        A given id is kept, and `content` becomes a file's bytes. Raises ValueError with a sentence.
        """
        worlds = self._worlds
        return worlds.seeds.put(self.state(session), resource, fields, now=int(self.clock.now()), ids=worlds.ids)

    def objects(self, resource: str, *, session: str = "", **owners: str) -> list[Object]:
        """The objects of a resource as they were last seen, oldest first; `owners` are the ids in its path."""
        return [item for _, item in self.state(session).list(self._worlds.seeds.path(resource, owners))]

    def _names(self) -> Names:
        return self._worlds.compiled.names

    def _reach(self) -> Reach:
        return Reach(self._board.route, self.put)

    @cached_property
    def _interception(self) -> Interception:
        from openai_mock.doors.patch import intercept  # noqa: PLC0415 - a door loads when it is used

        return intercept(
            self.handle,
            base_urls=self._base_urls or None,
            block_network=self._block_network,
            allow_hosts=self._allow_hosts,
            timer=self._timer,
        )

    @property
    def _timer(self) -> Timer:
        return timer(self.clock, virtual_time=self._virtual_time)

    def _rebased(self, request: Request) -> Exchange:
        return rebased(self.handle, self._prefixes, request) if self._prefixes else self.handle(request)

    def _forget(self) -> None:
        """Forget calls, and start the ids again unless a store that outlives them knows the earlier ones."""
        self.journal.forget()
        self._machine.world = self._worlds.renewed(self._machine.world)
