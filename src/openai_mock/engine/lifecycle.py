"""Lifecycles: how an object's status changes by itself, by request and by time.

Theory. No timer runs. What status an object has is computed from its record when somebody reads it, and kept then; so a
clock that moved on by a day costs nothing until something is looked at; where a webhook waits for an object, `upcoming`
says when to look. A *road* is a chain of states that an object walks by itself. It starts to walk when it enters a
state from which a road leads on, and the *policy* says how fast the whole rest of the road is walked:

    instant       at once: the answer to the creation already shows the end
    polls=N       with each retrieve; the N-th finds the object at the end. Lists and actions are no polls
    seconds=N     on the clock, in equal steps; the transitions get the times at which they happened

A *move* is what a request may do (`call.move`); any other gets the lifecycle's refusal. *Expiry* is a move that time
makes: from the states it names, when `due` says so. The state `gone` is no state: the object is forgotten. Under
`seconds`, what happened first counts: a batch that takes an hour is completed, not expired, after a day.

How to use it, in a resource module:

    batches = Resource("batch", keeps="batches.retrieve", lifecycle=Lifecycle(
        "validating -> in_progress -> finalizing -> completed",     # roads
        "cancelling -> cancelled",
        moves=("validating | in_progress | finalizing -> cancelling",),
        expiry="validating | in_progress | finalizing -> expired",  # when item["expires_at"] has come
        refusal="Cannot cancel a batch with status '{status}'.",
    ))

    @batches.on("batches.create")
    def create(call): return call.create({"id": ..., "status": "validating", ...})

    @batches.on("batches.cancel")
    def cancel(call): return call.move(call.item, "cancelling", cancelling_at=call.now)

    @batches.entering("completed")
    def completed(call, item, at): return {**item, "completed_at": at, "output_file_id": ...}

Retrieving, listing and deleting need no code: the generic memory settles every object it shows. A hook of `entering`
gets the object with its new status and the Unix second of the transition, and returns the object to keep; it may choose
another status, such as `failed`, and may write to `call.store`. It runs once for each transition, whoever reads first.
`call` is then the call that happened to look, so a hook knows its object by `item` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from openai_mock.engine.clock import duration
from openai_mock.engine.store import Object

GONE = "gone"
POLL = 1.0
"""Seconds from look to look where somebody waits to be told of an object instead of polling it."""
Due: TypeAlias = Callable[[Object], float | None]


class Policy(Struct, frozen=True):
    """How fast a road is walked: `amount` polls or seconds for all of it."""

    kind: Literal["instant", "polls", "seconds"] = "polls"
    amount: float = 2


class Policies(Struct, frozen=True):
    """The policy of each resource, by its SDK name such as `batches`, with or without `beta.` before it.

    A policy for a name counts for all below it too: `vector_stores` for `vector_stores.files`.
    """

    default: Policy = Policy()
    named: Mapping[str, Policy] = {}

    def of(self, name: str, own: Policy | None = None) -> Policy:
        """The policy of a resource, else that of the nearest name above it, else its own, else the default."""
        return next((self.named[each] for each in _upwards(name) if each in self.named), own or self.default)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """The names here that are none of these and above none of them."""
        known = {each for name in names for each in _upwards(name)}
        return [name for name in self.named if name not in known]


def _upwards(name: str) -> Iterator[str]:
    """A name, the names above it, and each without `beta.` or `admin.organization.` too, the longest first."""
    while name and name != "beta":
        yield name
        yield name.removeprefix("beta.").removeprefix("admin.organization.")
        name = name.rpartition(".")[0]


def policy(text: str) -> Policy:
    """The policy in words: `instant`, `polls=2`, `seconds=30` (or `seconds=5m`). Raises ValueError with a sentence."""
    kind, _, amount = text.replace(" ", "").partition("=")
    try:
        if kind == "instant" and not amount:
            return Policy("instant", 0)
        if kind == "polls" and amount.isdecimal() and int(amount):
            return Policy("polls", int(amount))
        if kind == "seconds" and amount:
            seconds = duration(amount)
            if seconds >= 0 and math.isfinite(seconds):
                return Policy("seconds", seconds)
    except ValueError:
        pass
    raise ValueError(f"'{text}' is no lifecycle policy. Write instant, polls=2 or seconds=30.")


def policies(given: Policies | str | Mapping[str, str]) -> Policies:
    """Policies from one in words for all, or from words by the name of the resource, `default` for all others.

    Raises ValueError with a sentence.
    """
    if isinstance(given, Policies):
        return given
    named = {name: policy(text) for name, text in ({"default": given} if isinstance(given, str) else given).items()}
    return Policies(named.pop("default", Policy()), named)


class Life(Struct, frozen=True):
    """How far an object has come on its road: since when it walks, from which state, and how often it was polled."""

    since: float
    start: str
    ticks: int = 0


def expires_at(item: Object) -> float | None:
    """The Unix second in the object's own field, or None."""
    at = item.get("expires_at")
    return float(at) if isinstance(at, int | float) and not isinstance(at, bool) else None


