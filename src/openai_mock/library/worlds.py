"""What a mock's plans are made into: its worlds, and what all of them share for as long as the mock lives."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.config.plan import Plan
from openai_mock.config.transit import Told, transit
from openai_mock.engine.accounting import Account
from openai_mock.engine.clock import Clock, standing_still
from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.fallback import Fallback
from openai_mock.engine.ids import Ids
from openai_mock.engine.issued_keys import issued_by
from openai_mock.engine.journal import Journal
from openai_mock.engine.lifecycle import Policies, policies
from openai_mock.engine.memory import Memory
from openai_mock.engine.resource import World
from openai_mock.engine.seeding import Seeds
from openai_mock.engine.sessions import Sessions
from openai_mock.engine.store import Store
from openai_mock.library.beginning import begin
from openai_mock.library.compiled import compiled, packaged
from openai_mock.library.handlers import Handlers, Lifecycles
from openai_mock.library.limiting import GivenLimits, Limiting
from openai_mock.library.models import models_of
from openai_mock.library.outbox import Outbox
from openai_mock.resources.webhooks import EVENTS
from openai_mock.rules.speak import Speaker
from openai_mock.spec.operations import Catalogue, load
from openai_mock.turns.authors import helpful
from openai_mock.turns.honour import honouring, within_limits
from openai_mock.turns.turn import Prompt, Reply
from openai_mock.wire import Exchange, Request

if TYPE_CHECKING:
    from openai_mock.config.formats.webhooks import GivenWebhooks

_AUTHOR = honouring(helpful)


class Given(Struct, frozen=True):
    """What a mock was made with, as `OpenAIMock` says."""

    seed: int | None
    stateless: bool
    lenient: bool
    lenient_ids: bool
    catalogue: Catalogue | None
    store: Store | None
    lifecycle: Policies | str | Mapping[str, str] | None
    told: Told
    limits: GivenLimits | None
    webhooks: GivenWebhooks | None


class Worlds:
    """Makes a world of each plan of one mock.

    `perform` runs a request inside another, and `world` is the one that answers at the moment. Raises ValueError for
    what is no limit or lifecycle.
    """

    def __init__(
        self,
        given: Given,
        journal: Journal,
        perform: Callable[[Request, bool], Exchange],
        world: Callable[[], World],
    ) -> None:
        self._given, self._perform, self._is_own_store = given, perform, given.store is None
        self.clock = Clock(time.time, time.perf_counter) if given.seed is None else standing_still()
        self.limiting = Limiting(given.limits, self.clock.now)
        self._seed = secrets.randbits(64) if given.seed is None else given.seed
        self.ids = Ids(self._seed)
        self.catalogue = given.catalogue or load()
        self.compiled = packaged() if given.catalogue is None else compiled(given.catalogue)
        operations, shapes = self.catalogue.operations, self.compiled.shapes
        self._fallback = Fallback(self.catalogue, self._seed)
        memory = Memory(self.catalogue, self._fallback, shapes, lenient_ids=given.lenient_ids)
        self._memory = None if given.stateless else memory
        self.remembered = frozenset[str]() if self._memory is None else memory.shapes
        answer = None if self._memory is None else memory.answer
        self.handlers = Handlers(operations, answer, lenient_ids=given.stateless or given.lenient_ids)
        self._lifecycle = None if given.lifecycle is None else policies(given.lifecycle)
        self.seeds = Seeds(operations, shapes, self._fallback, self.handlers)
        self.sessions = Sessions(given.store or Dictionaries(lock=threading.RLock()))
        self.account = Account(journal, threading.RLock())
        self.outbox = Outbox(given.webhooks, self.clock, self.sessions, operations, world, self._seed)

    def begin(self, plan: Plan) -> None:
        """Let every session start with the plan's objects. Raises ConfigErrors for what the API does not have."""
        begin(self.sessions, self.seeds, plan, self._lifecycle or plan.lifecycle, now=int(self.clock.now()))

    def of(self, plan: Plan) -> World:
        """The world in which a plan answers."""
        given, shapes = self._given, self.compiled.shapes
        entries = Speaker(plan.scripts, self.by_itself, self.clock.elapsed, sessions=self.sessions, ids=self.ids)
        return World(
            clock=self.clock,
            ids=self.ids,
            otherwise=self._fallback.answer if self._memory is None else self._memory.answer,
            sessions=self.sessions,
            shapes=shapes,
            kept=Lifecycles(self.compiled.families, shapes, self._lifecycle or plan.lifecycle, EVENTS),
            outgoing=self.outbox.of(plan.webhooks),
            example=self._fallback.answer,
            perform=self._perform,
            account=self.account,
            issued=issued_by(self.sessions, self.clock.now),
            limits=self.limiting.of(plan.limits),
            project_rates=self.limiting.projects,
            transit=transit(plan, self._seed, given.told),
            lenient=given.lenient,
            lenient_ids=given.stateless or given.lenient_ids,
            speak=within_limits(entries.speak if plan.scripts else self.by_itself),
            rules=entries,
            models=models_of(plan),
            strict_models=plan.strict_models,
            keys=tuple(key.encode() for key in plan.api_keys),
            admin_keys=tuple(key.encode() for key in plan.admin_keys),
            moderations=plan.moderations,
            transcripts=plan.transcripts,
        )

    def by_itself(self, prompt: Prompt) -> Reply:
        """What the mock says where nobody told it what to say."""
        return Reply(_AUTHOR(prompt, self._seed))

    def clear(self, plan: Plan) -> None:
        """Forget all objects and prompts, and start every session anew."""
        self.sessions.whole.clear()
        self.sessions.prompts.clear()
        self.begin(plan)

    def saved(self) -> Callable[[], None]:
        """Note the objects and the webhooks; calling the result brings them back. A store that the user brought is
        theirs to keep.
        """
        whole, told = self.sessions.whole, self.outbox.saved()
        remembered = whole.snapshot() if self._is_own_store else None

        def restore() -> None:
            told()
            if remembered is not None:
                whole.restore(remembered)

        return restore

    def renewed(self, world: World) -> World:
        """The world with limits and webhooks as at first; the ids too, unless a store outlives them and knows them."""
        self.limiting.forget()
        self.outbox.forget()
        if not self._is_own_store:
            return world
        self.ids = Ids(self._seed)
        return replace(world, ids=self.ids)
