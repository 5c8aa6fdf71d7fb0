"""Messages of a configuration: what both formats say of one, and the line of a script it becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from openai_mock.config.errors import Report
from openai_mock.config.node import Path
from openai_mock.config.shapes import Choice, Each, Either, Json, Key, Keys, Null, Number, Text
from openai_mock.rules.patterns import compile_pattern
from openai_mock.rules.script import DEFAULT_THRESHOLD, Line, MatcherType
from openai_mock.turns.conversation import text_of
from openai_mock.turns.turn import ToolCall, Turn

MATCHERS: tuple[str, ...] = get_args(MatcherType)
ROLES = ("system", "developer", "user", "assistant", "tool")

_PART = Keys(
    "content part",
    {
        "type": Key(Text(empty=False), "The kind of part: `text`, `image_url`, `input_audio`, `file`.", required=True),
        "text": Key(Text(), "The text of a text part. The texts of all parts are joined and compared as one."),
    },
    rest=True,
)
CONTENT = Either((Text(), Null(), Each(_PART)))
MATCHER = Key(
    Choice(MATCHERS),
    "How content is compared. `exact` (default): equal but for blanks around it. `contains`: holds this text, in any "
    "case. `regex`: holds this expression, in any case. `fuzzy`: similar by `threshold`. `any`: every text.",
)
THRESHOLD = Key(
    Number(0, 1), f"How similar a text must be for `fuzzy`, from 0 to 1. The default is {DEFAULT_THRESHOLD:g}."
)
ROLE = Key(Choice(ROLES), "Who speaks.", required=True)
TOOL_CALL_ID = Key(Text(empty=False), "Of a tool message: the id of the tool call it answers.")
NAME = Key(Text(empty=False), "The name of the speaker, for people who read this file; it is not compared.")

_FUNCTION = Keys(
    "function",
    {
        "name": Key(Text(empty=False), "The function to call.", required=True),
        "arguments": Key(
            Either((Text(), Json(("mapping", "list")))),
            "Its arguments: the JSON text itself, or a mapping that is written as JSON. The default is `{}`.",
        ),
    },
)
TOOL_CALL = Keys(
    "tool call",
    {
        "id": Key(Text(empty=False), "The id of the call. Left out, it follows from the id of the flow."),
        "type": Key(Choice(("function",)), "The kind of tool."),
        "function": Key(_FUNCTION, "The function that the model calls.", required=True),
    },
)


def check_pattern(content: Any, path: Path, report: Report) -> None:
    """Tell whether the text of a message cannot serve as a regular expression."""
    if content is None:
        return
    pattern = text_of(content)
    if not pattern:
        report.blame((*path, "content"), "the regular expression is empty; write '.*' to match every text")
        return
    try:
        compile_pattern(pattern)
    except ValueError as fault:
        report.blame((*path, "content"), f"{fault}; put '\\' before a character that stands for itself")


def check_roles(message: Mapping[str, Any], path: Path, report: Report) -> None:
    """Tell about keys that do not belong to the role of the message."""
    role = message.get("role")
    for key, owner in (("tool_calls", "assistant"), ("refusal", "assistant"), ("tool_call_id", "tool")):
        if role is not None and role != owner and key in message:
            report.blame((*path, key), f"only a message with role '{owner}' has '{key}', but this one is '{role}'")


def check_content(message: Mapping[str, Any], matcher: str, path: Path, report: Report) -> None:
    """Tell about a message that nothing could match, because it has no text to compare."""
    role = message["role"]
    if text_of(message.get("content")) or matcher == "any" or (role == "tool" and "tool_call_id" in message):
        return
    report.blame(path, f"a {role} message needs 'content' to compare with; write one, or 'any' as its matcher")


def line_of(message: Mapping[str, Any], matcher: Any, threshold: float | None, turn: Turn | None = None) -> Line:
    """The line of a script for a sound message."""
    return Line(
        message["role"],
        text_of(message.get("content")),
        matcher,
        DEFAULT_THRESHOLD if threshold is None else threshold,
        message.get("tool_call_id"),
        turn,
    )


def turn_of(message: Mapping[str, Any], owner: str, finish: str | None = None) -> Turn:
    """What an assistant message says. `owner` names the message; ids that it leaves out follow from that name."""
    content = message.get("content")
    calls = tuple(_tool_call(call, f"{owner}/{index}") for index, call in enumerate(message.get("tool_calls") or ()))
    return Turn(None if content is None else text_of(content), calls, message.get("refusal"), finish)


def _tool_call(call: Mapping[str, Any], owner: str) -> ToolCall:
    kind = call.get("type") or "function"
    inner = call.get(kind) or {}
    said = inner.get("arguments", inner.get("input", "{}"))
    arguments = said if isinstance(said, str) else msgspec.json.encode(said).decode()
    return ToolCall(call.get("id") or _call_id(owner), inner.get("name") or "", arguments, kind)


def _call_id(owner: str) -> str:
    return f"call_{hashlib.sha256(owner.encode()).hexdigest()[:24]}"
