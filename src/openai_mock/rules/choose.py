"""Chooses among rules at a cost that hardly depends on how many there are, and tells which came close.

Theory. Rules stand in order of what a fit is worth, which follows from the rule alone, so the first that fits is the
best. Each rule is filed under one condition: a text, found as the lines of conversations are; else the one value that
something must have; else its operation or its model. A request leads to the rules filed under what it has, in order,
and only these are looked at, one after the other, until one fits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from heapq import merge, nlargest
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace

from openai_mock.rules.asked import Asked, Place
from openai_mock.rules.script import SCORES, Line
from openai_mock.rules.tiers import Edge, Tier, first_of, tiers_of
from openai_mock.rules.when import Stand, When

_GLOB = frozenset("*?[")
_COMPARED = 2_000
"""Rules that are looked at to explain a miss."""


class Ruled(Protocol):
    """What has a condition."""

    @property
    def when(self) -> When:
        """The condition."""


R = TypeVar("R", bound=Ruled)
Refuses = Callable[[R], str | None]
"""Why a rule whose conditions hold does not answer now; None where it does."""


class Rules(Generic[R]):
    """Rules, ready to be chosen among. They never change; any number of threads may ask."""

    def __init__(self, rules: Iterable[R]) -> None:
        self.ordered: tuple[R, ...] = tuple(sorted(rules, key=lambda rule: rule.when.rank, reverse=True))
        edges: dict[Place, list[Edge]] = {}
        self._values: dict[str, tuple[Callable[[Asked], Any], dict[Hashable, list[int]]]] = {}
        self._operations: dict[str, list[int]] = {}
        self._models: dict[str, list[int]] = {}
        self._rest: list[int] = []
        self._whens = [self._filed(number, rule.when, edges) for number, rule in enumerate(self.ordered)]
        self._texts: list[tuple[Place, tuple[Tier, ...]]] = [
            (place, tiers_of(lines, whole=True)) for place, lines in edges.items()
        ]

    def _filed(self, number: int, when: When, edges: dict[Place, list[Edge]]) -> When:
        """File a rule; what is left to be asked once it is found."""
        if when.texts:
            at = max(range(len(when.texts)), key=lambda each: SCORES[when.texts[each][1].matcher])
            place, line = when.texts[at]
            edges.setdefault(place, []).append((_comparable(line), number))
            return replace(when, texts=when.texts[:at] + when.texts[at + 1 :])
        if when.whole and when.whole[-1].matcher != "any":
            edges.setdefault("latest", []).append((_comparable(when.whole[-1]), number))
            return when
        for check in when.checks:
            if check.key is not None and check.read is not None:
                name, value = check.key
                self._values.setdefault(name, (check.read, {}))[1].setdefault(value, []).append(number)
                return when
        if when.operation is not None and not _GLOB & set(when.operation):
            self._operations.setdefault(when.operation, []).append(number)
        elif when.model is not None and not _GLOB & set(when.model):
            self._models.setdefault(when.model, []).append(number)
        else:
            self._rest.append(number)
        return when

    def find(self, asked: Asked, refuses: Refuses[R]) -> R | None:
        """The best rule that fits and does not refuse."""
        for number in self._candidates(asked):
            rule = self.ordered[number]
            if self._whens[number].holds(asked) and refuses(rule) is None:
                return rule
        return None

    def _candidates(self, asked: Asked) -> Iterator[int]:
        """The rules worth asking, in order."""
        found: list[Iterable[int]] = [self._rest]
        found += [table[key] for table, key in ((self._operations, asked.operation), (self._models, asked.model))
                  if key in table]  # fmt: skip
        for read, table in self._values.values():
            value = read(asked)
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, str | int | float) and (numbers := table.get(each)):
                    found.append(numbers)
        for place, tiers in self._texts:
            if (text := asked.said(place)) is not None:
                found += (map(first_of, tier.find(text, asked.budget, _any)) for tier in tiers)
        return merge(*found)

    def nearest(self, asked: Asked, refuses: Refuses[R], k: int = 3) -> list[tuple[R, Stand]]:
        """The rules that come closest, and for each the first condition that does not hold."""
        stands: list[tuple[R, Stand]] = []
        for rule in self.ordered[:_COMPARED]:
            if rule.when.applies(asked.operation, spoken=asked.spoken):
                stand = rule.when.why_not(asked) or Stand(1.0, refuses(rule) or "")
                stands.append((rule, stand))
        return nlargest(k, stands, key=lambda each: each[1].held)


def _any(_: Any) -> bool:
    return True


def _comparable(line: Line) -> Line:
    """A line as the index compares it: whoever speaks."""
    return replace(line, role="user", tool_call_id=None)
