"""All routes and rules of one mock, and the stubs that they put before the answers of operations.

Theory. An operation has a stub only while something is set for it, so that what is not in use costs nothing. A call
goes to the rule that fits it best, as conversations compete: by the score of its best text, then by the number of its
conditions, then the first. Without one it goes to the route of its operation, then to the mock's own answer, which
includes the rules of files. Where rules speak for an operation and nothing else would, a call that fits none is an
error that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from openai_mock.engine.errors import ApiError
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.resource import Call, Handler
from openai_mock.engine.stubs import Stub, Stubbing
from openai_mock.library.answering import Answering, Heard, Job, answer_of_file
from openai_mock.library.answers import Answers
from openai_mock.library.conditions import Conditions
from openai_mock.library.listening import listened
from openai_mock.library.route import History, Route
from openai_mock.library.views import MadeCall
from openai_mock.rules.asked import SPEAKING, Asked
from openai_mock.rules.choose import Rules
from openai_mock.rules.rule import move, refused
from openai_mock.rules.speak import NO_MATCH, Speaker, patterns_of
from openai_mock.rules.when import When
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

    @property
    def when(self) -> When:
        """The conditions."""
        return self.conditions.when


class Board:
    """Routes by operation, rules in the order they were made, and the stubs of both."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        router: Router,
        journal: Journal,
        author: Speak,
        files: Callable[[], Speaker],
    ) -> None:
        """`author` speaks where no rule does; `files` is what the entries of configurations say."""
        self._operations, self._router, self._journal = operations, router, journal
        self._author, self._files = author, files
        self._routes: dict[str, tuple[Route, Answers]] = {}
        self._rules: list[_Rule] = []
        self._chosen: Rules[_Rule] | None = None
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
        rule = _Rule(conditions, self._changed)
        operation = self._operations.get(conditions.when.operation or "")

        def mine() -> list[Entry]:
            return [entry for entry in tuple(self._journal.entries) if entry.rule == rule.conditions.label]

        def forget() -> None:
            rule.used = 0

        history = History(self._router, mine, lambda: rule.used, forget)
        rule.route = Route(conditions.label, operation, rule.answers, history)
        self._rules.append(rule)
        self._changed()
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
        self._chosen = None
        for _, answers in self._routes.values():
            answers.delay = 0.0
            answers.clear()
        self.stubs.clear()
        self.refresh()

    def saved(self) -> Callable[[], None]:
        """Remember answers and rules as they are now; calling the result brings them back and forgets later ones."""
        rules = tuple(self._rules)
        backs = [rule.answers.saved() for rule in rules] + [answers.saved() for _, answers in self._routes.values()]

        def back() -> None:
            self.clear()
            self._rules[:] = rules
            for one in backs:
                one()
            self._changed()

        return back

    def refresh(self) -> None:
        """Put the stubs of all operations up or down, after a change of what may answer them."""
        concerned = self._concerned()
        for name in {*self.stubs, *self._routes, *concerned}:
            self._refresh(name, name in concerned)

    def _changed(self) -> None:
        """A rule was made, or its answers have changed."""
        self._chosen = None
        self.refresh()

    def _concerned(self) -> set[str]:
        """The operations that rules speak for."""
        globs = {rule.when.operation for rule in self._rules}
        names = {name for name in SPEAKING if name in self._operations and None in globs}
        for glob in globs - {None}:
            names.update(name for name in self._operations if fnmatchcase(name, str(glob)))
        return names | self._files().silent(self._operations)

    def _refresh(self, name: str, concerned: bool | None = None) -> None:
        """Put the stub of an operation up or down."""
        _, answers = self._routes.get(name, (None, None))
        concerned = name in self._concerned() if concerned is None else concerned
        if (answers is not None and not answers.idle) or concerned:
            self.stubs[name] = self._answer
        else:
            self.stubs.pop(name, None)

    def _answer(self, call: Call, usual: Handler) -> Stubbing:
        name = call.operation.name
        rules = self._chosen = self._chosen or Rules(self._rules)
        spoken_for = any(rule.when.applies(name) and not rule.answers.idle for rule in rules.ordered)
        files: Speaker = call.world.rules
        asked = listened(call, usual) if spoken_for or files.concerns(name) else None
        if asked is not None and not isinstance(asked, Asked):
            return asked
        refuses = partial(_refusal, call)
        rule = rules.find(asked, refuses) if asked is not None and spoken_for else None
        if rule is not None:
            rule.used += 1
            call.rule = rule.conditions.label
            move(call.store, rule.conditions.scenario)
            answers, owner = rule.answers, rule.route
        else:
            owner = self.route(name)
            answers = self._routes[name][1]
            if asked is not None and answers.idle:
                if (of_file := _of_file(call, asked)) is not None:
                    return (yield from of_file(Job(call, usual, self._author, owner)))
                if spoken_for and not files.entries and name in SPEAKING:
                    raise self._no_match(rules, asked, refuses)
        if answers.delay:
            yield Wait(answers.delay)
        heard = partial(self._heard, call, usual, asked, rule)
        return (yield from answers.next()(Job(call, usual, self._author, owner, answers.delay, heard)))

    def _heard(self, call: Call, usual: Handler, asked: Asked | None, rule: _Rule | None) -> Heard:
        """The request for templates, with the patterns of the rule and the number of its call."""
        known = asked if asked is not None else listened(call, usual)
        if not isinstance(known, Asked):
            known = Asked(call.operation.name, call.model, (), {})
        if rule is None:
            return Heard(known, number=self._journal.calls[call.operation.name])
        return Heard(known, patterns_of(rule.when, known), rule.used)

    @staticmethod
    def _no_match(rules: Rules[_Rule], asked: Asked, refuses: Callable[[_Rule], str | None]) -> ApiError:
        misses = [
            {"id": rule.conditions.label, "where": "", "reason": stand.reason}
            for rule, stand in rules.nearest(asked, refuses, _NEAREST)
        ]
        return ApiError(400, NO_MATCH, code="no_match", extra={"nearest": misses})


def _of_file(call: Call, asked: Asked) -> Answering | None:
    """What a rule of a file says to an operation in which no model speaks. Raises its `ApiError`."""
    try:
        found = call.world.rules.answer(asked)
    except ApiError as error:
        call.rule = error.rule
        raise
    if found is None:
        return None
    call.rule = found[0].id
    return answer_of_file(found[1], call.operation)


def _refusal(call: Call, rule: _Rule) -> str | None:
    """Why a rule does not answer now."""
    if rule.answers.idle:
        return "its answers are used up"
    scenario = rule.conditions.scenario
    return None if scenario is None else refused(scenario, call.store)
