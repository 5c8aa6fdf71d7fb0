"""What a mock tells others: webhooks, from the state an object came to until the endpoint has taken the event.

Theory. The engine computes a status when it is read. For an object whose end an endpoint waits for, the outbox reads:
its agenda knows when the object may change next, and *looks* then, with a clock that stands at that moment, as any
reader would. Whoever reads first makes the event, and nobody makes it twice. Looks and deliveries stand in one agenda,
so a clock that is moved on by a day does them all in the order of their times, in the thread that moves it. Otherwise
a courier does what is due, in the background. Without an endpoint the agenda is empty, and nothing runs.
"""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.engine.agenda import Agenda
from openai_mock.engine.clock import Clock, standing_still
from openai_mock.engine.collection import Collection
from openai_mock.engine.deliveries import Deliveries, Delivery
from openai_mock.engine.resource import Call, World
from openai_mock.engine.sessions import HEADER, Sessions, session_of
from openai_mock.engine.settle import awaiting
from openai_mock.engine.store import Store, decode
from openai_mock.engine.webhooks import Announced, Endpoint, Subscription, made_for, shown_url
from openai_mock.resources.webhooks import EVENT_TYPES, EVENTS, endpoints_of, sample
from openai_mock.spec.operations import Operation
from openai_mock.wire import Request

if TYPE_CHECKING:
    from openai_mock.config.formats.webhooks import GivenWebhooks, One
    from openai_mock.doors.courier import Courier
    from openai_mock.doors.post import Post

_PATIENCE = 10.0
"""Seconds to wait for what another thread is doing."""
_OWN = 1_000
"""The number of the first endpoint that is no plan's."""
_log = logging.getLogger("openai_mock")


class Look(Struct, frozen=True):
    """An object to be looked at when it may have changed, as by the request that it came from."""

    template: str
    path: str
    id: str
    operation: Operation
    params: Mapping[str, str]
    headers: Mapping[str, str]


class CatchUp(Struct, frozen=True):
    """A session whose objects are to be looked through: who waits for them came after them."""

    session: str


