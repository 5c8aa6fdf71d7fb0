"""The conditions of a rule: what a request must say, how well it fits, and why another does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, get_args

from msgspec import Struct

from openai_mock.library.fields import MISSING, described, fits, found
from openai_mock.library.said import HEARD
from openai_mock.rules.match import Text, matches, reason, tenths
from openai_mock.rules.patterns import Budget, compile_pattern
from openai_mock.rules.script import DEFAULT_THRESHOLD, Line, MatcherType
from openai_mock.turns.conversation import text_of
from openai_mock.turns.turn import Message

_MATCHERS: tuple[MatcherType, ...] = get_args(MatcherType)
_TEXTS: tuple[MatcherType, ...] = ("exact", "contains", "regex", "fuzzy")
_ANY_TENTHS = 1
_GLOB = frozenset("*?[")


class Asked(Struct, frozen=True):
    """What a rule looks at. `messages` is what the request says, whichever API carried it."""

    operation: str
    model: str
    messages: Sequence[Message]
    fields: Mapping[str, Any]


class Conditions(Struct, frozen=True):
    """All must hold. `last` looks at the latest message, `whole` at the conversation message by message."""

    label: str
    operation: str | None = None
    model: str | None = None
    last: tuple[Line, ...] = ()
    whole: tuple[Line, ...] = ()
    fields: tuple[tuple[str, Any], ...] = ()

    @property
    def rank(self) -> tuple[float, int]:
        """How much a fit is worth: the mean score of the texts as for conversations, then the number of conditions."""
        lines = [line for line in (*self.last, *self.whole) if line.role != "assistant"]
        score = sum(map(tenths, lines)) / len(lines) if lines else _ANY_TENTHS
        return score, len(self.last) + len(self.whole) + len(self.fields) + bool(self.model) + bool(self.operation)

    def applies(self, operation: str) -> bool:
        """Whether the rule speaks for an operation; without a word about it, for those in which a model speaks."""
        return operation in HEARD if self.operation is None else fnmatchcase(operation, self.operation)

    def why_not(self, asked: Asked, budget: Budget) -> str | None:
        """The first condition that does not hold, in words; None when all do."""
        if self.model is not None and not fnmatchcase(asked.model, self.model):
            return f"model: {asked.model!r} is not {self.model!r}"
        for path, wanted in self.fields:
            value = found(asked.fields, path)
            if not fits(wanted, value):
                sent = "is not sent" if value is MISSING else f"{value!r} is not as wanted"
                return f"{path}: {sent}: {described(wanted)}"
        return self._why_not_said(asked.messages, budget)

    def _why_not_said(self, messages: Sequence[Message], budget: Budget) -> str | None:
        if self.last and not messages:
            return "messages: the request has none"
        for line in self.last:
            if not matches(line, text := Text(messages[-1]), budget, whole=True):
                return f"messages[{len(messages) - 1}].{reason(line, text, budget, whole=True)}"
        if not self.whole:
            return None
        return _differs(self.whole, _without_preamble(self.whole, messages), budget)


def _without_preamble(lines: Sequence[Line], messages: Sequence[Message]) -> Sequence[Message]:
    """The messages without leading system and developer ones, unless the rule speaks of them."""
    preamble = ("system", "developer")
    start = 0
    while lines[0].role not in preamble and start < len(messages) and messages[start].role in preamble:
        start += 1
    return messages[start:]


def _differs(lines: Sequence[Line], messages: Sequence[Message], budget: Budget) -> str | None:
    if len(lines) != len(messages):
        return f"messages: the rule wants exactly {len(lines)}, the request has {len(messages)}"
    for index, (line, message) in enumerate(zip(lines, messages, strict=True)):
        if line.role != message.role:
            return f"messages[{index}].role: {message.role!r}, where the rule wants {line.role!r}"
        if not matches(line, text := Text(message), budget, whole=True):
            return f"messages[{index}].{reason(line, text, budget, whole=True)}"
    return None


def conditions(
    operations: Iterable[str],
    *,
    texts: Mapping[str, str | None],
    threshold: float,
    model: str | None,
    operation: str | None,
    messages: Sequence[Any] | None,
    fields: Mapping[str, Any],
) -> Conditions:
    """Compile what `when` was given; `texts` are by matcher. Raises ValueError or TypeError for what cannot hold."""
    given = {matcher: text for matcher, text in texts.items() if text is not None}
    if operation is not None and not any(fnmatchcase(name, operation) for name in operations):
        raise ValueError(f"No operation is called {operation!r}. Write one as the SDK does: 'chat.completions.create'.")
    last = tuple(_line("user", text, matcher, threshold) for matcher, text in given.items())
    whole = tuple(_message(message) for message in messages or ())
    if messages is not None and not whole:
        raise ValueError("An empty list of messages fits no request. Leave it out to fit them all.")
    shown = {**given, "model": model, "operation": operation, "messages": messages, **fields}
    label = ", ".join(f"{name}={_shown(value)}" for name, value in shown.items() if value is not None)
    return Conditions(f"when({label})", operation, model, last, whole, tuple(fields.items()))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _line(role: str, content: str, matcher: Any, threshold: float = DEFAULT_THRESHOLD) -> Line:
    if matcher not in _MATCHERS:
        raise ValueError(f"{matcher!r} is no matcher. Write one of {', '.join(_MATCHERS)}.")
    if not isinstance(content, str):
        raise TypeError(f"A text is compared with a text, not with {content!r}.")
    if not 0 <= threshold <= 1:
        raise ValueError(f"A threshold lies between 0 and 1; {threshold:g} does not.")
    if matcher == "regex":
        compile_pattern(content)
    return Line(role, content, matcher, threshold)


def _message(message: Any) -> Line:
    """A message of a rule: a text of the user, or role and content with an optional matcher and threshold."""
    if isinstance(message, str):
        return _line("user", message, "exact")
    if not isinstance(message, Mapping) or "role" not in message:
        raise ValueError(f'A message is a text or has a role: {{"role": "user", "content": "Hello"}}; got {message!r}.')
    unknown = message.keys() - {"role", "content", "matcher", "threshold"}
    if unknown:
        raise ValueError(f"A message of a rule has no '{min(unknown)}'. It has role, content, matcher and threshold.")
    content = text_of(message.get("content"))
    usual = "exact" if content else "any"
    return _line(message["role"], content, message.get("matcher", usual), message.get("threshold", DEFAULT_THRESHOLD))
