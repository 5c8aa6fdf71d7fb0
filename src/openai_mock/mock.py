"""The mock that users hold: a plan made into a machine, and the doors to it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from openai_mock.config.plan import Plan
from openai_mock.engine.answers import Answer
from openai_mock.engine.clock import Clock, standing_still
from openai_mock.engine.coverage import Covered, as_json, coverage
from openai_mock.engine.fallback import Fallback
from openai_mock.engine.ids import Ids
from openai_mock.engine.journal import Journal
from openai_mock.engine.memory import Memory
from openai_mock.engine.pipeline import Machine
from openai_mock.engine.resource import Handler, World
from openai_mock.engine.store import Dictionaries
from openai_mock.resources import ALL
from openai_mock.resources.models import BUILT_IN, WITH_FLOWS
from openai_mock.rules.speak import speaker
from openai_mock.spec.operations import Catalogue, load
from openai_mock.spec.router import Router
from openai_mock.spec.validate import Validators
from openai_mock.turns.authors import helpful
from openai_mock.turns.turn import Prompt, Reply
from openai_mock.wire import Exchange, Request


class OpenAIMock:
    """The OpenAI API, offline.

    `plan` says how to answer (see `OpenAIMock.load`). With a `seed`, the same requests get the same bytes: ids repeat
    and the clock stands still at 2026-01-01. `ids="lenient"` answers an unknown id with an example instead of a 404,
    `stateless` remembers nothing and always gives examples, `lenient` notes unknown fields in the journal instead of
    refusing them. `catalogue` replaces the package's own. `raise_errors` lets an exception from inside leave the mock
    as itself, which is what a test wants; a server answers OpenAI's 500 instead.
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
    ) -> None:
        self._clock = Clock(time.time, time.perf_counter) if seed is None else standing_still()
        self._seed = secrets.randbits(64) if seed is None else seed
        self._ids = Ids(self._seed)
        self.plan = plan or Plan()
        self.catalogue = catalogue or load()
        self._store = Dictionaries()
        fallback = Fallback(self.catalogue, self._seed)
        memory = None if stateless else Memory(self.catalogue, fallback, lenient_ids=ids == "lenient")
        self._otherwise = memory.answer if memory else fallback.answer
        self._remembered = memory.remembered if memory else frozenset[str]()
        self._lenient, self._lenient_ids = lenient, stateless or ids == "lenient"
        self._machine = Machine(
            Router(self.catalogue.operations.values()),
            self._world(self.plan),
            Validators(self.catalogue),
            handlers(),
            local={
                ("GET", "/health"): partial(_health, self),
                ("GET", "/_mock/coverage"): lambda: as_json(self.coverage()),
            },
            raise_errors=raise_errors,
        )

    @classmethod
    def load(cls, path: str | Path, *, seed: int | None = None, env: Mapping[str, str] | None = None) -> OpenAIMock:
        """Read a configuration file. Raises `ConfigErrors`, which names file, line, column and key of each mistake."""
        from openai_mock.config.load import read  # noqa: PLC0415 - YAML is heavy, and not every mock reads a file

        return cls(read(path, env=env), seed=seed)

    @property
    def journal(self) -> Journal:
        """What was asked and what answered, oldest first."""
        return self._machine.journal

    def handle(self, request: Request) -> Exchange:
        """Answer one request: the contract between the core and the doors."""
        return self._machine.handle(request)

    def coverage(self) -> list[Covered]:
        """What answers each operation of the catalogue, and how often it was asked, by path."""
        return coverage(self.catalogue.operations, handlers(), self._remembered, self.journal.calls)

    def replace(self, plan: Plan) -> None:
        """Answer by another plan from the next request on. Running exchanges end by the old one."""
        world = self._world(plan)
        self.plan, self._machine.world = plan, world

    def transport(self, client_library: ModuleType) -> Any:
        """A transport for the clients of `httpx` or `httpx2`, synchronous and asynchronous alike.

        >>> client = openai.OpenAI(http_client=httpx2.Client(transport=mock.transport(httpx2)))
        """
        from openai_mock.doors.httpx import transport  # noqa: PLC0415 - a door loads when it is used

        return transport(client_library, self._machine.handle)

    def _by_itself(self, prompt: Prompt) -> Reply:
        return Reply(helpful(prompt, self._seed))

    def _world(self, plan: Plan) -> World:
        return World(
            clock=self._clock,
            ids=self._ids,
            otherwise=self._otherwise,
            store=self._store,
            lenient=self._lenient,
            lenient_ids=self._lenient_ids,
            speak=speaker(plan.scripts, self._by_itself, self._clock.elapsed),
            models=_models(plan),
            strict_models=plan.strict_models,
            keys=tuple(key.encode() for key in plan.api_keys),
            admin_keys=tuple(key.encode() for key in plan.admin_keys),
        )


def handlers() -> dict[str, Handler]:
    """Which operations the resources answer, by name."""
    return {name: handler for resource in ALL for name, handler in resource.handlers.items()}


def _models(plan: Plan) -> tuple[str, ...]:
    listed = plan.models or (WITH_FLOWS if plan.scripts else BUILT_IN)
    return tuple(dict.fromkeys((*listed, *plan.named_models)))


def _health(mock: OpenAIMock) -> Answer:
    return {"status": "ok", "rules": len(mock.plan.scripts), "operations": len(mock.catalogue.operations)}
