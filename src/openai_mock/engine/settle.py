"""Brings an object to where its lifecycle says it is by now, and keeps it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from openai_mock.engine.errors import ApiError
from openai_mock.engine.lifecycle import GONE, POLL, Life, Lifecycle, Policy, step, upcoming
from openai_mock.engine.store import Object, Store

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call
    from openai_mock.engine.webhooks import Announced

LIFE = "life"
"""The name of the bytes that hold an object's `Life`, for as long as it walks."""
IMAGE = "image"
"""The name of the empty bytes that mark an object as the image of another, which it does not outlive."""
BORN = "born"
"""The name of the bytes that hold when an object was made, in Unix seconds, where its time is limited."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Life).decode
Hook: TypeAlias = "Callable[[Call, Object, int], Object]"


class Kept(Struct, frozen=True):
    """A collection whose objects have a lifecycle. `kind` is the object's, for its errors.

    `announced` are the states that webhooks tell of; `template` is the collection's path.
    """

    kind: str
    cycle: Lifecycle
    hooks: Mapping[str, Hook]
    policy: Policy
    announced: Announced | None = None
    template: str = ""


def begin(
    call: Call,
    kept: Kept,
    collection: str,
    id_: str,
    item: Object,
    beside: Mapping[str, bytes | None],
    text: bytes | None = None,
) -> Object:
    """Keep a new object and the bytes beside it, and let it start to walk; the object as the client is to see it.

    `text` is its JSON, where that is written already.
    """
    cycle, now = kept.cycle, call.world.clock.now()
    life = _life_of(cycle, item, now)
    marks = {**beside, LIFE: _encode(life) if life else None}
    if cycle.image_of:
        marks[IMAGE] = b""
    if cycle.lasting is not None:
        marks[BORN] = _encode(now)
    call.store.put(collection, id_, text or item, marks)
    if life is None:
        _announce(call, kept, item, now)
        return item
    if kept.policy.kind == "instant":
        return settled(call, kept, collection, id_, item) or item
    awaiting(call, kept, collection, id_, item)
    return item


def settled(
    call: Call, kept: Kept, collection: str, id_: str, item: Object, *, polled: bool = False, awaited: bool = False
) -> Object | None:
    """The object as it is by now, or None if it is gone.

    `polled` counts a retrieve; `awaited` counts as if there had been one a second all the time.
    """
    cycle, now = kept.cycle, call.world.clock.now()
    faded = cycle.image_of and _faded(call, cycle.image_of, collection, id_)
    if faded or (cycle.lasting is not None and _aged(call, cycle.lasting, collection, id_, now)):
        call.store.delete(collection, id_)
        return None
    expiry = cycle.expires(item)
    if not cycle.walks(cycle.status(item)) and (expiry is None or expiry[0] > now):
        return item
    store = call.store
    with store.atomically():
        known = store.get(collection, id_)
        if known is None:
            return None
        life = _life(store, collection, id_)
        if life is not None and (polled or awaited) and kept.policy.kind == "polls":
            waited = int((now - life.since) / POLL + 1e-6) if awaited else 0
            life = Life(life.since, life.start, max(life.ticks + polled, waited))
            store.put_blob(collection, id_, _encode(life), LIFE)
        return _walked(call, kept, collection, id_, known, life, now)


def _faded(call: Call, original: str, collection: str, id_: str) -> bool:
    """Whether an image has lost its original. What the user put there, with or without one, is not an image."""
    return call.store.blob(collection, id_, IMAGE) is not None and call.collection(original).find(id_) is None


def _aged(call: Call, lasting: float, collection: str, id_: str, now: float) -> bool:
    """Whether the time of an object is over. What the user put there has no end."""
    born = call.store.blob(collection, id_, BORN)
    return born is not None and float(born) + lasting <= now


def _walked(
    call: Call, kept: Kept, collection: str, id_: str, item: Object, life: Life | None, now: float
) -> Object | None:
    cycle = kept.cycle
    while True:
        status = cycle.status(item)
        due = step(cycle, kept.policy, life, status, now) if life else None
        expiry = cycle.expires(item)
        if expiry is not None and expiry[0] <= (due[1] if due else now):
            if expiry[1] == GONE:
                call.store.delete(collection, id_)
                return None
            due = expiry[1], expiry[0]
        if due is None:
            return item
        item = _entered(call, kept, item, *due)
        call.store.put(collection, id_, item)
        reached = cycle.status(item)
        if life is None or reached not in cycle.roads.get(life.start, ()):
            life = _start(call, kept, collection, id_, item, due[1])
        elif not cycle.walks(reached):
            call.store.put_blob(collection, id_, None, LIFE)


def moved(call: Call, kept: Kept, collection: str, id_: str, item: Object, to: str) -> Object:
    """The object moved by request, kept and on its new road. Raises the lifecycle's refusal."""
    cycle = kept.cycle
    status = cycle.status(item)
    if not cycle.allows(status, to):
        words = cycle.refusal.format(kind=kept.kind.replace("_", " "), status=status, to=to, id=id_)
        raise ApiError(cycle.refused, words)
    now = call.world.clock.now()
    with call.store.atomically():
        entered = _entered(call, kept, item, to, now)
        call.store.put(collection, id_, entered)
        _start(call, kept, collection, id_, entered, now)
    if kept.policy.kind == "instant":
        return settled(call, kept, collection, id_, entered) or entered
    return entered


def _entered(call: Call, kept: Kept, item: Object, to: str, at: float) -> Object:
    entered = {**item, kept.cycle.field: to}
    hook = kept.hooks.get(to)
    if hook is not None:
        entered = hook(call, entered, int(at))
    _announce(call, kept, entered, at)
    return entered


def _announce(call: Call, kept: Kept, item: Object, at: float) -> None:
    """Tell webhooks of the state that an object came to."""
    if kept.announced is None or call.world.outgoing is None:
        return
    type_ = kept.announced.of(kept.cycle.status(item), item)
    if type_ is not None:
        call.world.outgoing.happened(call, type_, item["id"], at)


def awaiting(call: Call, kept: Kept, collection: str, id_: str, item: Object, *, looked: bool = False) -> None:
    """Say when an object that webhooks tell of may change next. What was `looked` at has changed as far as it could."""
    if kept.announced is None or call.world.outgoing is None:
        return
    due = upcoming(kept.cycle, kept.policy, _life(call.store, collection, id_), item)
    if due is not None:
        now = call.world.clock.now()
        if looked and due <= now:  # a road that leads nowhere must not be looked at for ever
            due = now + POLL
        call.world.outgoing.walking(call, kept.announced, (kept.template, collection, id_), due)


def _start(call: Call, kept: Kept, collection: str, id_: str, item: Object, now: float) -> Life | None:
    """Let an object walk from the state it is in; None where no road leads on."""
    life = _life_of(kept.cycle, item, now)
    call.store.put_blob(collection, id_, _encode(life) if life else None, LIFE)
    if life is not None and kept.policy.kind != "instant":
        awaiting(call, kept, collection, id_, item)
    return life


def _life_of(cycle: Lifecycle, item: Object, now: float) -> Life | None:
    status = cycle.status(item)
    return Life(now, status) if cycle.walks(status) else None


def _life(store: Store, collection: str, id_: str) -> Life | None:
    text = store.blob(collection, id_, LIFE)
    return None if text is None else _decode(text)
