"""What a request asks of any answer, granted in one place: limits, stops, JSON, and calls of the offered tools.

Theory. An author writes freely; `honouring` makes it an author that answers as the request wants:

- tools that must or may be called are called, with arguments that conform to their schemas;
- once tools have answered, the text uses what they said;
- an answer that may search the web cites what it found;
- a JSON format gets a text that conforms;
- `stop` cuts a text, and a token limit cuts a turn to exactly so many tokens.

A rule's turns are the user's own words: only limits and stops apply to them (`within_limits`), and a response that is
written out whole is left alone. Thinking takes what the words leave of a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from openai_mock.turns.authors import MOST_CHOICES, Author
from openai_mock.turns.pieces import truncate
from openai_mock.turns.reasoning import reasoning_tokens, summaries
from openai_mock.turns.tokens import count, encoding_for
from openai_mock.turns.tools import (
    Choice,
    Offered,
    arguments_of,
    choice,
    heard,
    is_answered,
    offered,
    parallel,
    results,
    said_of,
    wanted,
)
from openai_mock.turns.turn import Prompt, Reply, Speak, ToolCall, Turn

LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_ASKED = frozenset({*LIMITS, "stop", "reasoning_effort"})
_WORDS = frozenset({"choices", "output", "output_text"})
"""The fields in which a response that is written out has its words."""
_SHAPED = frozenset({"tools", "functions", "response_format", "text", "web_search_options"})


def honouring(author: Author) -> Author:
    """An author that writes what the request asks for, and otherwise what `author` writes."""

    def write(prompt: Prompt, seed: int) -> tuple[Turn, ...]:
        turns = _shaped(prompt, seed) if _may_shape(prompt) else ()
        turns = turns or author(prompt, seed)
        return turns if _ASKED.isdisjoint(prompt.body) and not reasoning_tokens(prompt) else _limited(turns, prompt)

    return write


def within_limits(speak: Speak) -> Speak:
    """A speaker whose turns keep the limits and stops of the request; whole responses keep their own."""

    def spoken(prompt: Prompt) -> Reply:
        reply = speak(prompt)
        if _ASKED.isdisjoint(prompt.body) or (reply.fields and not _WORDS.isdisjoint(reply.fields)):
            return reply
        return replace(reply, turns=_limited(reply.turns, prompt))

    return spoken


def _limited(turns: tuple[Turn, ...], prompt: Prompt) -> tuple[Turn, ...]:
    return tuple([limited(turn, prompt) for turn in turns])


def limited(turn: Turn, prompt: Prompt) -> Turn:
    """A turn as the request lets it be said: up to a `stop`, up to its token limit, and with the thinking it takes."""
    if turn.finish == "length" and turn.tokens is not None:
        return turn  # cut before
    body = prompt.body
    if (stops := body.get("stop")) and turn.text:
        kept = _before(turn.text, [stops] if isinstance(stops, str) else stops)
        turn = turn if kept == turn.text else replace(turn, text=kept, tokens=None)
    thinking = reasoning_tokens(prompt)
    most = min([body[name] for name in LIMITS if body.get(name) is not None], default=None)
    if most is None and not thinking:
        return turn
    if most is not None:
        turn, left = _cut(turn, most, encoding_for(prompt.model))
        thinking = min(thinking, left)
    return replace(turn, reasoning_tokens=thinking, reasoning=turn.reasoning or summaries(prompt))


def _cut(turn: Turn, most: int, encoding: str) -> tuple[Turn, int]:
    """The first `most` tokens of a turn, and how many are left over."""
    left = most
    for field in ("text", "refusal"):
        said: str = getattr(turn, field) or ""
        took = count(said, encoding)
        if took > left:
            cut = replace(turn, **{field: truncate(said, left, encoding)}, tool_calls=(), finish="length", tokens=most)
            return cut, 0
        left -= took
    kept: list[ToolCall] = []
    for call in turn.tool_calls:
        name, took = count(call.name, encoding), count(call.arguments, encoding)
        if name + took > left:
            if left > name:
                kept.append(replace(call, arguments=truncate(call.arguments, left - name, encoding)))
            return replace(turn, tool_calls=tuple(kept), finish="length", tokens=most), 0
        kept.append(call)
        left -= name + took
    return turn, left


def _before(text: str, stops: Sequence[str]) -> str:
    found = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else text


# What the author itself would not write: calls, texts about their results, and JSON.


def _may_shape(prompt: Prompt) -> bool:
    return not _SHAPED.isdisjoint(prompt.body) or is_answered(prompt)


def _shaped(prompt: Prompt, seed: int) -> tuple[Turn, ...]:
    tools = offered(prompt.body)
    if tools and (turn := _calling(prompt, seed, choice(prompt.body, tools))):
        return _each(prompt, turn)
    if (shape := _format(prompt.body)) is not None:
        count_ = _choices(prompt.body)
        return tuple([Turn(_json(shape, prompt, f"{seed} {at}" if at else str(seed))) for at in range(count_)])
    if found := results(prompt.messages):
        return _each(prompt, Turn(said_of(found)))
    return _each(prompt, _searched(prompt)) if prompt.body.get("web_search_options") is not None else ()


def _searched(prompt: Prompt) -> Turn:
    """What is said of a search of the web that chat does by itself: an answer with a citation."""
    from openai_mock.turns.hosted import used  # noqa: PLC0415 - only a request that searches needs it

    use = used(Offered("web_search", "web_search", "", {}), heard(prompt.messages))
    return Turn(use.text, annotations=use.annotations)


def _each(prompt: Prompt, turn: Turn) -> tuple[Turn, ...]:
    return (turn,) * _choices(prompt.body)


def _choices(body: Mapping[str, Any]) -> int:
    asked = body.get("n")
    return min(asked, MOST_CHOICES) if isinstance(asked, int) and asked > 1 else 1


def _format(body: Mapping[str, Any]) -> Any:
    """The JSON Schema of the text that the request asks for; None for plain text."""
    asked = body.get("response_format")
    if asked is None and isinstance(said := body.get("text"), Mapping):
        asked = said.get("format")
    if not isinstance(asked, Mapping):
        return None
    if asked.get("type") == "json_schema":
        inner = asked.get("json_schema", asked)
        return inner.get("schema") or {"type": "object"}
    return _ANYTHING if asked.get("type") == "json_object" else None


_ANYTHING: Mapping[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}, "heard": {"type": "string"}},
    "required": ["answer", "heard"],
}


def _json(schema: Any, prompt: Prompt, seed: str) -> str:
    from openai_mock.turns.conform import conforming  # noqa: PLC0415 - only a request that brings a schema needs it

    said = heard(prompt.messages)
    if schema is _ANYTHING:
        found = results(prompt.messages)
        answer = said_of(found) if found else "This is openai-mock, answering in JSON because the request asks for it."
        return arguments_of({"answer": answer, "heard": " ".join(said.split())[:60]})
    return arguments_of(conforming(schema, f"{seed} {prompt.model} {said[:256]}", said))


def _calling(prompt: Prompt, seed: int, allowed: Choice) -> Turn | None:
    """The turn that calls tools, or None where there is nothing to call."""
    if allowed.mode == "none" or not allowed.among:
        return None
    said, approval = heard(prompt.messages), _approval(prompt)
    if allowed.mode == "auto":
        if is_answered(prompt) and approval != "approved":
            return None
        called = [tool for tool in allowed.among if _asks_for(tool, said)]
    else:
        called = [tool for tool in allowed.among if _asks_for(tool, said)] or [allowed.among[0]]
    if approval:
        called = [tool for tool in called if tool.kind == "mcp"] or [t for t in allowed.among if t.kind == "mcp"]
    called = _as_many_as_may(called, prompt.body)
    return _called(prompt, seed, called, approved=approval == "approved") if called else None


def _as_many_as_may(tools: list[Offered], body: Mapping[str, Any]) -> list[Offered]:
    """The first of the tools: one where calls may not be parallel, and no more built-in ones than `max_tool_calls`."""
    most = body.get("max_tool_calls")
    if most is not None:
        over = [tool for tool in tools if tool.kind not in {"function", "custom"}][most:]
        tools = [tool for tool in tools if tool not in over]
    return tools if parallel(body) else tools[:1]


def _asks_for(tool: Offered, said: str) -> bool:
    if tool.kind in {"function", "custom"}:
        return wanted(tool, said)
    from openai_mock.turns.hosted import asks_for  # noqa: PLC0415 - built-in tools are rare

    return asks_for(tool, said)


def _approval(prompt: Prompt) -> str | None:
    """What the client answered to a request for approval, if that is the last thing it said."""
    found = results(prompt.messages)
    return found[-1][1] if found and found[-1][0] == "mcp_approval_request" else None


def _called(prompt: Prompt, seed: int, tools: Sequence[Offered], *, approved: bool) -> Turn:
    from openai_mock.turns.conform import conforming  # noqa: PLC0415 - only a request that offers tools needs it
    from openai_mock.turns.hosted import listing, used  # noqa: PLC0415 - the same

    said = heard(prompt.messages)
    mark = f"{seed} {prompt.model} {len(prompt.messages)} {said[:256]}"
    calls: list[ToolCall] = []
    items: list[Mapping[str, Any]] = []
    annotations: list[Mapping[str, Any]] = []
    text: list[str] = []
    first = not any(each.role == "assistant" for each in prompt.messages)
    for at, tool in enumerate(tools):
        id_ = f"call_{sha256(f'{mark} {at} {tool.name}'.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
        if tool.kind == "function":
            made = arguments_of(conforming(tool.parameters, mark, said))
            calls.append(ToolCall(id_, tool.name, made))
        elif tool.kind == "custom":
            calls.append(ToolCall(id_, tool.name, _custom_input(tool, mark, said), "custom"))
        else:
            items += [listing(tool)] if tool.kind == "mcp" and first else []
            use = used(tool, said, approved=approved)
            items += use.items
            text += [use.text] if use.text is not None else []
            annotations += use.annotations if len(text) == 1 else ()
    waits = calls or len(text) < sum(tool.kind not in {"function", "custom"} for tool in tools)
    return Turn(None if waits else " ".join(text), tuple(calls), items=tuple(items), annotations=tuple(annotations))


def _custom_input(tool: Offered, mark: str, said: str) -> str:
    """The input of a custom tool: a text of its grammar, or what was said where there is none that can be read."""
    form = tool.given.get("format") or {}
    grammar = form.get("grammar") or form
    definition = grammar.get("definition")
    made = None
    if isinstance(definition, str) and grammar.get("syntax") == "regex":
        from openai_mock.turns.conform import conforming  # noqa: PLC0415 - only a request with a grammar needs it

        made = str(conforming({"type": "string", "pattern": definition}, mark, said))
    elif isinstance(definition, str):
        from openai_mock.turns.grammars import sentence  # noqa: PLC0415 - the same

        made = sentence(definition, mark)
    return " ".join(said.split())[:200] or "example" if made is None else made
