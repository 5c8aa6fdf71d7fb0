"""Output items: what a turn says as the items of a response, and partial items made whole."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from zlib import crc32

import msgspec

from openai_mock.engine.ids import Ids
from openai_mock.media.image import image
from openai_mock.turns.citations import flat
from openai_mock.turns.items import new_id
from openai_mock.turns.likely import fitting, logprobs
from openai_mock.turns.turn import ToolCall, Turn

_encode = msgspec.json.Encoder().encode
SIGNALS = ("error", "output_audio")
"""Entries of a configured `output` that are no items: they only show in a stream."""
_CALLED = {"call_id": None}
_DONE = {"status": "completed"}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "message": {**_DONE, "role": "assistant", "content": []},
        "reasoning": {"summary": []},
        "function_call": {**_DONE, **_CALLED, "name": "function", "arguments": "{}"},
        "function_call_output": {**_DONE, **_CALLED, "output": ""},
        "custom_tool_call": {**_DONE, **_CALLED, "name": "tool", "input": ""},
        "custom_tool_call_output": {**_DONE, **_CALLED, "output": ""},
        "web_search_call": {**_DONE, "action": {"type": "search", "query": "example"}},
        "file_search_call": {**_DONE, "queries": [], "results": None},
        "code_interpreter_call": {**_DONE, "code": "", "container_id": None, "outputs": None},
        "image_generation_call": {
            **_DONE, "background": "opaque", "output_format": "png", "quality": "medium", "size": "1024x1024",
            "result": None,
        },
        "mcp_call": {
            **_DONE, "server_label": "server", "name": "tool", "arguments": "{}", "output": "An example.",
            "error": None, "approval_request_id": None,
        },
        "mcp_list_tools": {"server_label": "server", "tools": [], "error": None},
        "mcp_approval_request": {"server_label": "server", "name": "tool", "arguments": "{}"},
        "mcp_approval_response": {"approval_request_id": "", "approve": True},
        "computer_call": {**_DONE, **_CALLED, "pending_safety_checks": []},
        "computer_call_output": {**_DONE, **_CALLED, "output": {"type": "computer_screenshot"}},
        "local_shell_call": {**_DONE, **_CALLED, "action": {"type": "exec", "command": [], "env": {}}},
        "local_shell_call_output": {**_DONE, "output": ""},
        "shell_call": {**_DONE, **_CALLED, "action": {"commands": []}, "environment": None},
        "shell_call_output": {**_DONE, **_CALLED, "max_output_length": None, "output": []},
        "apply_patch_call": {**_DONE, **_CALLED, "operation": {"type": "delete_file", "path": "example.txt"}},
        "apply_patch_call_output": {**_DONE, **_CALLED, "output": None},
        "tool_search_call": {**_DONE, "call_id": "", "execution": "server", "arguments": {}},
        "tool_search_output": {**_DONE, "call_id": "", "execution": "server", "tools": []},
        "additional_tools": {"role": "developer", "tools": []},
        "compaction": {"encrypted_content": ""},
        "program": {**_CALLED, "code": "", "fingerprint": "openai-mock"},
        "program_output": {**_DONE, **_CALLED, "result": ""},
    }
)  # fmt: skip
"""What an item has besides its id, by its type; a `call_id` of None is drawn, one of "" is null."""
_PARTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"output_text": {"annotations": [], "logprobs": [], "text": ""}, "refusal": {"refusal": ""}}
)


def output_of(turn: Turn, ids: Ids) -> list[dict[str, Any]]:
    """The items of a turn: what was thought, tools that were used, what is said, calls for the client to run."""
    items: list[Mapping[str, Any]] = []
    if turn.reasoning_tokens or turn.reasoning:
        items.append(
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in turn.reasoning]}
        )
    items += turn.items
    content = _content(turn)
    waits = turn.tool_calls or (turn.items and turn.text is None)
    if content or not waits:
        status = "incomplete" if turn.finish in {"length", "content_filter"} else "completed"
        message = {
            "id": new_id("message", ids.hexadecimal),
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }
        if not items and not turn.tool_calls:
            return [message]
        items.append(message)
    items += [_call(call) for call in turn.tool_calls]
    return finished(items, ids)


def _content(turn: Turn) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    if turn.text is not None and (turn.text or not turn.tool_calls):
        likely = fitting(turn.logprobs, turn.text) if turn.logprobs else []
        cited = flat(turn.annotations) if turn.annotations else []
        said.append({"type": "output_text", "annotations": cited, "logprobs": likely, "text": turn.text})
    if turn.refusal is not None:
        said.append({"type": "refusal", "refusal": turn.refusal})
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    said = {"call_id": call.id, "name": call.name}
    if call.type == "custom":
        return {"type": "custom_tool_call", **said, "input": call.arguments}
    return {"type": "function_call", **said, "arguments": call.arguments}


def finished(items: Iterable[Mapping[str, Any]], ids: Ids) -> list[dict[str, Any]]:
    """Items with everything that the partial ones leave out. An output takes the `call_id` of the call before it.

    A null in place of a list or an object leaves it out too.
    """
    made: list[dict[str, Any]] = []
    last = ""
    for given in items:
        kind = given.get("type") or "message"
        defaults = _DEFAULTS.get(kind, {})
        item: dict[str, Any] = {"id": None, "type": kind, **defaults, **given}
        item |= {key: value for key, value in defaults.items() if item[key] is None and isinstance(value, list | dict)}
        item["id"] = item["id"] or new_id(kind, ids.hexadecimal)
        if "call_id" in item:
            item["call_id"] = _call_id(item, last, ids)
            last = item["call_id"] or last
        _FINISH.get(kind, _as_is)(item, ids)
        made.append(item)
    return made


def _call_id(item: Mapping[str, Any], last: str, ids: Ids) -> str | None:
    if item["call_id"] == "":
        return None
    if item["call_id"] is None and item["type"].endswith("output") and last:
        return last
    return item["call_id"] or ids.letters("call_")


def _as_is(item: dict[str, Any], ids: Ids) -> None:
    """Nothing is missing."""


def _parts(given: Any, kind: str) -> list[Mapping[str, Any]]:
    """Content as parts: a text is one, and so is a text among parts."""
    several = [given] if isinstance(given, str | Mapping) else given
    return [{"type": kind, "text": each} if isinstance(each, str) else each for each in several]


def _message(item: dict[str, Any], _: Ids) -> None:
    item["content"] = [
        {"type": kind, **_PARTS.get(kind, {}), **part}
        for part in _parts(item["content"], "output_text")
        if (kind := part.get("type") or ("refusal" if "refusal" in part else "output_text"))
    ]


def _reasoning(item: dict[str, Any], _: Ids) -> None:
    item["summary"] = _parts(item["summary"], "summary_text")
    if item.get("content") is not None:
        item["content"] = _parts(item["content"], "reasoning_text")


def _called(item: dict[str, Any], _: Ids) -> None:
    """What a tool is called with is a text, of JSON where a rule wrote an object."""
    field = "input" if item["type"] == "custom_tool_call" else "arguments"
    if isinstance(item[field], Mapping):
        item[field] = _encode(item[field]).decode()


def _commands(item: dict[str, Any], _: Ids) -> None:
    item["action"] = {"commands": [], **item["action"]}


def _container(item: dict[str, Any], ids: Ids) -> None:
    item["container_id"] = item["container_id"] or ids.hexadecimal("cntr_", 48)


def _picture(item: dict[str, Any], _: Ids) -> None:
    if item["result"] is None and item["status"] == "completed":
        item["result"] = picture(item)


def picture(item: Mapping[str, Any], number: int = 0) -> str:
    """The picture of an image generation, in Base64; the same for the same prompt."""
    width, _, height = str(item.get("size") or "").partition("x")
    form = item.get("output_format")
    size = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (1024, 1024)
    seed = crc32(str(item.get("revised_prompt") or "").encode()) + number
    made = image("jpeg" if form == "jpeg" else "webp" if form == "webp" else "png", *size, seed=seed)
    return b64encode(made).decode()


def _sealed(item: dict[str, Any], _: Ids) -> None:
    item["encrypted_content"] = item["encrypted_content"] or sealed(item["id"])


def sealed(what: str) -> str:
    """A text that stands for something only OpenAI can read."""
    return b64encode(sha256(what.encode()).digest() * 3).decode()


_FINISH = MappingProxyType(
    {
        "message": _message,
        "reasoning": _reasoning,
        "function_call": _called,
        "custom_tool_call": _called,
        "mcp_call": _called,
        "mcp_approval_request": _called,
        "shell_call": _commands,
        "code_interpreter_call": _container,
        "image_generation_call": _picture,
        "compaction": _sealed,
    }
)


# What `include` adds. Each is a function of the item, so a stored response can be asked for it later.


def included(
    output: list[dict[str, Any]], include: Iterable[str], *, top: int, encoding: str, greedy: bool = False
) -> list[dict[str, Any]]:
    """Items with the parts that a request asks for in `include`; what an item has already stays.

    `top` likeliest tokens are shown of each; `greedy` is whether the likeliest is always the one that was said.
    """
    asked = set(include)
    if top:
        asked.add("message.output_text.logprobs")
    if "message.output_text.logprobs" in asked:
        output = [_with_logprobs(item, top, encoding, greedy=greedy) for item in output]
    return [_added(item, asked) for item in output] if asked else output


def _added(item: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    match item["type"]:
        case "reasoning" if "reasoning.encrypted_content" in asked:
            return {"encrypted_content": sealed(item["id"]), **item}
        case "web_search_call" if asked & {"web_search_call.action.sources", "web_search_call.results"}:
            sources = [{"type": "url", "url": "https://example.com/"}]
            action = item["action"]
            return {**item, "action": {"sources": sources, **action}} if action.get("type") == "search" else item
        case "file_search_call" if "file_search_call.results" in asked and item.get("results") is None:
            return {**item, "results": [_result(query) for query in item["queries"]]}
        case "code_interpreter_call" if "code_interpreter_call.outputs" in asked and item.get("outputs") is None:
            return {**item, "outputs": [{"type": "logs", "logs": "42\n"}]}
        case _:
            return item


def _result(query: str) -> dict[str, Any]:
    return {
        "file_id": "file-openaimock000000000001",
        "filename": "example.txt",
        "score": 0.9,
        "text": f"An example about {query}.",
        "attributes": {},
    }


def _with_logprobs(item: dict[str, Any], top: int, encoding: str, *, greedy: bool) -> dict[str, Any]:
    if item["type"] != "message":
        return item
    content = [
        {**part, "logprobs": logprobs(part["text"], encoding, top, greedy=greedy)}
        if part["type"] == "output_text" and not part.get("logprobs")
        else part
        for part in item["content"]
    ]
    return {**item, "content": content}
