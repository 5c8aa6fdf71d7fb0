"""Conversation flows: a conversation written out, whose assistant messages are the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from openai_mock.config.errors import Report
from openai_mock.config.formats.entry import ON_THE_WAY
from openai_mock.config.formats.messages import (
    CONTENT,
    MATCHER,
    NAME,
    ROLE,
    THRESHOLD,
    TOOL_CALL,
    TOOL_CALL_ID,
    check_content,
    check_pattern,
    check_roles,
    line_of,
    turn_of,
)
from openai_mock.config.node import Path
from openai_mock.config.shapes import Choice, Each, Either, Key, Keys, Null, Text
from openai_mock.rules.script import Line, Script

REPLY = Key(
    Choice(("final", "next")),
    "Which assistant message answers: the `final` one of the flow (default), or the `next` one of the conversation.",
)
_MESSAGE = Keys(
    "message",
    {
        "role": ROLE,
        "content": Key(CONTENT, "The text to compare; of an assistant message, the text of the answer."),
        "matcher": MATCHER,
        "threshold": THRESHOLD,
        "tool_calls": Key(Each(TOOL_CALL, least=1), "Of an assistant message: the tools that the model calls."),
        "tool_call_id": TOOL_CALL_ID,
        "name": NAME,
        "refusal": Key(Either((Text(), Null())), "Of an assistant message: the words by which the model refuses."),
    },
)
FLOW = Keys(
    "conversation flow",
    {
        "id": Key(Text(empty=False), "A name of your choice that no other entry has.", required=True),
        "messages": Key(
            Each(_MESSAGE, least=1),
            "The conversation, with at least one assistant message. A request matches that holds its beginning.",
            required=True,
        ),
        "reply": REPLY,
        **ON_THE_WAY,
    },
)


def flow(
    entry: Mapping[str, Any],
    default_reply: Literal["final", "next"],
    path: Path,
    report: Report,
    where: str,
) -> Script | None:
    """The script of a flow, or None after telling what is wrong with it. `where` is `file:line`."""
    messages = entry.get("messages") or ()
    for index, message in enumerate(messages):
        if isinstance(message, dict):
            _check(message, (*path, "messages", index), report)
    if messages and report.sound((*path, "messages")) and not any(each["role"] == "assistant" for each in messages):
        sentence = "the conversation has no assistant message to answer with; add one with role 'assistant'"
        report.blame((*path, "messages"), sentence)
    if not report.sound(path):
        return None
    lines = tuple(_line(message, f"{entry['id']}/{index}") for index, message in enumerate(messages))
    return Script(entry["id"], lines, reply_with=entry.get("reply", default_reply), where=where)


def _check(message: Mapping[str, Any], path: Path, report: Report) -> None:
    check_roles(message, path, report)
    spoken = message.get("role") == "assistant"
    if message.get("matcher") == "regex" and not spoken:
        check_pattern(message.get("content"), path, report)
    if not report.sound(path):
        return
    if not spoken:
        check_content(message, message.get("matcher", "exact"), path, report)
    elif all(message.get(key) is None for key in ("content", "tool_calls", "refusal")):
        report.blame(path, "an assistant message needs something to say; add 'content', 'tool_calls' or 'refusal'")


def _line(message: Mapping[str, Any], owner: str) -> Line:
    turn = turn_of(message, owner) if message["role"] == "assistant" else None
    return line_of(message, message.get("matcher", "exact"), message.get("threshold"), turn)
