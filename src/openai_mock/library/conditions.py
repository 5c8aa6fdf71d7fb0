"""The conditions of a rule made in Python, as `mock.when` takes them: what files can say, and fields of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.library.arguments import misspelt
from openai_mock.library.fields import MISSING, described, fits, found
from openai_mock.rules.asked import Asked
from openai_mock.rules.checks import Check
from openai_mock.rules.patterns import compile_pattern
from openai_mock.rules.rule import Scenario
from openai_mock.rules.script import DEFAULT_THRESHOLD, Line, MatcherType
from openai_mock.rules.wants import comparable
from openai_mock.rules.when import When
from openai_mock.spec.operations import Operation
from openai_mock.turns.conversation import text_of

_MATCHERS: tuple[MatcherType, ...] = get_args(MatcherType)
_OF_FILES = frozenset({"last_user", "system", "headers", "json", "turn", "has_tool_result", "has_image"})
"""Conditions that are read as those of a file."""


Said: TypeAlias = str | Mapping[str, Any]
"""A text that must be equal, or a mapping with `exact`, `contains`, `regex` or `fuzzy`."""


class Conditions(Struct, frozen=True):
    """What `when` was given: its words for reports, the conditions, and the scenario that the rule belongs to."""

    label: str
    when: When
    scenario: Scenario | None = None


def conditions(
    operations: Mapping[str, Operation],
    *,
    texts: Mapping[str, str | None],
    threshold: float,
    messages: Sequence[Any] | None,
    named: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> Conditions:
    """Compile what `when` was given; `texts` are by matcher, `named` the other conditions that have a name of their
    own. Raises ValueError or TypeError for what cannot hold.
    """
    given = {matcher: text for matcher, text in texts.items() if text is not None}
    said = {name: value for name, value in named.items() if value is not None}
    operation = said.get("operation")
    if operation is not None and not any(fnmatchcase(name, operation) for name in operations):
        raise ValueError(f"No operation is called {operation!r}. Write one as the SDK does: 'chat.completions.create'.")
    _spelt(fields, (*texts, "threshold", "messages", *named), operations)
    if threshold != DEFAULT_THRESHOLD and "fuzzy" not in given:
        raise ValueError("A threshold goes with fuzzy=..., which says what the text is to be like.")
    latest = tuple(_line("user", text, matcher, threshold) for matcher, text in given.items())
    whole = tuple(_message(message) for message in messages or ())
    if messages is not None and not whole:
        raise ValueError("An empty list of messages fits no request. Leave it out to fit them all.")
    when, rest = _of_files(said)
    shown = {**given, **said, "messages": messages, **fields}
    label = ", ".join(f"{name.rstrip('_')}={_shown(value)}" for name, value in shown.items() if value is not None)
    checks = (*when.checks, *(_field(path, wanted) for path, wanted in {**rest, **fields}.items()))
    texts_ = (*(("latest", line) for line in latest), *when.texts)
    made = replace(when, operation=operation, model=said.get("model"), texts=texts_, whole=whole, checks=checks)
    return Conditions(f"when({label})", made, _scenario(said))


def _spelt(fields: Mapping[str, Any], names: Sequence[str], operations: Mapping[str, Operation]) -> None:
    """Raise TypeError for a field that no operation takes and whose name is nearly that of a condition."""
    for field in fields:
        if meant := misspelt(field, names):
            name = f'"{field.partition("__")[0]}"'.encode()
            if not any(name in bytes(each.body) or name in bytes(each.query) for each in operations.values()):
                raise TypeError(f"There is no condition '{field}'. Did you mean '{meant}'?")


def _of_files(said: Mapping[str, Any]) -> tuple[When, dict[str, Any]]:
    """The conditions that files have too, and those that are fields of a request after all."""
    given = {name: said[name] for name in _OF_FILES & said.keys()}
    rest: dict[str, Any] = {}
    if "tools" in said:
        (given if _names(said["tools"]) else rest)["tools"] = said["tools"]
    if "session" in said:
        (given if isinstance(said["session"], str) else rest)["session"] = said["session"]
    priority = said.get("priority", 0)
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise TypeError(f"A priority is a whole number; {priority!r} is none.")
    if not given:
        return When(priority=priority), rest
    from openai_mock.config.formats.conditions import WHEN, when_of  # noqa: PLC0415 - most rules need none of it
    from openai_mock.config.formats.plain import plainly  # noqa: PLC0415

    ordered = {name: given[name] for name in said if name in given}
    return plainly(ordered, WHEN, "when", lambda value, report: when_of(value, (), report, priority)), rest


def _names(tools: Any) -> bool:
    return isinstance(tools, str) or (isinstance(tools, list | tuple) and all(isinstance(each, str) for each in tools))


def _scenario(said: Mapping[str, Any]) -> Scenario | None:
    state, to = said.get("in_"), said.get("to")
    if "scenario" not in said:
        if state is not None or to is not None:
            raise ValueError("'in_' and 'to' name states of a scenario. Add scenario='...' with its name.")
        return None
    if state is None and to is None:
        raise ValueError("The scenario is neither asked nor changed. Add in_='...', to='...' or both.")
    return Scenario(said["scenario"], state, to)


def _field(path: str, wanted: Any) -> Check:
    """A field of a request, compared as in `Calls.assert_called_with`."""

    def read(asked: Asked) -> Any:
        return found(asked.fields, path)

    def why(asked: Asked) -> str:
        value = read(asked)
        sent = "is not sent" if value is MISSING else f"{value!r} is not as wanted"
        return f"{path}: {sent}: {described(wanted)}"

    plain = type(wanted) in (str, int)
    return Check(
        lambda asked: fits(wanted, read(asked)),
        why,
        (path, wanted) if plain else None,
        (lambda asked: comparable(read(asked))) if plain else None,
    )


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
