"""The rate limits that a project was given by an update of the organization's owner, one limiter for each model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from openai_mock.engine.access import presented
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.issued_keys import bearer_of
from openai_mock.engine.journal import Admission
from openai_mock.engine.limits import Limiter, Limits, Rates

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call


class ProjectRates:
    """What projects may use of a model. `now` is in Unix seconds; `lock` makes the lock of a limiter."""

    def __init__(self, now: Callable[[], float], lock: Callable[[], AbstractContextManager[Any]]) -> None:
        self._now, self._lock = now, lock
        self.known: dict[tuple[str, str, str], Limiter] = {}
        """The limiters by session, project and model; empty in most mocks, which then count nothing."""

    def tell(self, session: str, project: str, model: str, rates: Rates) -> None:
        """Limit a model in a project from now on."""
        self.known[session, project, model] = Limiter(Limits(rates=rates), self._now, self._lock())

    def admit(self, call: Call) -> Admission | None:
        """Count a request where its project is limited. Raises LimitError, OpenAI's 429, where it is one too many."""
        sent = call.request.headers
        project = sent.get("openai-project", "")
        if not project:
            who = bearer_of(call.store, presented(sent))
            project = who.project if who is not None else PROJECT
        limiter = self.known.get((call.session, project, call.model))
        return None if limiter is None else limiter.admit(call)

    def forget(self) -> None:
        """Let no project be limited."""
        self.known.clear()
