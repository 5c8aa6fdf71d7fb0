"""Rules: conditions on a request, and one answer or several that are given one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.config.errors import Report
from openai_mock.config.formats.conditions import WHEN, when_of
from openai_mock.config.formats.entry import ON_THE_WAY
from openai_mock.config.formats.timing import DURATION, seconds
from openai_mock.config.node import Path
from openai_mock.config.shapes import Choice, Each, Either, Flag, Json, Key, Keys, Null, Text, Whole
from openai_mock.rules.answer import Answer, answer_of
from openai_mock.rules.fill import MisfilledError, compiled
from openai_mock.rules.rule import STARTED, Rule, Scenario

_NAME = Text(empty=False)
_MOST = 1_000_000_000
_ERROR = Keys(
    "error",
    {
        "status": Key(Whole(400, 599), "The status.", required=True),
        "message": Key(Text(), "The words, in place of OpenAI's."),
        "code": Key(Text(), "The code."),
        "type": Key(Text(), "The type."),
        "param": Key(Text(), "The parameter that it names."),
        "retry_after": Key(DURATION, "After how long it asks to try again, such as 2s."),
    },
)
_CALL = Keys(
    "tool call",
    {
        "id": Key(_NAME, "The id of the call. Left out, it follows from its name and arguments."),
        "name": Key(_NAME, "The tool to call."),
        "arguments": Key(
            Either((Text(), Json(("mapping", "list")))), "Its arguments: a mapping, or the JSON text. Default: `{}`."
        ),
        "input": Key(Text(), "The input of a custom tool."),
        "type": Key(Choice(("function", "custom")), "The kind of tool."),
        "function": Key(Json(("mapping",)), "The name and the arguments as OpenAI writes them."),
        "custom": Key(Json(("mapping",)), "The name and the input as OpenAI writes them."),
    },
)
ANSWER = Keys(
    "answer",
    {
        "content": Key(Text(), "What the model says."),
        "text": Key(Text(), "The same as `content`."),
        "tool_calls": Key(Each(Either((_NAME, _CALL)), least=1), "The tools that the model calls: names, or more."),
        "refusal": Key(Text(), "The words by which the model refuses."),
        "finish_reason": Key(
            Choice(("stop", "length", "tool_calls", "function_call", "content_filter")), "Why it ends."
        ),
        "reasoning": Key(Either((Text(), Each(Text(), least=1))), "What was thought first; Responses show it."),
        "annotations": Key(Each(Json(("mapping",))), "Citations in the text, as OpenAI writes them."),
        "audio": Key(Json(("mapping",)), "A voice: `data` in Base64, `transcript`, `id`. What is left out is made."),
        "logprobs": Key(Each(Json(("mapping",))), "How likely the tokens were, as chat writes them."),
        "usage": Key(Json(("mapping",)), "The tokens used. What is left out is counted."),
        "response": Key(Json(("mapping",)), "Fields laid over the finished response, of any operation."),
        "error": Key(Either((Whole(400, 599), _ERROR)), "An error in OpenAI's words instead: a status, or more."),
        "template": Key(Flag(), "`false`: `{{` and `{%` in texts stand for themselves."),
    },
)
THEN = Either((_NAME, ANSWER, Each(Either((_NAME, ANSWER)), least=1)))
_STATE = Either((_NAME, Null()))
RULE = Keys(
    "rule",
    {
        "id": Key(_NAME, "A name of your choice that no other entry has.", required=True),
        "when": Key(WHEN, "What a request must have; all of it. Left out, every request in which a model speaks fits."),
        "then": Key(THEN, "The answer: a text, or more; or a list, one a call, whose last one stays.", required=True),
        "times": Key(Whole(1, _MOST), "How often the rule answers in a session; then it fits no more."),
        "priority": Key(
            Whole(-1000, 1000), "Above 0 the rule goes before all with less, whatever fits better; below 0 after it."
        ),
        "scenario": Key(_NAME, "The name of a scenario, whose state each session has its own of."),
        "in": Key(_STATE, f"The state of the scenario in which the rule answers; `{STARTED}` is the first."),
        "to": Key(_STATE, "The state of the scenario after the answer."),
        **ON_THE_WAY,
    },
)
_ALONE = frozenset({"error", "template"})
_SAYS_NOTHING = "logprobs", "annotations"


def rule(entry: Mapping[str, Any], path: Path, report: Report, where: str) -> Rule | None:
    """The rule of an entry, or None after telling what is wrong with it. `where` is `file:line`."""
    when = when_of(entry.get("when") or {}, (*path, "when"), report, entry.get("priority", 0))
    given = entry.get("then")
    several = isinstance(given, list)
    answers = [
        _answer(each, (*path, "then", index) if several else (*path, "then"), report)
        for index, each in enumerate(given if isinstance(given, list) else [given])
        if isinstance(each, str | dict)
    ]
    for key in ("in", "to"):
        if entry.get(key) is not None and "scenario" not in entry:
            report.blame((*path, key), f"'{key}' names a state of a scenario; add 'scenario' with its name")
    if "scenario" in entry and entry.get("in") is None and entry.get("to") is None:
        report.blame((*path, "scenario"), "the scenario is neither asked nor changed; add 'in', 'to' or both")
    if not report.sound(path):
        return None
    scenario = Scenario(entry["scenario"], entry.get("in"), entry.get("to")) if "scenario" in entry else None
    made = tuple(answer for answer in answers if answer)
    return Rule(entry["id"], when, made, entry.get("times"), scenario, where)


def _answer(given: str | Mapping[str, Any], path: Path, report: Report) -> Answer | None:
    if isinstance(given, str):
        return _made(given, path, report)
    _check(given, path, report)
    if not report.sound(path):
        return None
    if isinstance(given.get("error"), dict) and "retry_after" in given["error"]:
        after = seconds(given["error"]["retry_after"], (*path, "error", "retry_after"), report)
        given = {**given, "error": {**given["error"], "retry_after": after}}
    if given.get("template") is False:
        return answer_of(given)
    return _made(given, path, report)


def _check(given: Mapping[str, Any], path: Path, report: Report) -> None:
    others = [key for key in given if key not in _ALONE]
    if "error" in given and others:
        report.blame((*path, others[0]), f"an error comes instead of an answer; remove '{others[0]}' or 'error'")
    if "content" in given and "text" in given:
        report.blame((*path, "text"), "'text' and 'content' are the same; remove one")
    for key in _SAYS_NOTHING:
        if key in given and not {"content", "text", "refusal"} & given.keys() and report.sound((*path, key)):
            report.blame((*path, key), f"'{key}' belong to a text; add 'content'")
    for index, call in enumerate(given.get("tool_calls") or ()):
        if isinstance(call, dict):
            _check_call(call, (*path, "tool_calls", index), report)


def _check_call(call: Mapping[str, Any], path: Path, report: Report) -> None:
    inner = call.get(call.get("type", "function"))
    named = inner.get("name") if isinstance(inner, dict) else call.get("name")
    if (not isinstance(named, str) or not named) and report.sound(path):
        report.blame(path, "the call names no tool; add 'name'")


def _made(given: str | Mapping[str, Any], path: Path, report: Report) -> Answer | None:
    try:
        fill = compiled(given)
    except MisfilledError as error:
        report.blame((*path, *error.at), str(error))
        return None
    except ImportError:
        report.blame(path, "templates need jinja2, which is not installed; run: pip install jinja2")
        return None
    if fill is None:
        return answer_of(given)
    fails = isinstance(given, dict) and "error" in given
    return Answer(error={} if fails else None, fill=fill)
