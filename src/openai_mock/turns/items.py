"""Items of the Responses API: as they are kept, and as the chat messages that rules, authors and counts look at."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from openai_mock.turns.conversation import text_of

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_",
        "custom_tool_call": "ctc_", "custom_tool_call_output": "ctco_", "web_search_call": "ws_",
        "file_search_call": "fs_", "code_interpreter_call": "ci_", "image_generation_call": "ig_",
        "mcp_call": "mcp_", "mcp_list_tools": "mcpl_", "mcp_approval_request": "mcpr_",
        "mcp_approval_response": "mcprr_", "computer_call": "cu_", "computer_call_output": "cuo_",
        "local_shell_call": "lsh_", "local_shell_call_output": "lsho_", "shell_call": "sh_",
        "shell_call_output": "sho_", "apply_patch_call": "apc_", "apply_patch_call_output": "apco_",
        "tool_search_call": "tsc_", "tool_search_output": "tso_", "additional_tools": "at_", "compaction": "cmp_",
        "program": "prog_", "program_output": "progo_",
    }
)  # fmt: skip
"""The prefix of an item's id, by its type."""
RUN_BY_CLIENT = ("computer_call", "local_shell_call", "shell_call", "apply_patch_call", "mcp_approval_request")
"""Built-in calls that wait for the client's answer."""
_WITHOUT_STATUS = (
    "reasoning", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "compaction", "additional_tools",
    "program", "mcp_call",
)  # fmt: skip
_CACHED = "prompt_cache_breakpoint"
_ID_LENGTH = 48
_SEAL = b"compact:"
_encode = msgspec.json.Encoder().encode
NewId = Callable[[str, int], str]
"""Draws an id from its prefix and the number of digits behind it."""


def new_id(kind: str, draw: NewId) -> str:
    """An id for an item of this type."""
    return draw(PREFIXES.get(kind, "item_"), _ID_LENGTH)


def sent(given: Any) -> list[dict[str, Any]]:
    """The `input` of a request as a list of items: a text is a user's message."""
    if given is None:
        return []
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def kept(item: Mapping[str, Any], draw: NewId) -> dict[str, Any]:
    """An input item as the API keeps it: typed, with an id, a status and a list of content parts."""
    kind = item.get("type") or "message"
    id_ = item.get("id") or new_id(kind, draw)
    if kind == "message":
        role = item.get("role", "user")
        content = [_part(part) for part in _parts(item.get("content"), role)]
        rest = {key: item[key] for key in ("phase",) if item.get(key) is not None}
        return {"id": id_, "type": kind, "status": "completed", "role": role, "content": content, **rest}
    known = {key: value for key, value in item.items() if value is not None}
    status = {} if kind in _WITHOUT_STATUS else {"status": "completed"}
    return {**status, **known, "id": id_}


def _parts(content: Any, role: str) -> Iterable[Mapping[str, Any]]:
    if isinstance(content, str):
        return ({"type": "output_text" if role == "assistant" else "input_text", "text": content},)
    return content or ()


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    defaults: Mapping[str, Mapping[str, Any]] = {
        "output_text": {"annotations": [], "logprobs": []},
        "input_image": {"detail": "auto"},
    }
    return {**defaults.get(part.get("type", ""), {}), **part}


def as_messages(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The chat messages that items stand for.

    Calls join the assistant's message they follow, as in chat; what a tool answered is a message of role `tool`.
    A compaction stands for all before it. What only the model sees (reasoning, searches) leaves no message.
    """
    messages: list[dict[str, Any]] = []
    for item in items:
        kind = item.get("type") or "message"
        if kind == "compaction" and (stood_for := _unsealed(item.get("encrypted_content"))) is not None:
            messages = stood_for
        elif kind == "message":
            messages.append({"role": item.get("role", "user"), "content": _content(item.get("content"))})
        elif kind in {"function_call", "custom_tool_call"} or kind in RUN_BY_CLIENT:
            _add_call(messages, _call(item, kind))
        elif kind.endswith("_call_output") or kind == "mcp_approval_response":
            messages.append({"role": "tool", "tool_call_id": _answered(item), "content": _output(item)})
    return messages


def sealed(messages: Iterable[Mapping[str, Any]]) -> str:
    """The content of a compaction: what was said, without what tools did, for nobody but this module to read."""
    said = [
        {"role": each["role"], "content": text}
        for each in messages
        if each["role"] != "tool" and (text := text_of(each.get("content")))
    ]
    return b64encode(_SEAL + _encode(said)).decode()


def _unsealed(content: Any) -> list[dict[str, Any]] | None:
    """The messages a compaction stands for; None where it is not one of ours."""
    try:
        text = b64decode(str(content or ""), validate=True)
        return msgspec.json.decode(text.removeprefix(_SEAL), type=list[dict[str, str]]) if text[:8] == _SEAL else None
    except ValueError:
        return None


def _content(content: Any) -> Any:
    """Content as one text where it is nothing but text, and says nothing of what is to be cached."""
    if content is None or isinstance(content, str):
        return content or ""
    if all("text" in part and len(part) > 1 and "text" in part["type"] and _CACHED not in part for part in content):
        return "".join(part["text"] for part in content)
    return content


def _call(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    id_ = item.get("call_id") or item.get("id", "")
    if kind == "function_call":
        return {
            "id": id_,
            "type": "function",
            "function": {"name": item.get("name", ""), "arguments": item.get("arguments", "")},
        }
    if kind == "custom_tool_call":
        return {
            "id": id_,
            "type": "custom",
            "custom": {"name": item.get("name", ""), "input": item.get("input", "")},
        }
    asked = item.get("action") or item.get("actions") or item.get("operation") or item.get("arguments") or {}
    text = asked if isinstance(asked, str) else _encode(asked).decode()
    return {"id": id_, "type": "function", "function": {"name": kind.removesuffix("_call"), "arguments": text}}


def _add_call(messages: list[dict[str, Any]], call: dict[str, Any]) -> None:
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    last = messages[-1]
    messages[-1] = {**last, "tool_calls": [*last.get("tool_calls", ()), call]}


def _answered(item: Mapping[str, Any]) -> str:
    return str(item.get("call_id") or item.get("approval_request_id") or item.get("id") or "")


def _output(item: Mapping[str, Any]) -> Any:
    """What a tool answered, as a chat content."""
    if item.get("type") == "mcp_approval_response":
        return "approved" if item.get("approve") else f"refused {item.get('reason') or ''}".strip()
    output = item.get("output")
    if isinstance(output, list) and item.get("type") != "shell_call_output":
        return _content(output)
    if isinstance(output, list):
        return "".join(str(each.get("stdout") or "") + str(each.get("stderr") or "") for each in output)
    if isinstance(output, Mapping):
        return [dict(output)]
    return output or item.get("status") or ""