class Outbox:
    """The webhooks of one mock.

    >>> mock.outbox.add("http://localhost:8000/events", events="batch.*")
    >>> mock.clock.advance(hours=24)
    >>> mock.outbox.wait()
    >>> [delivery.state for delivery in mock.outbox.deliveries]
    """

    def __init__(
        self,
        given: GivenWebhooks | None,
        clock: Clock,
        sessions: Sessions,
        operations: Mapping[str, Operation],
        world: Callable[[], World],
        seed: int,
    ) -> None:
        """`world` gives the present one. Raises ValueError with a sentence for what is no webhook."""
        self._clock, self._sessions, self._operations, self._world = clock, sessions, operations, world
        self._lock, self._turn = threading.RLock(), threading.RLock()
        self._agenda: Agenda[Look | Delivery | CatchUp] = Agenda(self._lock)
        self._mail = Deliveries(self._agenda, seed, self._lock)
        self._planned: tuple[Endpoint, ...] = ()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._own: list[Endpoint] = []
        self._failing: set[str] = set()
        self._runner = self._elsewhere = self._made = 0
        clock.on_move = self._clock_moved
        if given is not None:
            from openai_mock.config.formats.webhooks import webhooks_of  # noqa: PLC0415 - only who has some pays for it

            for each in webhooks_of(given):
                self._own.append(self._endpoint(each, self._number()))

    def of(self, planned: tuple[Subscription, ...]) -> Outbox:
        """Itself, with the webhooks of a plan."""
        if planned != self._subscriptions:
            made = (self._endpoint(each, number) for number, each in enumerate(planned))
            self._subscriptions, self._planned = planned, tuple(made)
            self._catch_up("", *self._sessions.names)
        return self

    def add(self, target: One, *, session: str | None = None, **more: Any) -> Endpoint:
        """Tell a URL or a function of events from now on; `.secrets` of what is returned sign them.

        `more` are the keys of a configuration: `secret`, `events`, `mode` and `delay`. A function is called with a
        `Post`, which has `body` and `headers`; what it raises, or a status that it returns, makes the mock try again.
        With `session` only what happens there is told. Raises ValueError with a sentence.
        """
        from openai_mock.config.formats.webhooks import webhook_of  # noqa: PLC0415 - only who has some pays for it

        endpoint = self._endpoint(webhook_of(target, **more), self._number(), session)
        self._own.append(endpoint)
        self._catch_up(*(("", *self._sessions.names) if session is None else (session,)))
        return endpoint

    def remove(self, endpoint_id: str | None = None) -> int:
        """Tell an endpoint, or all, nothing any more, and return how many there were. Those of the API stay."""
        before = len(self._planned) + len(self._own)
        self._planned = tuple(each for each in self._planned if endpoint_id not in {None, each.id})
        self._own = [each for each in self._own if endpoint_id not in {None, each.id}]
        return before - len(self._planned) - len(self._own)

    def endpoints(self, session: str = "") -> list[Endpoint]:
        """Who is told of what happens in a session, also those that its clients made through the API."""
        store = self._sessions.store(session)
        return self._listening(session, store, self._clock.now())

    @property
    def deliveries(self) -> list[Delivery]:
        """The latest thousand deliveries, oldest first, with their `state` and `attempts`."""
        return [*self._mail.log]

    def send(self, type_: str, data: Mapping[str, Any] | None = None, *, session: str = "") -> str:
        """Send an event that nothing happened for to whoever wants it, and return its id. Raises ValueError."""
        if type_ not in EVENT_TYPES:
            raise ValueError(f"There is no event '{type_}'; there are {', '.join(EVENT_TYPES)}.")
        given = sample(type_, self._mail.ids.hexadecimal("")) if data is None else data
        event = self._mail.event(type_, given, session, self._clock.now())
        self._mail.publish(event, [each for each in self.endpoints(session) if each.wants(type_)])
        self._wake()
        return event.id

    def wait(self, timeout: float = _PATIENCE) -> bool:
        """Do what is due, and wait until every endpoint has answered; False where that takes longer, in seconds."""
        deadline = time.monotonic() + timeout
        while True:
            self._run()
            if not self._courier.idle(deadline):
                return False
            settled = self.settled
            if settled or time.monotonic() > deadline or self._runner == threading.get_ident():
                return settled

    @property
    def settled(self) -> bool:
        """Whether nothing is due or under way."""
        # In the order in which things move on, and the first once more: a failed delivery goes back there.
        resting = not self._is_due() and self._runner in {0, threading.get_ident()}
        return resting and self._courier.idle(0.0) and not self._is_due()

    def _is_due(self) -> bool:
        due = self._agenda.next()
        return due is not None and due <= self._clock.now()

    def saved(self) -> Callable[[], None]:
        """What lets the same endpoints be told again as now."""
        planned, own = self._planned, [*self._own]

        def restore() -> None:
            self._planned, self._own = planned, own

        return restore

    def forget(self) -> None:
        """Forget all deliveries, and what is yet to come."""
        self._agenda.clear()
        self._mail.forget()

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Let a clock that is moved in this thread, meanwhile, have its effects in the background."""
        self._elsewhere = threading.get_ident()
        try:
            yield
        finally:
            self._elsewhere = 0

    # What the engine tells.

    def happened(self, call: Call, type_: str, id_: str, at: float) -> None:
        """Tell whoever wants to know."""
        endpoints = [each for each in self._listening(call.session, call.store, at) if each.wants(type_)]
        if endpoints:
            self._mail.publish(self._mail.event(type_, {"id": id_}, call.session, at), endpoints)
            self._wake()

    def walking(self, call: Call, announced: Announced, place: tuple[str, str, str], due: float) -> None:
        """Look at an object when it may have changed, if anybody waits for it."""
        listening = self._listening(call.session, call.store, due)
        if any(each.wants(type_) for each in listening for type_ in announced.types.values()):
            look = Look(*place, call.operation, call.params, call.request.headers)
            self._agenda.put(("look", call.session, *place[1:]), due, look)
            self._wake()

    def opened(self, call: Call) -> None:
        """Look through what a session has."""
        self._catch_up(call.session)

    def tried(self, endpoint: Endpoint, type_: str, call: Call) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """See `Outgoing`."""
        from openai_mock.doors.courier import Asked  # noqa: PLC0415 - a door loads when it is used
        from openai_mock.doors.post import post  # noqa: PLC0415

        event = self._mail.event(type_, sample(type_, self._mail.ids.hexadecimal("")), call.session, call.now)
        delivery = Delivery(endpoint, event, self._mail.ids.hexadecimal("wh_"), 0)
        asked = Asked(lambda: post(self._message(delivery)))
        return asked.ask, asked.wait

    # What happens then.

    def _is_known(self, session: str) -> bool:
        """Whether a session is remembered; to ask for one makes it."""
        return not session or session in self._sessions.names

    def _told(self, session: str) -> list[Endpoint]:
        return self.endpoints(session) if self._is_known(session) else self._listening(session, None, 0.0)

    def _listening(self, session: str, store: Store | None, now: float) -> list[Endpoint]:
        own = [each for each in (*self._planned, *self._own) if each.session in {None, session}]
        return own if store is None else own + endpoints_of(store, now)

    def _number(self) -> int:
        self._made += 1
        return _OWN + self._made

    @staticmethod
    def _endpoint(given: Subscription, number: int, session: str | None = None) -> Endpoint:
        url = given.url or f"function:{getattr(given.call, '__qualname__', type(given.call).__name__)}"
        id_, made = made_for(url, number)
        return Endpoint(id_, url, (given.secret or made,), given.events, given.mode, session, given.call)

    def _catch_up(self, *sessions: str) -> None:
        """Look through sessions, if they remember anything that may be waited for."""
        paths = {each.path.partition("/{")[0] for name in EVENTS if (each := self._operations.get(f"{name}.list"))}
        for session in sessions:
            store = self._sessions.store(session)
            if any(store.count(path) for path in paths):
                self._agenda.put(("catch up", session), 0.0, CatchUp(session))
                self._wake()

    @cached_property
    def _courier(self) -> Courier:
        from openai_mock.doors.courier import Courier  # noqa: PLC0415 - a door loads when it is used

        return Courier(self._run)

    def _wake(self) -> None:
        if self._runner != threading.get_ident():
            self._courier.wake()

    def _clock_moved(self) -> None:
        if not len(self._agenda):
            return
        if self._elsewhere == threading.get_ident():
            self._courier.wake()
        else:
            self._run()

    def _run(self) -> float | None:
        """Do all that is due; the seconds until the next, None where nothing comes by itself."""
        me, clock = threading.get_ident(), self._clock
        if self._runner == me or not self._turn.acquire(timeout=_PATIENCE):
            return None
        try:
            self._runner = me
            while (taken := self._agenda.take(clock.now())) is not None:
                self._do(*taken)
        finally:
            self._runner = 0
            self._turn.release()
        if self._is_due():
            return 0.0
        due = self._agenda.next()
        return due - clock.now() if due is not None and clock.runs else None

    def _do(self, due: float, job: Look | Delivery | CatchUp) -> None:
        if isinstance(job, Delivery):
            self._attempt(job)
            return
        try:
            if isinstance(job, Look):
                if not self._is_known(session_of(job.headers)):
                    return
                world = replace(self._world(), clock=standing_still(due))
                self._collection(world, job).look(job.id)
            else:
                self._look_through(job.session)
        except Exception:  # noqa: BLE001 - logged, and others are still due
            _log.exception("What a webhook waits for could not be looked at")

    @staticmethod
    def _collection(world: World, look: Look) -> Collection:
        call = Call(look.operation, look.params, Request("GET", look.path, headers=look.headers), {}, None, world)
        return Collection(call, look.template, look.path, world.kept.get(look.template))

    def _look_through(self, session: str) -> None:
        """Find the objects of a session that change by themselves, as far as webhooks tell of them."""
        world = self._world()
        retrieves = {shape.collection: name for name, shape in world.shapes.items() if shape.role == "retrieve"}
        told = [(kept, retrieves[template]) for template, kept in world.kept.items() if kept.announced is not None]
        key = world.keys[0].decode() if world.keys else "sk-webhooks"
        headers = {"authorization": f"Bearer {key}", HEADER: session}
        for path, id_, text in self._sessions.store(session).snapshot().objects:
            for kept, name in told:
                params = _params(kept.template, path)
                if params is not None:
                    look = Look(kept.template, path, id_, self._operations[name], params, headers)
                    call = Call(look.operation, params, Request("GET", path, headers=headers), {}, None, world)
                    awaiting(call, kept, path, id_, decode(text))

    @staticmethod
    def _message(delivery: Delivery) -> Post:
        from openai_mock.doors.post import Post  # noqa: PLC0415 - a door loads when it is used

        # The receiver compares the timestamp with its own clock, not with the mock's.
        return Post(delivery.endpoint.url, delivery.headers(time.time()), delivery.body)

    def _attempt(self, delivery: Delivery) -> None:
        from openai_mock.doors.courier import called  # noqa: PLC0415 - a door loads when it is used
        from openai_mock.doors.post import post  # noqa: PLC0415

        endpoint = next((each for each in self._told(delivery.session) if each.id == delivery.endpoint.id), None)
        if endpoint is None:
            self._mail.given_up(delivery, "the endpoint was deleted")
            return
        delivery.endpoint = endpoint  # its secret may be another one by now
        function, message = endpoint.call, self._message(delivery)
        if function is None:
            self._courier.queue(delivery.endpoint.id, lambda: self._ended(delivery, post(message)))
        elif inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
            self._courier.queue(delivery.endpoint.id, lambda: self._ended(delivery, called(function, message)))
        else:
            self._ended(delivery, called(function, message))

    def _ended(self, delivery: Delivery, outcome: tuple[int | None, str]) -> None:
        status, error = outcome
        attempt, endpoint = self._mail.ended(delivery, status, error), delivery.endpoint
        if attempt.good:
            self._failing.discard(endpoint.id)
            return
        if endpoint.id not in self._failing:
            self._failing.add(endpoint.id)
            _log.warning(
                "%s did not take %s: %s. It is sent again for 72 hours; /_mock/webhooks/deliveries tells more.",
                shown_url(endpoint.url), delivery.type, error or f"it answered {status}",
            )  # fmt: skip
        self._wake()


def _params(template: str, path: str) -> dict[str, str] | None:
    """The ids in a path, or None where it is none of the template."""
    names, parts = template.split("/"), path.split("/")
    pairs = list(zip(names, parts, strict=False))
    if len(names) != len(parts) or any(name != part for name, part in pairs if not name.startswith("{")):
        return None
    return {name[1:-1]: part for name, part in pairs if name.startswith("{")}
