"""The tools of a request: which are offered, which the request lets the model use, and which the user seems to want.

Theory. Chat and Responses write the same things differently; here both become `Offered` tools and a `Choice`. A tool is
wanted when words of the user's message are words of its name, or when two of them stand in its description, so a
"Hello" calls nothing and "What is the weather in Paris?" calls `get_weather`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from openai_mock.turns.turn import Message, Prompt

_WORD = re.compile(r"[a-z]+|\d+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EMPTY_WORDS = frozenset({
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "current", "do", "does", "for", "from",
    "get", "give", "given", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "make", "me", "my",
    "need", "of", "on", "or", "our", "please", "return", "returns", "set", "should", "so", "some", "such", "tell",
    "that", "the", "their", "them", "then", "there", "these", "this", "to", "tool", "function", "use", "used", "user",
    "want", "was", "we", "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
})  # fmt: skip
_BUILT_IN = (
    "web_search", "file_search", "code_interpreter", "image_generation", "mcp", "computer", "local_shell", "shell",
    "apply_patch", "tool_search", "programmatic_tool_calling",
)  # fmt: skip
"""The built-in tools; their versions and previews begin with these words."""


class Offered(Struct, frozen=True):
    """One tool. `kind` is `function`, `custom` or a built-in tool without its version; `given` is as sent."""

    kind: str
    name: str
    description: str
    given: Mapping[str, Any]

    @property
    def parameters(self) -> Any:
        """The JSON Schema of a function's arguments."""
        return self.given.get("parameters") or {"type": "object", "properties": {}}


class Choice(Struct, frozen=True):
    """What `tool_choice` allows: nothing, anything, or at least one of `among`."""

    mode: Literal["none", "auto", "required"]
    among: tuple[Offered, ...]


def offered(body: Mapping[str, Any]) -> tuple[Offered, ...]:
    """The tools of a request of chat or Responses, in order; those of a namespace one by one."""
    return tuple(_read([*(body.get("tools") or ()), *_older(body.get("functions") or ())]))


def _older(functions: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return ({"type": "function", "function": function} for function in functions)


def _read(tools: Iterable[Mapping[str, Any]]) -> Iterator[Offered]:
    for tool in tools:
        said = str(tool.get("type", "function"))
        inner = tool.get(said)
        given = inner if isinstance(inner, Mapping) else tool
        if said == "namespace":
            yield from _read(tool.get("tools") or ())
            continue
        kind = said if said in {"function", "custom"} else next((b for b in _BUILT_IN if said.startswith(b)), said)
        name = given.get("name") or (given.get("server_label") if kind == "mcp" else kind)
        described = given.get("description") or given.get("server_description") or ""
        yield Offered(kind, str(name), str(described), given)


def choice(body: Mapping[str, Any], tools: tuple[Offered, ...]) -> Choice:
    """What the request lets the model call."""
    asked = body.get("tool_choice", body.get("function_call"))
    if isinstance(asked, str):
        mode = asked if asked in {"none", "required"} else "auto"
        return Choice(mode, tools)  # type: ignore[arg-type]  # narrowed above
    if not isinstance(asked, Mapping):
        return Choice("auto", tools)
    kind = asked.get("type", "function")
    inner = asked.get(kind)
    said: Mapping[str, Any] = inner if isinstance(inner, Mapping) else asked
    if kind == "allowed_tools":
        named = [_read_one(each) for each in said.get("tools") or ()]
        allowed = tuple(tool for tool in tools if any(_is(tool, *each) for each in named))
        return Choice("required" if said.get("mode") == "required" else "auto", allowed)
    wanted = _read_one(asked)
    among = tuple(tool for tool in tools if _is(tool, *wanted))
    if kind == "mcp" and said.get("name"):  # one tool of the server
        among = tuple(msgspec.structs.replace(tool, given={**tool.given, "name": said["name"]}) for tool in among)
    return Choice("required", among)


def _read_one(named: Mapping[str, Any]) -> tuple[str, str | None]:
    kind = str(named.get("type", "function"))
    inner = named.get(kind)
    said: Mapping[str, Any] = inner if isinstance(inner, Mapping) else named
    name = said.get("server_label") or said.get("name")
    return kind, name if isinstance(name, str) else None


def _is(tool: Offered, kind: str, name: str | None) -> bool:
    """Whether a tool is the one that a choice names."""
    if tool.kind in {"function", "custom"}:
        return tool.name == name
    return kind.startswith(tool.kind) and (name is None or tool.kind != "mcp" or tool.name == name)


def heard(messages: Sequence[Message]) -> str:
    """What the user said last."""
    return next((each.text for each in reversed(messages) if each.role == "user"), "")


def results(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """What tools answered since the user last spoke: the name of each, and its words."""
    last = max((at for at, each in enumerate(messages) if each.role == "user"), default=-1)
    since = messages[last + 1 :]
    names = {call.id: call.name for each in since for call in each.tool_calls}
    return [
        (names.get(each.tool_call_id or "", "tool"), each.text) for each in since if each.role in {"tool", "function"}
    ]


def wanted(tool: Offered, said: str, hints: Iterable[str] = ()) -> bool:
    """Whether a message plausibly asks for a tool. `hints` are more words that ask for it."""
    spoken = words(said)
    if spoken & (words(tool.name) | set(hints)):
        return True
    return len(spoken & words(tool.description)) >= 2


def words(text: str) -> set[str]:
    """The words of a text that say something, in lower case and without endings."""
    said = _WORD.findall(_HUMP.sub(" ", text).lower())
    return {_stem(word) for word in said if word not in _EMPTY_WORDS}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


def parallel(body: Mapping[str, Any]) -> bool:
    """Whether several tools may be called at once; they may unless the request says no, or knows only `functions`."""
    return body.get("parallel_tool_calls") is not False and not is_older(body)


def is_older(body: Mapping[str, Any]) -> bool:
    """Whether a chat offers its tools in the older form, as `functions`, which is answered with `function_call`."""
    return bool(body.get("functions")) and not body.get("tools")


def is_named(body: Mapping[str, Any]) -> bool:
    """Whether a chat names the one tool that is to be called."""
    asked = body.get("tool_choice", body.get("function_call"))
    return isinstance(asked, Mapping) and asked.get("type") != "allowed_tools"


def arguments_of(value: Any) -> str:
    """Arguments as a model writes them."""
    return msgspec.json.encode(value).decode()


def said_of(found: Sequence[tuple[str, str]]) -> str:
    """A sentence that uses what tools answered."""
    parts = "; ".join(f"{name}: {' '.join(text.split())[:400] or 'nothing'}" for name, text in found)
    return f"Here is what I found. {parts}"


def is_answered(prompt: Prompt) -> bool:
    """Whether tools have answered since the user last spoke."""
    return any(each.role in {"tool", "function"} for each in prompt.messages) and bool(results(prompt.messages))
