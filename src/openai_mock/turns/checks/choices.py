"""Parameters that need each other, and tools that must be offered to be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.tools import offered

_NEEDS = (("stream_options", "stream"), ("top_logprobs", "logprobs"), ("metadata", "store"))
"""Parameters of chat that are allowed only where another one is true."""


def in_chat(body: Mapping[str, Any]) -> Iterator[Misuse]:
    """What is wrong with the parameters of a chat among themselves."""
    yield from needing(body, *_NEEDS)
    for name, needed in (("tool_choice", "tools"), ("parallel_tool_calls", "tools"), ("function_call", "functions")):
        if body.get(name) is not None and not body.get(needed):
            words = f"Invalid value for '{name}': '{name}' is only allowed when '{needed}' are specified."
            yield Misuse(words, name)
    yield from in_tools(body)
    if body.get("functions") and (missing := _missing(body, "function_call")) is not None:
        yield _absent("function_call", *missing, "functions")


def in_tools(body: Mapping[str, Any]) -> Iterator[Misuse]:
    """A tool that is chosen though it is not offered, in the words of chat and of runs."""
    if body.get("tools") and (missing := _missing(body, "tool_choice")) is not None:
        yield _absent("tool_choice", *missing, "tools")


def _absent(name: str, kind: str, tool: str, needed: str) -> Misuse:
    noun = "custom tool" if kind == "custom" else "function" if kind == "function" else "tool"
    return Misuse(
        f"Invalid value for '{name}': no {noun} named '{tool}' was specified in the '{needed}' parameter.", name
    )


def in_responses(body: Mapping[str, Any]) -> Iterator[Misuse]:
    """The same of Responses; a stored prompt may bring tools that nobody here knows."""
    yield from needing(body, ("stream_options", "stream"))
    if body.get("prompt"):
        return
    chosen = body.get("tool_choice")
    if chosen == "required" and not body.get("tools"):
        yield Misuse("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice")
    elif (missing := _missing(body, "tool_choice")) is not None:
        yield Misuse(f"Tool choice '{missing[1]}' not found in 'tools' parameter.", "tool_choice")


def needing(body: Mapping[str, Any], *pairs: tuple[str, str]) -> Iterator[Misuse]:
    """Parameters whose condition does not hold; each pair is a parameter and what must be true for it."""
    for name, needed in pairs:
        if body.get(name) is not None and not body.get(needed):
            yield Misuse(f"The '{name}' parameter is only allowed when '{needed}' is enabled.", name)


def _missing(body: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """The kind and the name of the first tool that a choice names and that is not offered."""
    chosen = body.get(name)
    if not isinstance(chosen, Mapping):
        return None
    known = offered(body)
    names = {(tool.kind, tool.name) for tool in known}
    kinds = tuple(tool.kind for tool in known if tool.kind not in {"function", "custom"})
    for kind, named in _named(chosen):
        plain = kind in {"function", "custom"}
        if (kind, named) not in names if plain else not kind.startswith(kinds or ("\0",)):
            return kind, named if plain else kind
    return None


def _named(chosen: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The kind and the name of each tool of a choice, in the form of chat or of Responses."""
    kind = str(chosen.get("type", "function"))
    inner = chosen.get(kind)
    said = inner if isinstance(inner, Mapping) else chosen
    if kind == "allowed_tools":
        for one in said.get("tools") or ():
            yield from _named(one)
    else:
        yield kind, str(said.get("name") or "")