class Lifecycle:
    """Roads, moves and expiry of one kind of object, read from text. Raises ValueError where the text has no sense."""

    def __init__(
        self,
        *roads: str,
        moves: Sequence[str] = (),
        expiry: str = "",
        due: Due = expires_at,
        field: str = "status",
        refusal: str = "Cannot change a {kind} with status '{status}'.",
        refused: int = 400,
        image_of: str = "",
        lasting: float | None = None,
    ) -> None:
        """`field` holds the status. `refusal` may name {kind}, {status}, {to} and {id}; `refused` is its HTTP status.

        A source of a move or an expiry may be `*`, any state of a road; an object without the field counts as `*`.
        `image_of` names the operation that retrieves the object of the same id without which this one is gone.
        `lasting` is how many seconds an object is kept that a request made; what was put there stays.
        """
        chains = [_chain(road) for road in roads]
        self.field, self.due, self.refusal, self.refused = field, due, refusal, refused
        self.image_of, self.lasting = image_of, lasting
        self.roads: Mapping[str, tuple[str, ...]] = {
            chain[at]: tuple(chain[at + 1 :]) for chain in chains for at in range(len(chain) - 1)
        }
        self.first = chains[0][0] if chains else ""
        self._moves = frozenset(edge for text in moves for edge in _edges(text))
        self._expiry: Mapping[str, str] = dict(_edges(expiry)) if expiry else {}

    @property
    def alters(self) -> bool:
        """Whether objects become others by themselves; those that only go never do."""
        return bool(self.roads) or any(to != GONE for to in self._expiry.values())

    def status(self, item: Object) -> str:
        """The status of an object; `*` where it has none."""
        status = item.get(self.field)
        return status if isinstance(status, str) else "*"

    def allows(self, status: str, to: str) -> bool:
        """Whether a request may move an object."""
        return (status, to) in self._moves or ("*", to) in self._moves

    def walks(self, status: str) -> bool:
        """Whether an object in this state moves on by itself."""
        return status in self.roads

    def expires(self, item: Object) -> tuple[float, str] | None:
        """When the object expires and what it is then, or None where it does not."""
        to = self._expiry.get(self.status(item)) or self._expiry.get("*")
        at = self.due(item) if to else None
        return (at, to) if to and at is not None else None


def upcoming(cycle: Lifecycle, speed: Policy, life: Life | None, item: Object) -> float | None:
    """When an object changes next if nobody touches it, in Unix seconds; under `polls` one a second is assumed."""
    status = cycle.status(item)
    expiry = cycle.expires(item)
    times = [] if expiry is None else [expiry[0]]
    road = (life.start, *cycle.roads.get(life.start, ())) if life else ()
    if life and status in road[:-1]:
        share = speed.amount * (road.index(status) + 1) / (len(road) - 1)
        times.append(life.since + (math.ceil(share) * POLL if speed.kind == "polls" else share))
    return min(times, default=None)


def step(cycle: Lifecycle, speed: Policy, life: Life, status: str, now: float) -> tuple[str, float] | None:
    """The next state that is due on the road of an object and when it was entered, or None."""
    road = (life.start, *cycle.roads.get(life.start, ()))
    if status not in road[:-1]:
        return None
    length, reached = len(road) - 1, road.index(status)
    if speed.kind == "seconds" and speed.amount > 0:
        at = life.since + speed.amount * (reached + 1) / length
        return (road[reached + 1], at) if at <= now else None
    walked = length if speed.kind != "polls" else min(length, math.floor(life.ticks * length / speed.amount))
    return (road[reached + 1], now) if walked > reached else None


def _chain(text: str) -> list[str]:
    states = [state.strip() for state in text.split("->")]
    if len(states) < 2 or not all(state.replace("_", "").isalnum() for state in states):
        raise ValueError(f"'{text}' is no road. Write the states in a row: queued -> in_progress -> completed.")
    return states


def _edges(text: str) -> Iterator[tuple[str, str]]:
    sources, arrow, target = text.partition("->")
    if not arrow or "->" in target or not target.strip():
        raise ValueError(f"'{text}' is no move. Write one arrow: queued | in_progress -> cancelled.")
    for source in sources.split("|"):
        yield source.strip(), target.strip()
