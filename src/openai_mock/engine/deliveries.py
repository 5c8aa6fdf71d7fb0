"""Deliveries of events: what is sent to whom, tried again until it is taken, and kept in a log.

Theory. An endpoint takes an event by answering 2xx. What it does not take is sent again after 5 seconds, then after
twice as long each time, until 72 hours have passed since the event. The `webhook-id` belongs to an event and an
endpoint: every attempt carries the same, and so does a duplicate. What goes wrong on purpose is drawn for the n-th
event of an endpoint in a session, whatever else happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from openai_mock.engine.agenda import Agenda
from openai_mock.engine.chance import stream
from openai_mock.engine.ids import Ids
from openai_mock.engine.webhooks import TOLERANCE, Endpoint, ModeName, event_body, headers, secret_of, shown_url

FIRST_RETRY, LONGEST = 5.0, 72 * 3600.0
"""Seconds after which a delivery is tried again, twice as long each time, and from the event on at most."""
KEPT = 1_000
"""Deliveries in the log."""
MOST_WAITING = 10_000
"""Deliveries that may wait at a time; what comes beyond is not sent."""
State: TypeAlias = Literal["waiting", "delivered", "failed", "dropped"]


class Attempt(Struct, frozen=True):
    """One try: when, what the endpoint answered, or why it did not."""

    at: float
    status: int | None
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether the endpoint took the event."""
        return self.status is not None and 200 <= self.status < 300


class Delivery:
    """One event on its way to one endpoint; `at` is when the event happened, `due` when it is next tried."""

    __slots__ = (
        "at", "attempts", "body", "drawn", "due", "endpoint", "event_id", "id", "n", "session", "state", "type",
    )  # fmt: skip

    def __init__(self, endpoint: Endpoint, event: Event, webhook_id: str, n: int) -> None:
        self.endpoint, self.id, self.n = endpoint, webhook_id, n
        self.event_id, self.type, self.session, self.body = event.id, event.type, event.session, event.body
        self.at = self.due = event.at
        self.drawn: frozenset[ModeName] = frozenset()
        self.attempts: list[Attempt] = []
        self.state: State = "waiting"

    def headers(self, now: float) -> dict[str, str]:
        """The headers of an attempt that is made now, by the clock of the receiver, in Unix seconds."""
        stamp = int(now) - (2 * TOLERANCE if "stale" in self.drawn else 0)
        forged = "forged" in self.drawn and self.endpoint.secrets
        secrets = (secret_of(self.id.encode()),) if forged else self.endpoint.secrets
        return headers(self.id, stamp, self.body, secrets)

    def shown(self) -> dict[str, Any]:
        """The delivery as JSON."""
        return {
            "object": "webhook_delivery",
            "id": self.id,
            "event": {"id": self.event_id, "type": self.type},
            "endpoint": self.endpoint.id,
            "url": shown_url(self.endpoint.url),
            "session": self.session,
            "state": self.state,
            "mode": sorted(self.drawn),
            "created_at": self.at,
            "next_attempt_at": self.due if self.state == "waiting" else None,
            "attempts": [{"at": each.at, "status": each.status, "error": each.error or None} for each in self.attempts],
        }


class Event(Struct, frozen=True):
    """One event of a session, as it is sent; `at` is the Unix second at which it happened."""

    id: str
    type: str
    session: str
    at: float
    body: bytes


class Deliveries:
    """All deliveries of one mock. `agenda` is told when they are due."""

    def __init__(self, agenda: Agenda[Any], seed: int, lock: AbstractContextManager[Any]) -> None:
        self._agenda, self._seed, self._lock = agenda, seed, lock
        self._number = 0
        self.forget()

    def forget(self) -> None:
        """Forget all of them and start the ids again."""
        self.ids = Ids(self._seed ^ 0x5EB0)
        self.log: deque[Delivery] = deque(maxlen=KEPT)
        self._counts: dict[tuple[str, str], int] = {}
        self._held: dict[tuple[str, str], Delivery] = {}
        self._forgotten, self._waiting = self._number, 0

    def event(self, type_: str, data: Mapping[str, Any], session: str, at: float) -> Event:
        """A new event."""
        id_ = self.ids.hexadecimal("evt_")
        return Event(id_, type_, session, at, event_body(id_, type_, data, at))

    def publish(self, event: Event, endpoints: Iterable[Endpoint]) -> None:
        """Let endpoints be told of an event."""
        with self._lock:
            for endpoint in endpoints:
                for delivery in self._planned(endpoint, event):
                    self.log.append(delivery)
                    if delivery.state == "waiting":
                        self._waiting += 1
                        self._put(delivery)
                self._release(endpoint, event)

    def _planned(self, endpoint: Endpoint, event: Event) -> Iterator[Delivery]:
        key = endpoint.id, event.session
        n = self._counts[key] = self._counts.get(key, 0) + 1
        webhook_id = self.ids.hexadecimal("wh_")
        drawn = endpoint.mode.drawn(stream(self._seed, "webhook", *key, n))
        waits = "late" in drawn or ("out_of_order" in drawn and self._holds(endpoint, event) is None)
        for _ in range(2 if "duplicate" in drawn and "drop" not in drawn else 1):
            self._number += 1
            delivery = Delivery(endpoint, event, webhook_id, self._number)
            delivery.drawn = drawn
            if "drop" in drawn:
                delivery.state = "dropped"
            elif self._waiting >= MOST_WAITING:
                delivery.state = "dropped"
                delivery.attempts.append(Attempt(event.at, None, f"{MOST_WAITING} deliveries wait already"))
            elif waits:
                delivery.due += endpoint.mode.delay
            yield delivery

    def _release(self, endpoint: Endpoint, event: Event) -> None:
        """Send what was held back behind the event that came now; hold this one back where that was drawn."""
        held, latest = self._holds(endpoint, event), self.log[-1]
        self._held.pop((endpoint.id, event.session), None)
        if held is not None:
            held.due = event.at
            self._put(held)
        elif "out_of_order" in latest.drawn and latest.state == "waiting":
            self._held[endpoint.id, event.session] = latest

    def _holds(self, endpoint: Endpoint, event: Event) -> Delivery | None:
        held = self._held.get((endpoint.id, event.session))
        return held if held is not None and held.state == "waiting" and held.due > event.at else None

    def _put(self, delivery: Delivery) -> None:
        self._agenda.put(("delivery", delivery.n), delivery.due, delivery)

    def ended(self, delivery: Delivery, status: int | None, error: str = "") -> Attempt:
        """Note how an attempt ended; one that failed is made again until 72 hours have passed."""
        with self._lock:
            attempt = Attempt(delivery.due, status, error)
            delivery.attempts.append(attempt)
            if delivery.n <= self._forgotten:
                return attempt
            again = delivery.due + FIRST_RETRY * 2 ** (len(delivery.attempts) - 1)
            if not attempt.good and again <= delivery.at + LONGEST:
                delivery.due = again
                self._put(delivery)
            else:
                delivery.state = "delivered" if attempt.good else "failed"
                self._waiting -= 1
            return attempt

    def given_up(self, delivery: Delivery, why: str) -> None:
        """Send a delivery no more."""
        with self._lock:
            delivery.state = "dropped"
            delivery.attempts.append(Attempt(delivery.due, None, why))
            self._waiting -= 1
