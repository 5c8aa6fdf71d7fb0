"""A rule: when it answers, what it answers with, how often, and the scenario it belongs to.

Theory. What a rule has done and in which state a scenario is belongs to a session, so it lies in the session's store:
a reset forgets it, a snapshot keeps it, and processes that share a file share it. A rule that answers always and the
same asks no store.
"""

from __future__ import annotations

from msgspec import Struct

from openai_mock.engine.store import Store
from openai_mock.rules.answer import Answer
from openai_mock.rules.when import When

RULES, SCENARIOS = "/_mock/rules", "/_mock/scenarios"
STARTED = "started"
"""The state in which every scenario begins."""


class Scenario(Struct, frozen=True):
    """A scenario by name: the state in which a rule answers (`None` for any), and the one that it leads to."""

    name: str
    state: str | None = None
    to: str | None = None


class Rule(Struct, frozen=True):
    """One rule. The answers are given one after the other, and the last one stays; `times` None is without end.

    `where` is `file:line`.
    """

    id: str
    when: When
    answers: tuple[Answer, ...]
    times: int | None = None
    scenario: Scenario | None = None
    where: str = ""

    @property
    def counts(self) -> bool:
        """Whether the answer depends on earlier ones."""
        several = len(self.answers) > 1 or any(answer.fill for answer in self.answers)
        return several or self.times is not None or self.scenario is not None

    @property
    def speaks(self) -> bool:
        """Whether the rule has words, and not only errors."""
        return any(answer.error is None for answer in self.answers)

    def nth(self, number: int) -> Answer:
        """The answer to its n-th call, from 1."""
        return self.answers[min(number, len(self.answers)) - 1]

    def refuses(self, store: Store) -> str | None:
        """Why the rule does not answer any more, or not now; None where it does."""
        if self.times is not None and (done := count_of(store, self.id)) >= self.times:
            return f"times: the rule has answered {done} of {self.times} times"
        return None if self.scenario is None else refused(self.scenario, store)

    def take(self, store: Store) -> int:
        """Count an answer, lead the scenario on, and tell how many answers there were, this one included."""
        number = count_of(store, self.id) + 1
        store.put(RULES, self.id, {"count": number})
        move(store, self.scenario)
        return number


def refused(scenario: Scenario, store: Store) -> str | None:
    """Why a rule of a scenario does not answer now; None where it does."""
    now = STARTED if scenario.state is None else state_of(store, scenario.name)
    if scenario.state is None or now == scenario.state:
        return None
    return f"scenario: {scenario.name!r} is in {now!r}, where the rule wants {scenario.state!r}"


def count_of(store: Store, rule: str) -> int:
    """How often a rule that counts has answered."""
    return int((store.get(RULES, rule) or {}).get("count", 0))


def state_of(store: Store, scenario: str) -> str:
    """The state of a scenario."""
    return str((store.get(SCENARIOS, scenario) or {}).get("state", STARTED))


def move(store: Store, scenario: Scenario | None) -> None:
    """Lead a scenario on."""
    if scenario is not None and scenario.to is not None:
        store.put(SCENARIOS, scenario.name, {"state": scenario.to})
