"""Full responses: a matcher for the whole conversation, and the response that is returned as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.config.errors import Report
from openai_mock.config.formats.entry import ON_THE_WAY
from openai_mock.config.formats.messages import (
    CONTENT,
    MATCHER,
    NAME,
    ROLE,
    THRESHOLD,
    TOOL_CALL_ID,
    check_content,
    check_pattern,
    check_roles,
    line_of,
    turn_of,
)
from openai_mock.config.node import Path
from openai_mock.config.shapes import Each, Either, Flag, Json, Key, Keys, Null, Text
from openai_mock.rules.script import Line, Script
from openai_mock.turns.turn import Reply
from openai_mock.turns.written import is_response, turns_of_output

_WANTED = Keys(
    "message",
    {
        "role": ROLE,
        "content": Key(CONTENT, "The text to compare, by the `type` of the matcher."),
        "name": NAME,
        "tool_calls": Key(Json(("list",)), "Of an assistant message; for people who read this file, not compared."),
        "tool_call_id": TOOL_CALL_ID,
    },
)
_MATCHER = Keys(
    "matcher",
    {
        "type": MATCHER,
        "messages": Key(
            Each(_WANTED, least=1),
            "The messages that a request must have, as many and with these roles.",
            required=True,
        ),
        "threshold": THRESHOLD,
        "invert": Key(Flag(), "`true` matches requests of these roles whose contents do not match."),
    },
)
_CALLED = Keys(
    "function",
    {
        "name": Key(Text(), "The function to call."),
        "arguments": Key(Text(), "Its arguments, as JSON text."),
    },
    rest=True,
)
_TOOL_CALL = Keys(
    "tool call",
    {
        "id": Key(Text(), "The id of the call."),
        "type": Key(Text(), "The kind of tool: `function` or `custom`."),
        "function": Key(_CALLED, "The function that the model calls."),
        "custom": Key(
            Keys("custom tool", {"name": Key(Text(), "The tool."), "input": Key(Text(), "Its input.")}, rest=True),
            "The custom tool that the model calls.",
        ),
    },
    rest=True,
)
_ANSWER = Keys(
    "message",
    {
        "role": Key(Text(), "Always `assistant`."),
        "content": Key(CONTENT, "The text of the answer."),
        "tool_calls": Key(Either((Null(), Each(_TOOL_CALL))), "The tools that the model calls."),
        "refusal": Key(Either((Text(), Null())), "The words by which the model refuses."),
    },
    rest=True,
)
_CHOICE = Keys(
    "choice",
    {
        "index": Key(Json(), "Its position, usually 0."),
        "message": Key(_ANSWER, "What the model says."),
        "finish_reason": Key(
            Either((Text(), Null())), "Why it ends: `stop`, `length`, `tool_calls`, `content_filter`, `function_call`."
        ),
    },
    rest=True,
)
_RESPONSE = Keys(
    "response",
    {
        "id": Key(Text(), "The id of the completion."),
        "object": Key(Json(), "Always `chat.completion`."),
        "created": Key(Json(), "When it was made, in seconds since 1970."),
        "model": Key(Text(), "The model, returned as written."),
        "choices": Key(Each(_CHOICE), "The choices. What they leave out is filled in."),
        "usage": Key(Json(("mapping", "null")), "The tokens used. Left out, they are counted."),
    },
    rest=True,
)
FULL = Keys(
    "full response",
    {
        "id": Key(Text(empty=False), "A name of your choice that no other entry has.", required=True),
        "matcher": Key(_MATCHER, "Which requests it answers.", required=True),
        "response": Key(_RESPONSE, "The response as it stands. What it leaves out is filled in.", required=True),
        **ON_THE_WAY,
    },
)


def full_response(entry: Mapping[str, Any], path: Path, report: Report, where: str) -> Script | None:
    """The script of a full response, or None after telling what is wrong with it. `where` is `file:line`."""
    matcher = entry.get("matcher") or {}
    kind = matcher.get("type", "exact")
    for index, message in enumerate(matcher.get("messages") or ()):
        if isinstance(message, dict):
            _check(message, kind, (*path, "matcher", "messages", index), report)
    if not report.sound(path):
        return None
    return Script(
        entry["id"],
        tuple(_line(message, matcher) for message in matcher["messages"]),
        whole=True,
        invert=matcher.get("invert", False),
        reply=_reply(entry["response"], entry["id"]),
        where=where,
    )


def _check(message: Mapping[str, Any], kind: str, path: Path, report: Report) -> None:
    check_roles(message, path, report)
    if kind == "regex":
        check_pattern(message.get("content"), path, report)
    if report.sound(path) and message["role"] != "assistant":
        check_content(message, kind, path, report)


def _line(message: Mapping[str, Any], matcher: Mapping[str, Any]) -> Line:
    return line_of(message, matcher.get("type", "exact"), matcher.get("threshold"))


def _reply(response: Mapping[str, Any], owner: str) -> Reply:
    turns = tuple(
        turn_of(choice.get("message") or {}, f"{owner}/{index}", choice.get("finish_reason"))
        for index, choice in enumerate(response.get("choices") or ())
    )
    return Reply(
        turns or turns_of_output(response), None if is_response(response) else response.get("id"), response, owner
    )
