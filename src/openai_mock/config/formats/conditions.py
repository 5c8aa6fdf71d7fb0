"""Conditions of rules as users write them: what a request must have for a rule to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.config.errors import Report
from openai_mock.config.formats.messages import THRESHOLD
from openai_mock.config.node import Path
from openai_mock.config.shapes import Each, Either, Flag, Json, Key, Keys, Number, Text, Whole
from openai_mock.rules.asked import Place
from openai_mock.rules.checks import Check, checks
from openai_mock.rules.paths import parsed
from openai_mock.rules.patterns import compile_pattern
from openai_mock.rules.script import DEFAULT_THRESHOLD, Line
from openai_mock.rules.wants import want
from openai_mock.rules.when import When

PLACES: tuple[Place, ...] = ("last_user", "system", "latest")
_NAME = Text(empty=False)
_MATCHERS = ("exact", "contains", "regex", "fuzzy")
_LARGEST = 1e15
_SAID = Keys(
    "text",
    {
        "exact": Key(_NAME, "Equal but for blanks around it."),
        "contains": Key(_NAME, "Holds this text, in any case."),
        "regex": Key(_NAME, "Holds this expression, in any case. Its groups are there for templates as `match`."),
        "fuzzy": Key(_NAME, "Similar, by `threshold`."),
        "threshold": THRESHOLD,
    },
)
SAID = Either((_NAME, _SAID))
_VALUE = Json(("string", "number", "integer", "boolean", "null", "list"))
WANT = Either(
    (
        _VALUE,
        Keys(
            "comparison",
            {
                "equals": Key(Json(), "Equal to this value."),
                "one_of": Key(Each(Json(), least=1), "Equal to one of these."),
                "contains": Key(Json(), "A text that holds this one in any case, a list with this item, this key."),
                "regex": Key(_NAME, "A text that holds this expression, in any case."),
                "at_least": Key(Number(-_LARGEST, _LARGEST), "A number that is not less."),
                "at_most": Key(Number(-_LARGEST, _LARGEST), "A number that is not more."),
                "exists": Key(Flag(), "`true`: it was sent, whatever it is. `false`: it was left out."),
            },
        ),
    )
)
WHEN = Keys(
    "conditions",
    {
        "operation": Key(_NAME, "The operation by its SDK name, or a glob: `chat.*`. Left out: where a model speaks."),
        "model": Key(_NAME, "The model, or a glob: `gpt-4*`."),
        "last_user": Key(SAID, "What the user said last: the text itself, or how to compare it."),
        "system": Key(SAID, "What system and developer messages and instructions say, line by line."),
        "latest": Key(SAID, "The latest message, also of a tool or of the assistant."),
        "headers": Key(Keys("headers", {}, others=WANT), "Headers by name: a value, or how to compare it."),
        "json": Key(
            Keys("values by path", {}, others=WANT),
            "Values of the request by their path, such as `$.metadata.env` or `tools[*].type`.",
        ),
        "tools": Key(Either((_NAME, Each(_NAME, least=1))), "The name of a tool that is offered, or a list of them."),
        "turn": Key(Whole(0, 100_000), "How often the user has spoken, 1 at the beginning of a conversation."),
        "has_tool_result": Key(
            Either((Flag(), _NAME)), "Whether a tool has answered since the user last spoke, or which."
        ),
        "has_image": Key(Flag(), "Whether a message shows a picture."),
        "session": Key(_NAME, "The name of the session, or a glob."),
    },
)


def when_of(given: Mapping[str, Any], path: Path, report: Report, priority: int = 0) -> When:
    """The conditions of a sound mapping; what is wrong with them is told."""
    texts = tuple(
        (place, line) for place in PLACES if place in given for line in _lines(given[place], (*path, place), report)
    )
    for key in ("headers", "json"):
        for name, value in given.get(key, {}).items():
            _check_want(value, (*path, key, name), report)
    for name in given.get("json", {}):
        try:
            parsed(name)
        except ValueError as error:
            report.blame((*path, "json", name), str(error))
    made: list[Check] = checks(given, want) if report.sound(path) else []
    return When(given.get("operation"), given.get("model"), texts, (), tuple(made), priority)


def _lines(given: str | Mapping[str, Any], path: Path, report: Report) -> list[Line]:
    compared = {"exact": given} if isinstance(given, str) else given
    threshold = compared.get("threshold", DEFAULT_THRESHOLD)
    named = [matcher for matcher in _MATCHERS if matcher in compared]
    if not named and report.sound(path):
        report.blame(path, "this compares nothing; add 'exact', 'contains', 'regex' or 'fuzzy'")
    if "threshold" in compared and "fuzzy" not in compared and named:
        report.blame((*path, "threshold"), "a threshold is for 'fuzzy'; remove it")
    if "regex" in compared:
        _check_pattern(compared["regex"], (*path, "regex"), report)
    return [Line("user", compared[matcher], matcher, threshold) for matcher in named]  # type: ignore[arg-type]


def _check_want(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, dict):
        return
    if not value and report.sound(path):
        report.blame(path, "this compares nothing; add 'equals', 'contains', 'regex' or 'exists'")
    if value.get("exists") is False and len(value) > 1:
        report.blame((*path, "exists"), "what was left out cannot be compared; remove 'exists' or the others")
    if "regex" in value:
        _check_pattern(value["regex"], (*path, "regex"), report)


def _check_pattern(pattern: str, path: Path, report: Report) -> None:
    try:
        compile_pattern(pattern)
    except ValueError as fault:
        report.blame(path, f"{fault}; put '\\' before a character that stands for itself")
