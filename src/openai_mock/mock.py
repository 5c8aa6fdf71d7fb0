"""The mock that users hold: a plan made into a machine, and the doors to it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import msgspec

from openai_mock.config.plan import Plan
from openai_mock.config.together import together
from openai_mock.config.transit import GivenFaults, GivenPace, transit
from openai_mock.doors.punctuality import Punctuality
from openai_mock.engine.accounting import Account
from openai_mock.engine.clock import Clock, standing_still
from openai_mock.engine.coverage import Covered, coverage
from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.fallback import Fallback
from openai_mock.engine.ids import Ids
from openai_mock.engine.issued_keys import issued_by
from openai_mock.engine.journal import SIZE, Journal
from openai_mock.engine.lifecycle import Policies, policies
from openai_mock.engine.memory import Memory
from openai_mock.engine.pipeline import Machine
from openai_mock.engine.resource import World
from openai_mock.engine.seeding import Seeds
from openai_mock.engine.sessions import Sessions
from openai_mock.engine.store import Object, Store
from openai_mock.library.accessors import Accessors
from openai_mock.library.beginning import begin
from openai_mock.library.board import Board
from openai_mock.library.calls import Calls
from openai_mock.library.compiled import compiled, packaged
from openai_mock.library.conditions import Said, conditions
from openai_mock.library.control import Parts, endpoints
from openai_mock.library.decorate import decorated
from openai_mock.library.endpoints import local, reachable
from openai_mock.library.handlers import handlers, meanings
from openai_mock.library.limiting import GivenLimits, Limiting
from openai_mock.library.models import models_of
from openai_mock.library.namespaces import Names
from openai_mock.library.outbox import Outbox, kept
from openai_mock.library.outside import outside, prefixes_of, rebased
from openai_mock.library.report import is_unmatched, report
from openai_mock.library.route import Route
from openai_mock.library.timing import timer
from openai_mock.library.views import MadeCall
from openai_mock.resources.admin.oversight import overseen
from openai_mock.rules.script import DEFAULT_THRESHOLD
from openai_mock.rules.speak import Speaker
from openai_mock.spec.operations import Catalogue, load
from openai_mock.turns.authors import helpful
from openai_mock.turns.honour import honouring, within_limits
from openai_mock.turns.turn import Prompt, Reply
from openai_mock.wire import Exchange, Request

_AUTHOR = honouring(helpful)

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

    Raises ValueError for what is no base URL, pace, fault or limit, ConfigErrors for a wrong `state` or `lifecycle`.
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
        if plan is not None and not isinstance(plan, Plan):
            raise TypeError(f"A plan is what a configuration says, not {plan!r}. To decorate, write @OpenAIMock().")
        self._base_urls = (base_url,) if isinstance(base_url, str) else tuple(base_url or ())
        self._prefixes = prefixes_of(self._base_urls)
        self._block_network, self._allow_hosts, self._own_store = block_network, tuple(allow_hosts), store is None
        self._pace, self._faults, self._virtual_time, self._control_key = pace, faults, virtual_time, control_key
        self.clock = Clock(time.time, time.perf_counter) if seed is None else standing_still()
        self._limiting = Limiting(limits, self.clock.now)
        self._seed, lenient_ids = secrets.randbits(64) if seed is None else seed, ids == "lenient"
        self._ids, self.punctuality = Ids(self._seed), Punctuality()
        self.plan, self.catalogue = plan or Plan(), catalogue or load()
        self._compiled = packaged() if catalogue is None else compiled(catalogue)
        self._fallback, self._shapes = Fallback(self.catalogue, self._seed), self._compiled.shapes
        memory = None if stateless else Memory(self.catalogue, self._fallback, self._shapes, lenient_ids=lenient_ids)
        self._otherwise = overseen(memory.answer) if memory else self._fallback.answer
        self._remembered = memory.shapes if memory else frozenset[str]()
        self._lifecycle = None if lifecycle is None else policies(lifecycle)
        self._lenient, self._lenient_ids = lenient, stateless or lenient_ids
        self._handlers = handlers(memory.answer if memory else None, lenient_ids=self._lenient_ids)
        self._seeds = Seeds(self.catalogue.operations, self._shapes, self._fallback, self._handlers)
        self._sessions = Sessions(store or Dictionaries(lock=threading.RLock()))
        self._begin(self.plan)
        journal = Journal(history or SIZE, answers=history > 0)
        self._account = Account(journal, threading.RLock())
        operations, router = self.catalogue.operations, self._compiled.router
        self.outbox = Outbox(webhooks, self.clock, self._sessions, operations, lambda: self._machine.world, self._seed)
        self._board = Board(operations, router, journal, self._by_itself, lambda: self._machine.world.rules)
        parts = Parts(journal, self._board, self._sessions, self._limiting, self.punctuality)
        self._machine = Machine(
            self._compiled.router, self._world(self.plan), self._compiled.validators, self._handlers, journal=journal,
            stubs=self._board.stubs, meanings=meanings(remembers=memory is not None), raise_errors=raise_errors,
            local=local(endpoints(self, parts), control=control, key=control_key),
        )  # fmt: skip
        self._board.refresh()

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
        return coverage(self.catalogue.operations, self._handlers, self._remembered, self.journal.calls)

    def replace(self, plan: Plan) -> None:
        """Answer by another plan from the next request on. Running exchanges end by the old one."""
        world = self._world(plan)
        self._begin(plan)
        self._take(plan, world)

    def adopt(self, plan: Plan) -> None:
        """Answer by another plan, and let what is remembered be."""
        self._take(plan, self._world(plan))

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
        return decorated(target, self._afresh)

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
        self._limiting.tell(limits)
        self.adopt(self.plan)

    def reset(self) -> None:
        """Forget answers, rules of `when`, calls and objects, and start the ids again. What was loaded stays."""
        self._board.clear()
        self._sessions.whole.clear()
        self._sessions.prompts.clear()
        self._begin(self.plan)
        self._forget()

    def state(self, session: str = "") -> Store:
        """What a session remembers: objects by concrete path (`/files`) and id, as `engine.store` describes."""
        return self._sessions.store(session)

    def put(self, resource: str, fields: Mapping[str, Any], *, session: str = "") -> Object:
        """Keep an object of a resource, by the SDK's name, completed by an example; returns it whole.

        >>> mock.put("files", {"id": "file-1", "filename": "a.txt", "content": b"hello"})
        >>> mock.put("vector_stores.files", {"id": "file-1", "vector_store_id": "vs_1"})

        A given id is kept, and `content` becomes a file's bytes. Raises ValueError with a sentence.
        """
        return self._seeds.put(self.state(session), resource, fields, now=int(self.clock.now()), ids=self._ids)

    def objects(self, resource: str, *, session: str = "", **owners: str) -> list[Object]:
        """The objects of a resource as they were last seen, oldest first; `owners` are the ids in its path."""
        return [item for _, item in self.state(session).list(self._seeds.path(resource, owners))]

    def _names(self) -> Names:
        return self._compiled.names

    def _route(self, name: str) -> Route:
        return self._board.route(name)

    @cached_property
    def _interception(self) -> Interception:
        from openai_mock.doors.patch import intercept  # noqa: PLC0415 - a door loads when it is used

        return intercept(
            self.handle, base_urls=self._base_urls or None, block_network=self._block_network,
            allow_hosts=self._allow_hosts, timer=self._timer,
        )  # fmt: skip

    @property
    def _timer(self) -> Timer:
        return timer(self.clock, virtual_time=self._virtual_time)

    def _rebased(self, request: Request) -> Exchange:
        return rebased(self.handle, self._prefixes, request) if self._prefixes else self.handle(request)

    @contextmanager
    def _afresh(self) -> Iterator[Self]:
        """Active, and afterwards as before: but for the calls, which stay readable until the next time. A store that
        the user brought is theirs to keep.
        """
        answers, remembered = self._board.saved(), self._sessions.whole.snapshot() if self._own_store else None
        told = self.outbox.saved()
        self._forget()
        try:
            with self:
                yield self
        finally:
            answers()
            told()
            if remembered is not None:
                self._sessions.whole.restore(remembered)

    def _forget(self) -> None:
        """Forget calls, and start the ids again unless a store that outlives them knows the earlier ones."""
        self.journal.forget()
        self._limiting.forget()
        self.outbox.forget()
        if self._own_store:
            self._ids = Ids(self._seed)
            self._machine.world = msgspec.structs.replace(self._machine.world, ids=self._ids)

    def _begin(self, plan: Plan) -> None:
        now = int(self.clock.now())
        begin(self._sessions, self._seeds, plan, self._lifecycle or plan.lifecycle, now=now)

    def _by_itself(self, prompt: Prompt) -> Reply:
        return Reply(_AUTHOR(prompt, self._seed))

    def _world(self, plan: Plan) -> World:
        entries = Speaker(plan.scripts, self._by_itself, self.clock.elapsed, sessions=self._sessions, ids=self._ids)
        return World(
            clock=self.clock,
            ids=self._ids,
            otherwise=self._otherwise,
            sessions=self._sessions,
            shapes=self._shapes,
            kept=kept(self._shapes, self._lifecycle or plan.lifecycle),
            outgoing=self.outbox.of(plan.webhooks),
            example=self._fallback.answer,
            perform=lambda request, batch: self._machine.handle(request, limited=False, batch=batch),
            account=self._account,
            issued=issued_by(self._sessions, self.clock.now),
            limits=self._limiting.of(plan.limits),
            project_rates=self._limiting.projects,
            transit=transit(plan, self._seed, self._pace, self._faults),
            lenient=self._lenient, lenient_ids=self._lenient_ids,
            speak=within_limits(entries.speak if plan.scripts else self._by_itself),
            rules=entries,
            models=models_of(plan), strict_models=plan.strict_models,
            keys=tuple(key.encode() for key in plan.api_keys),
            admin_keys=tuple(key.encode() for key in plan.admin_keys),
            moderations=plan.moderations, transcripts=plan.transcripts,
        )  # fmt: skip
