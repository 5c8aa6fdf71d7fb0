"""Which limits are in force: those that a mock was told, else those of its plan. Counts outlive a reload."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from openai_mock.engine.limits import Limiter, Limits
from openai_mock.engine.project_rates import ProjectRates

GivenLimits: TypeAlias = Mapping[str, Any] | Limits


class Limiting:
    """The limits of one mock. `now` is in Unix seconds."""

    def __init__(self, given: GivenLimits | None, now: Callable[[], float]) -> None:
        """Raises ValueError with a sentence for what is no limit."""
        self._given = _limits(given)
        self._now = now
        self._limiter: Limiter | None = None
        self.projects = ProjectRates(now, threading.RLock)

    def tell(self, given: GivenLimits) -> None:
        """Let other limits count, whatever the plan says. Raises ValueError with a sentence for what is no limit."""
        self._given = _limits(given)

    def of(self, planned: Limits | None) -> Limiter | None:
        """What counts, given the limits of the plan; None where nothing is limited."""
        limits = planned if self._given is None else self._given
        if limits is None or limits == Limits():
            self._limiter = None
        elif self._limiter is None or self._limiter.limits != limits:
            self._limiter = Limiter(limits, self._now, threading.RLock())
        return self._limiter

    def forget(self) -> None:
        """Let everything be unused again, and no project be limited."""
        self.projects.forget()
        if self._limiter is not None:
            self._limiter.forget()


def _limits(given: GivenLimits | None) -> Limits | None:
    if given is None:
        return None
    from openai_mock.config.formats.limits import limits_of  # noqa: PLC0415 - only who is limited pays for it

    return limits_of(given)
