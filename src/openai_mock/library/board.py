"""All routes and rules of one mock, and the stubs that they put before the answers of operations.

Theory. An operation has a stub only while something is set for it, so that what is not in use costs nothing. A call
goes to the rule that fits it best, as conversations compete: by mean score of its texts, then by the number of its
conditions, then the first. Without one it goes to the route of its operation, then to the mock's own answer, which
includes the rules of files. Where rules speak for an operation and nothing else would, a call that fits none is an
error that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from openai_mock.engine.errors import ApiError
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.resource import Call, Handler
from openai_mock.engine.stubs import Stub, Stubbing
from openai_mock.library.answering import Job
from openai_mock.library.answers import Answers
from openai_mock.library.conditions import Asked, Conditions
from openai_mock.library.route import History, Route
from openai_mock.library.said import HEARD
from openai_mock.library.views import MadeCall
from openai_mock.rules.patterns import Budget
from openai_mock.rules.speak import NO_MATCH
from openai_mock.spec.operations import Operation
from openai_mock.spec.router import Router
from openai_mock.turns.turn import Speak
from openai_mock.wire import Wait

_NEAREST = 3


class _Rule:
    """A rule at work: its conditions, its answers, the route that the user holds, and how often it answered."""

    def __init__(self, conditions: Conditions, changed: Callable[[], None]) -> None:
        self.conditions, self.answers, self.used = conditions, Answers(changed), 0
        self.route: Route | None = None


class Board:
    """Routes by operation, rules in the order they were made, and the stubs of both."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        router: Router,
        journal: Journal,
        *,
        author: Speak,
        flows: Callable[[], bool],
    ) -> None:
        """`author` speaks where no rule does; `flows` tells whether rules of a file speak as well."""
        self._operations, self._router, self._journal = operations, router, journal
        self._author, self._flows = author, flows
        self._routes: dict[str, tuple[Route, Answers]] = {}
        self._rules: list[_Rule] = []
        self.stubs: dict[str, Stub] = {}

    def route(self, name: str) -> Route:
        """The route of an operation, one for each."""
        if name not in self._routes:
            answers = Answers(partial(self._refresh, name))
            history = History(
                self._router,
                lambda: [entry for entry in tuple(self._journal.entries) if entry.operation == name],
                lambda: self._journal.calls[name],
                partial(self._journal.forget, name),
            )
            self._routes[name] = Route(name, self._operations[name], answers, history), answers
        return self._routes[name][0]

    def when(self, conditions: Conditions) -> Route:
        """A new rule."""
        rule = _Rule(conditions, self._refresh_all)
        operation = self._operations.get(conditions.operation or "")

        def mine() -> list[Entry]:
            return [entry for entry in tuple(self._journal.entries) if entry.rule == rule.conditions.label]

        def forget() -> None:
            rule.used = 0

        history = History(self._router, mine, lambda: rule.used, forget)
        rule.route = Route(conditions.label, operation, rule.answers, history)
        self._rules.append(rule)
        self._refresh_all()
        return rule.route

    def rules(self) -> Iterator[tuple[str, int]]:
        """Each rule and how often it answered."""
        return ((rule.conditions.label, rule.used) for rule in self._rules)

    def calls(self, entries: Iterator[Entry]) -> list[MadeCall]:
        """Entries of the journal as calls."""
        return [MadeCall(entry, self._router) for entry in entries]

    def clear(self) -> None:
        """Forget all answers and rules."""
        self._rules.clear()
        for _, answers in self._routes.values():
            answers.delay = 0.0
            answers.clear()
        self.stubs.clear()

    def saved(self) -> Callable[[], None]:
        """Remember answers and rules as they are now; calling the result brings them back and forgets later ones."""
        rules = tuple(self._rules)
        backs = [rule.answers.saved() for rule in rules] + [answers.saved() for _, answers in self._routes.values()]

        def back() -> None:
            self.clear()
            self._rules[:] = rules
            for one in backs:
                one()
            self._refresh_all()

        return back

    def _refresh_all(self) -> None:
        for name in {*self.stubs, *self._routes, *self._spoken_for()}:
            self._refresh(name)

    def _spoken_for(self) -> Iterator[str]:
        for rule in self._rules:
            names = HEARD if rule.conditions.operation is None else self._operations
            yield from (name for name in names if name in self._operations and rule.conditions.applies(name))

    def _refresh(self, name: str) -> None:
        """Put the stub of an operation up or down."""
        _, answers = self._routes.get(name, (None, None))
        if (answers is not None and not answers.idle) or any(rule.conditions.applies(name) for rule in self._rules):
            self.stubs[name] = self._answer
        else:
            self.stubs.pop(name, None)

    def _answer(self, call: Call, usual: Handler) -> Stubbing:
        name = call.operation.name
        rules = [rule for rule in self._rules if rule.conditions.applies(name) and not rule.answers.idle]
        rule = self._best(rules, call) if rules else None
        if rule is not None:
            rule.used += 1
            call.rule = rule.conditions.label
            answers, owner = rule.answers, rule.route
        else:
            owner = self.route(name)
            answers = self._routes[name][1]
            if rules and answers.idle and not self._flows() and name in HEARD:
                raise self._no_match(rules, call)
        if answers.delay:
            yield Wait(answers.delay)
        return (yield from answers.next()(Job(call, usual, self._author, owner, answers.delay)))

    @staticmethod
    def _best(rules: list[_Rule], call: Call) -> _Rule | None:
        asked, budget = _asked(call), Budget()
        fitting = (rule for rule in rules if rule.conditions.why_not(asked, budget) is None)
        return max(fitting, key=lambda rule: rule.conditions.rank, default=None)

    @staticmethod
    def _no_match(rules: list[_Rule], call: Call) -> ApiError:
        asked, budget = _asked(call), Budget()
        misses: list[dict[str, Any]] = [
            {"id": rule.conditions.label, "where": "", "reason": rule.conditions.why_not(asked, budget)}
            for rule in sorted(rules, key=lambda rule: rule.conditions.rank, reverse=True)[:_NEAREST]
        ]
        return ApiError(400, NO_MATCH, code="no_match", extra={"nearest": misses})


def _asked(call: Call) -> Asked:
    body = call.body if isinstance(call.body, Mapping) else {}
    heard = HEARD.get(call.operation.name)
    fields = {**call.params, **call.query, **body}
    return Asked(call.operation.name, call.model, heard(body) if heard else (), fields)
