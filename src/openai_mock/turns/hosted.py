"""The built-in tools: which words ask for each, what its use looks like, and what the model then says.

A use is a list of partial output items of the Responses API; whoever writes the response fills in ids and status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.turns.conform import conforming
from openai_mock.turns.tools import Offered, arguments_of, wanted

Items: TypeAlias = tuple[Mapping[str, Any], ...]
_PAGE = "https://example.com/"
_FILE = "file-openaimock000000000001"
FOUND_EXAMPLE = "I searched your files and found an example."
"""What is said of a file search by whoever knows no files."""
_LISTED = "echo"


class Use(Struct, frozen=True):
    """What using a tool leaves behind. Without a `text` the model waits for the client's answer."""

    items: Items
    text: str | None = None
    annotations: Items = ()


class Hosted(Struct, frozen=True):
    """A built-in tool: the words, as stems, that ask for it, and how it is used for what was heard."""

    hints: frozenset[str]
    use: Callable[[Offered, str], Use]


def asks_for(tool: Offered, said: str) -> bool:
    """Whether a message asks for a built-in tool."""
    known = HOSTED.get(tool.kind)
    return known is not None and wanted(tool, said, known.hints)


def used(tool: Offered, said: str, *, approved: bool = False) -> Use:
    """The use of a built-in tool; one that is not known leaves nothing. `approved` skips asking for leave."""
    if tool.kind == "mcp" and not approved and _needs_approval(tool):
        return Use((_mcp_call(tool, said, "mcp_approval_request"),))
    known = HOSTED.get(tool.kind)
    return known.use(tool, said) if known else Use(())


def listing(tool: Offered) -> Mapping[str, Any]:
    """The item by which a server of MCP tells its tools."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    tools = [
        {"name": name, "description": f"The tool {name}.", "input_schema": schema, "annotations": None}
        for name in _mcp_tools(tool)
    ]
    return {"type": "mcp_list_tools", "server_label": tool.name, "tools": tools}


def _web_search(_: Offered, said: str) -> Use:
    text = "I searched the web and found an example page (example.com)."
    at = text.index("(")
    cited = {
        "type": "url_citation",
        "start_index": at,
        "end_index": len(text) - 1,
        "title": "Example page",
        "url": _PAGE,
    }
    return Use(({"type": "web_search_call", "action": {"type": "search", "query": _short(said)}},), text, (cited,))


def _file_search(_: Offered, said: str) -> Use:
    text = FOUND_EXAMPLE
    cited = {"type": "file_citation", "file_id": _FILE, "filename": "example.txt", "index": len(text) - 1}
    return Use(({"type": "file_search_call", "queries": [_short(said)]},), text, (cited,))


def _code_interpreter(tool: Offered, _: str) -> Use:
    container = tool.given.get("container")
    where = {"container_id": container} if isinstance(container, str) else {}
    text = "I ran the code; it printed 42."
    return Use(({"type": "code_interpreter_call", "code": "print(6 * 7)", **where},), text)


def _image_generation(tool: Offered, said: str) -> Use:
    options = ("action", "background", "output_format", "quality", "size")
    asked = {key: tool.given[key] for key in options if tool.given.get(key) not in {None, "auto"}}
    return Use(({"type": "image_generation_call", "revised_prompt": _short(said), **asked},), "Here is your picture.")


def _mcp(tool: Offered, said: str) -> Use:
    return Use((_mcp_call(tool, said, "mcp_call"),), f"The server {tool.name} answered.")


def _computer(tool: Offered, _: str) -> Use:
    look = {"type": "screenshot"}
    preview = "preview" in str(tool.given.get("type"))
    return Use(({"type": "computer_call", **({"action": look} if preview else {"actions": [look]})},))


def _shell(tool: Offered, _: str) -> Use:
    call = {"type": "shell_call", "action": {"commands": ["ls"]}}
    where = tool.given.get("environment") or {"type": "local"}
    if where.get("type") == "local":
        return Use(({**call, "environment": {"type": "local"}},))
    outcome = {"stdout": "example.txt\n", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    output = {"type": "shell_call_output", "output": [outcome]}
    return Use((call, output), "The directory holds example.txt.")


def _local_shell(_: Offered, __: str) -> Use:
    return Use(({"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"], "env": {}}},))


def _apply_patch(_: Offered, __: str) -> Use:
    made = {"type": "create_file", "path": "example.txt", "diff": "+Hello\n"}
    return Use(({"type": "apply_patch_call", "operation": made},))


def _tool_search(tool: Offered, said: str) -> Use:
    execution = tool.given.get("execution") or "server"
    call = {"type": "tool_search_call", "execution": execution, "arguments": {"query": _short(said)}}
    if execution == "client":
        return Use((call,))
    return Use((call, {"type": "tool_search_output", "execution": execution, "tools": []}), "I looked for tools.")


def _program(_: Offered, __: str) -> Use:
    call = {"type": "program", "code": "return 6 * 7", "fingerprint": "openai-mock"}
    return Use((call, {"type": "program_output", "result": "42"}), "The program says 42.")


def _mcp_tools(tool: Offered) -> tuple[str, ...]:
    allowed = tool.given.get("allowed_tools")
    named = allowed.get("tool_names") if isinstance(allowed, Mapping) else allowed
    return tuple(named) if named else (tool.given.get("name") or _LISTED,)


def _mcp_tool(tool: Offered) -> str:
    """The tool of the server that is called: the one that the request names, else the first."""
    return str(tool.given.get("name") or _mcp_tools(tool)[0])


def _mcp_call(tool: Offered, said: str, kind: str) -> Mapping[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    arguments = arguments_of(conforming(schema, tool.name, said))
    return {"type": kind, "server_label": tool.name, "name": _mcp_tool(tool), "arguments": arguments}


def _needs_approval(tool: Offered) -> bool:
    """Whether the client must say yes first, which is the default; a filter names the tools that need it or not."""
    asked = tool.given.get("require_approval")
    if not isinstance(asked, Mapping):
        return asked != "never"
    name = _mcp_tool(tool)
    if name in ((asked.get("never") or {}).get("tool_names") or ()):
        return False
    always = (asked.get("always") or {}).get("tool_names")
    return always is None or name in always


def _short(text: str) -> str:
    return " ".join(text.split())[:120]


def _hosted(hints: str, use: Callable[[Offered, str], Use]) -> Hosted:
    return Hosted(frozenset(hints.split()), use)


HOSTED: Mapping[str, Hosted] = MappingProxyType(
    {
        "web_search": _hosted("search web internet online latest new today look", _web_search),
        "file_search": _hosted("search file document doc knowledge look", _file_search),
        "code_interpreter": _hosted("calculate compute code python plot run solve sum", _code_interpreter),
        "image_generation": _hosted("draw image picture paint photo logo sketch illustrate", _image_generation),
        "mcp": _hosted("mcp server", _mcp),
        "computer": _hosted("computer screen browser click screenshot page", _computer),
        "local_shell": _hosted("shell command terminal list run execute", _local_shell),
        "shell": _hosted("shell command terminal list run execute", _shell),
        "apply_patch": _hosted("patch edit file change fix refactor rename", _apply_patch),
        "tool_search": _hosted("tool find", _tool_search),
        "programmatic_tool_calling": _hosted("program script", _program),
    }
)
"""Every built-in tool, by its name without version."""
