"""The five matchers: whether a message fits a line of a script, and if not, the sentence that says why.

Theory. A matcher is a predicate over the line and a `Text`, the message's text with its normal forms made at most once.
`matches` builds no sentence; `reason` is its counterpart for explanations and is None exactly where `matches` is true.
In a flow an assistant line accepts any assistant message, and an empty text on either side fits only `any`, or a tool
line with the same `tool_call_id`. In a full response (`whole`) every line is compared, empty texts too, by its matcher
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from openai_mock.rules.patterns import MATCH_SECONDS, Budget, read
from openai_mock.rules.script import SCORES, Line, MatcherType, Script
from openai_mock.turns.turn import Message, Turn

QUOTED = 60
_FLOAT_SLACK = 1e-9
_CUTOFF_SLACK = 1e-3
_SCORED_CHARACTERS = 10**8
"""The product of two lengths from which on an explanation says no score, since nothing would stop its search early."""


@lru_cache(maxsize=1)
def scorer() -> Callable[..., Any]:
    """How alike two texts are, 0..1, in the form that all of `rapidfuzz` takes."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415  (6 ms, and most scripts compare nothing)

    return Indel.normalized_similarity


def normal(text: str) -> str:
    """The form `fuzzy` compares: trimmed, case-folded, runs of blanks made one. Punctuation counts."""
    return " ".join(text.split()).casefold()


def cutoff_of(threshold: float) -> float:
    """The similarity below which a comparison may stop early: a little less, since the library rounds against us."""
    return max(0.0, threshold - _CUTOFF_SLACK)


def reaches(score: float, threshold: float) -> bool:
    """Whether the score reaches the threshold, where 1 - 0.9 counts as 0.1."""
    return score >= threshold - _FLOAT_SLACK


class Text:
    """A message with the forms of its text that matchers compare, each made at first use."""

    __slots__ = ("_folded", "_normal", "message", "raw")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.raw = message.text
        self._folded: str | None = None
        self._normal: str | None = None

    @property
    def folded(self) -> str:
        """Case-folded, otherwise as sent: what `contains` searches."""
        if self._folded is None:
            self._folded = self.raw.casefold()
        return self._folded

    @property
    def normal(self) -> str:
        """As `fuzzy` compares it."""
        if self._normal is None:
            self._normal = normal(self.raw)
        return self._normal


@lru_cache(maxsize=4096)
def _folded(content: str) -> str:
    return content.casefold()


@lru_cache(maxsize=4096)
def _normal(content: str) -> str:
    return normal(content)


def _exact(line: Line, text: Text, _budget: Budget) -> bool:
    return line.content.strip() == text.raw.strip()


def _contains(line: Line, text: Text, _budget: Budget) -> bool:
    return _folded(line.content) in text.folded


def _regex(line: Line, text: Text, budget: Budget) -> bool:
    return budget.found(line.content, text.raw)


def _fuzzy(line: Line, text: Text, _budget: Budget) -> bool:
    cutoff = cutoff_of(line.threshold)
    return reaches(scorer()(_normal(line.content), text.normal, score_cutoff=cutoff), line.threshold)


def _any(_line: Line, _text: Text, _budget: Budget) -> bool:
    return True


_MATCHERS: Mapping[MatcherType, Callable[[Line, Text, Budget], bool]] = {
    "exact": _exact,
    "regex": _regex,
    "contains": _contains,
    "fuzzy": _fuzzy,
    "any": _any,
}


def matches(line: Line, text: Text, budget: Budget, *, whole: bool = False) -> bool:
    """Whether the message fits the line. Their roles are the caller's business and count as equal."""
    if not whole:
        if line.role == "assistant":
            return True
        if line.matcher != "any" and not (line.content and text.raw):
            return _same_call(line, text.message)
    return _MATCHERS[line.matcher](line, text, budget)


def _same_call(line: Line, message: Message) -> bool:
    return line.role == "tool" and line.tool_call_id is not None and line.tool_call_id == message.tool_call_id


def tenths(line: Line) -> int:
    """What the line adds to a flow's score, in tenths; 0 for an assistant line. A catch-all regex counts as `any`."""
    if line.role == "assistant":
        return 0
    matcher = "any" if line.matcher == "regex" and read(line.content).catch_all else line.matcher
    return round(SCORES[matcher] * 10)


def answer(script: Script, matched: int) -> Turn | None:
    """What a flow says when its first `matched` lines are matched; None without an assistant line.

    The final assistant line, except that tool calls which come next are played first, and `reply_with` `next`.
    """
    lines = script.lines
    if matched < len(lines):
        ahead = lines[matched]
        if ahead.role == "assistant" and ahead.turn and ahead.turn.tool_calls:
            return ahead.turn
    for line in (*lines[matched:], *lines[::-1]) if script.reply_with == "next" else lines[::-1]:
        if line.role == "assistant":
            return line.turn or Turn(text=line.content)
    return None


def similarity(line: Line, text: Text) -> float:
    """How near the message is to the line, 0..1, whatever the line's matcher; long texts by their beginnings."""
    alike: float = scorer()(normal(line.content[:1000]), normal(text.raw[:1000]))
    return alike


def reason(line: Line, text: Text, budget: Budget, *, whole: bool = False) -> str | None:
    """Why the message does not fit the line, to follow `messages[i].`; None when it fits."""
    if matches(line, text, budget, whole=whole):
        return None
    if not whole and not text.raw:
        return _why_empty(line, text.message)
    if not whole and not line.content:
        return _why_unset(line, text.message)
    said, wanted = quoted(text.raw, line.content)
    if line.matcher == "exact":
        return f"content: {said} does not equal {wanted} (similarity {similarity(line, text):.2f})"
    if line.matcher == "contains":
        return f"content: {said} does not contain {wanted}"
    if line.matcher == "regex":
        if budget.overdue:
            return f"content: the pattern {wanted} was given up; one search may take {MATCH_SECONDS * 1000:.0f} ms"
        return f"content: {said} does not match the pattern {wanted}"
    if len(line.content) * len(text.raw) > _SCORED_CHARACTERS:
        return f"content: {said} is less than {line.threshold:g} similar to {wanted}"
    score = scorer()(_normal(line.content), text.normal)
    return f"content: {said} is {score:.2f} similar to {wanted}, below the threshold {line.threshold:g}"


def _why_empty(line: Line, message: Message) -> str:
    if line.role == "tool" and line.tool_call_id is not None:
        return f"tool_call_id: {message.tool_call_id!r} is not {line.tool_call_id!r}, and the content is empty"
    return f"content: an empty content fits only the matcher any, and this line has {line.matcher}"


def _why_unset(line: Line, message: Message) -> str:
    if line.role == "tool" and line.tool_call_id is not None:
        return f"tool_call_id: {message.tool_call_id!r} is not {line.tool_call_id!r}"
    return f"content: the line has no content, which fits nothing with the matcher {line.matcher}; write any"


def quoted(said: str, wanted: str) -> tuple[str, str]:
    """Both texts in quotes, cut down to the surroundings of their first difference."""
    said, wanted = said.strip(), wanted.strip()
    same = 0
    if max(len(said), len(wanted)) > QUOTED:
        same = next((i for i, (a, b) in enumerate(zip(said, wanted, strict=False)) if a != b), 0)
    start = max(0, same - QUOTED // 2)
    return _window(said, start), _window(wanted, start)


def _window(text: str, start: int) -> str:
    start = min(start, max(0, len(text) - QUOTED))
    shown = repr(text[start : start + QUOTED])
    before, after = "..." if start else "", "..." if start + QUOTED < len(text) else ""
    return before + shown + after
