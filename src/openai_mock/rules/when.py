"""When a rule answers: conditions that must all hold, how much a fit is worth, and which one does not hold.

Theory. What a fit is worth follows from the rule alone: its priority, then the score of its best text, as a line of a
conversation would have it (a rule without a text counts as `any`), then how many conditions it has. So rules can be
put in order once, and the first that fits is the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct

from openai_mock.rules.asked import SPEAKING, Asked, Place
from openai_mock.rules.checks import Check
from openai_mock.rules.match import Text, matches, reason, similarity, tenths
from openai_mock.rules.script import Line

ANY_TENTHS = 1
_PREAMBLE = ("system", "developer")


class Stand(NamedTuple):
    """How far a request meets conditions: the share of them that hold before the first that does not, and why not."""

    held: float
    reason: str


class When(Struct, frozen=True):
    """All must hold. `operation` None speaks for the operations in which a model speaks; it and `model` may be globs.

    `texts` are lines to be compared at a place each, `whole` the conversation message by message, `checks` the rest.
    `priority` goes before the score.
    """

    operation: str | None = None
    model: str | None = None
    texts: tuple[tuple[Place, Line], ...] = ()
    whole: tuple[Line, ...] = ()
    checks: tuple[Check, ...] = ()
    priority: int = 0

    @property
    def tenths(self) -> int:
        """The score, in tenths: the best of the texts; of a conversation the mean."""
        lines = [line for line in self.whole if line.role != "assistant"]
        scores = [tenths(line) for _, line in self.texts]
        scores += [round(sum(map(tenths, lines)) / len(lines))] if lines else []
        return max(scores, default=ANY_TENTHS)

    @property
    def count(self) -> int:
        """How many conditions there are."""
        named = (self.model is not None) + (self.operation is not None)
        return named + len(self.texts) + len(self.whole) + len(self.checks)

    @property
    def rank(self) -> tuple[int, int, int]:
        """What a fit is worth."""
        return self.priority, self.tenths, self.count

    def applies(self, operation: str, *, spoken: bool = False) -> bool:
        """Whether the rule is about an operation at all; `spoken` where a model was asked, whatever it is called."""
        if self.operation is None:
            return spoken or operation in SPEAKING
        return fnmatchcase(operation, self.operation)

    def holds(self, asked: Asked) -> bool:
        """Whether all conditions hold, the cheap ones first."""
        return (
            self.applies(asked.operation, spoken=asked.spoken)
            and (self.model is None or fnmatchcase(asked.model, self.model))
            and all(check.holds(asked) for check in self.checks)
            and all(_fits(line, asked.said(place), asked) for place, line in self.texts)
            and (not self.whole or _differs(self.whole, asked) is None)
        )

    def why_not(self, asked: Asked) -> Stand | None:
        """The first condition that does not hold, in the order in which people write them; None when all do."""
        if not self.applies(asked.operation, spoken=asked.spoken):
            wanted = self.operation or "one in which a model speaks"
            return Stand(0.0, f"operation: {asked.operation!r} is not {wanted!r}")
        if self.model is not None and not fnmatchcase(asked.model, self.model):
            return Stand(0.0, f"model: {asked.model!r} is not {self.model!r}")
        held = (self.model is not None) + (self.operation is not None)
        for place, line in self.texts:
            if not _fits(line, asked.said(place), asked):
                near = _similarity(line, asked.said(place))
                return Stand((held + near) / self.count, _why_text(place, line, asked))
            held += 1
        if self.whole and (differs := _differs(self.whole, asked)):
            return Stand(held / self.count, differs)
        held += len(self.whole)
        for check in self.checks:
            if not check.holds(asked):
                return Stand(held / self.count, check.why(asked))
            held += 1
        return None


def _fits(line: Line, text: Text | None, asked: Asked) -> bool:
    return text is not None and matches(line, text, asked.budget, whole=True)


def _similarity(line: Line, text: Text | None) -> float:
    return 0.0 if text is None else similarity(line, text)


def _why_text(place: Place, line: Line, asked: Asked) -> str:
    text = asked.said(place)
    if text is None:
        has = {"system": "no system or developer message", "last_user": "no message of a user", "latest": "none"}
        return f"{'messages' if place == 'latest' else place}: the request has {has[place]}"
    why = reason(line, text, asked.budget, whole=True) or "content: its pattern was given up, no time was left for it"
    if place == "latest":
        return f"messages[{len(asked.messages) - 1}].{why}"
    return f"{place}: {why.removeprefix('content: ')}"


def _differs(lines: Sequence[Line], asked: Asked) -> str | None:
    """What differs between a conversation and its lines; leading system messages count only where a line does."""
    messages, start = asked.messages, 0
    while lines[0].role not in _PREAMBLE and start < len(messages) and messages[start].role in _PREAMBLE:
        start += 1
    if len(lines) != len(messages) - start:
        return f"messages: the rule wants exactly {len(lines)}, the request has {len(messages) - start}"
    for index, (line, message) in enumerate(zip(lines, messages[start:], strict=True)):
        if line.role != message.role:
            return f"messages[{index}].role: {message.role!r}, where the rule wants {line.role!r}"
        text = Text(message)
        if not matches(line, text, asked.budget, whole=True):
            return f"messages[{index}].{reason(line, text, asked.budget, whole=True)}"
    return None
