"""The objects of assistants and threads, with every key that the API sends, from what a request says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from openai_mock.engine.ids import Ids

ASSISTANTS, THREADS = "beta.assistants.retrieve", "beta.threads.retrieve"
MESSAGES, RUNS = "beta.threads.messages.list", "beta.threads.runs.retrieve"
"""Operations that name the collections."""
LIFETIME = 600
"""Seconds until a run that has not ended expires."""
_SEARCH: Mapping[str, Any] = {"ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0}}
_ASSISTANT: Mapping[str, Any] = MappingProxyType(
    {
        "name": None, "description": None, "instructions": None, "tools": [], "top_p": 1.0, "temperature": 1.0,
        "reasoning_effort": None, "tool_resources": {}, "metadata": {}, "response_format": "auto",
    }
)  # fmt: skip
"""What an assistant has where the request says nothing."""
_INHERITED = ("model", "tools", "temperature", "top_p", "response_format", "reasoning_effort")
_PLAIN: Mapping[str, Any] = MappingProxyType(
    {
        "max_completion_tokens": None, "max_prompt_tokens": None, "tool_choice": "auto", "parallel_tool_calls": True,
        "metadata": {}, "truncation_strategy": {"type": "auto", "last_messages": None},
    }
)  # fmt: skip
_UNSET = (
    "started_at", "cancelled_at", "failed_at", "completed_at", "required_action", "last_error", "incomplete_details",
    "usage",
)  # fmt: skip


def assistant(body: Mapping[str, Any], ids: Ids, now: int) -> dict[str, Any]:
    """A new assistant."""
    made = {"id": ids.letters("asst_"), "object": "assistant", "created_at": now, "model": body["model"], **_ASSISTANT}
    return changed_assistant(made, body)


def changed_assistant(known: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """An assistant with what a request says of it; null is the default."""
    said = {key: _ASSISTANT.get(key) if value is None else value for key, value in body.items() if key in known}
    made = {**known, **said}
    made["tools"] = [tool_of(tool) for tool in made["tools"]]
    kinds = {tool["type"] for tool in made["tools"]}
    empty: dict[str, Any] = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
    expected = {kind: value for kind, value in empty.items() if kind in kinds}
    return {**made, "tool_resources": {**expected, **(made["tool_resources"] or {})}}


def tool_of(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A tool as the API tells it."""
    if tool["type"] == "function":
        return {**tool, "function": {"strict": False, **tool["function"]}}
    if tool["type"] == "file_search":
        return {**tool, "file_search": {**_SEARCH, **(tool.get("file_search") or {})}}
    return dict(tool)


def thread(body: Mapping[str, Any], ids: Ids, now: int) -> dict[str, Any]:
    """A new thread."""
    return {
        "id": ids.letters("thread_"),
        "object": "thread",
        "created_at": now,
        "metadata": body.get("metadata") or {},
        "tool_resources": body.get("tool_resources") or {},
    }


def message(given: Mapping[str, Any], thread_id: str, ids: Ids, now: int) -> dict[str, Any]:
    """A message that a client adds."""
    content = given["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {
        **_message(thread_id, ids, now),
        "status": "completed",
        "assistant_id": None,
        "run_id": None,
        "role": given["role"],
        "content": [_part(part) for part in parts],
        "attachments": given.get("attachments") or [],
        "metadata": given.get("metadata") or {},
    }


def answer(run: Mapping[str, Any], content: Iterable[Mapping[str, Any]], ids: Ids) -> dict[str, Any]:
    """A message that an assistant is about to write."""
    return {
        **_message(run["thread_id"], ids, run["created_at"]),
        "status": "in_progress",
        "assistant_id": run["assistant_id"],
        "run_id": run["id"],
        "role": "assistant",
        "content": list(content),
        "attachments": [],
        "metadata": {},
    }


def _message(thread_id: str, ids: Ids, now: int) -> dict[str, Any]:
    return {
        "id": ids.letters("msg_"),
        "object": "thread.message",
        "created_at": now,
        "thread_id": thread_id,
        "incomplete_details": None,
        "completed_at": None,
        "incomplete_at": None,
    }


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind == "text":
        return {"type": kind, "text": {"value": part["text"], "annotations": []}}
    return {"type": kind, kind: {"detail": "auto", **part[kind]}}


def run(body: Mapping[str, Any], known: Mapping[str, Any], thread_id: str, ids: Ids, now: int) -> dict[str, Any]:
    """A new run of the assistant that is known, on a thread. What the request says beats what the assistant says."""
    instructions = [body.get("instructions") or known.get("instructions"), body.get("additional_instructions")]
    chosen = {key: known.get(key) if body.get(key) is None else body[key] for key in _INHERITED}
    plain = {key: value if body.get(key) is None else body[key] for key, value in _PLAIN.items()}
    return {
        "id": ids.letters("run_"),
        "object": "thread.run",
        "created_at": now,
        "assistant_id": known["id"],
        "thread_id": thread_id,
        "status": "queued",
        "expires_at": now + LIFETIME,
        "instructions": "\n".join(filter(None, instructions)),
        **dict.fromkeys(_UNSET),
        **chosen,
        **plain,
        "tools": [tool_of(tool) for tool in chosen["tools"] or ()],
        "truncation_strategy": {"last_messages": None, **plain["truncation_strategy"]},
    }


def assumed_assistant(id_: str) -> dict[str, Any]:
    """The assistant that stands for one that is not known."""
    return {"id": id_, "model": "gpt-4o", **_ASSISTANT}


def step(run_: Mapping[str, Any], details: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """A step of a run that is about to be taken. `details` are its `step_details`."""
    unset = ("cancelled_at", "completed_at", "expired_at", "failed_at", "last_error", "usage")
    return {
        "id": ids.letters("step_"),
        "object": "thread.run.step",
        "created_at": run_["created_at"],
        "run_id": run_["id"],
        "assistant_id": run_["assistant_id"],
        "thread_id": run_["thread_id"],
        "type": details["type"],
        "status": "in_progress",
        "step_details": details,
        **dict.fromkeys(unset),
        "metadata": None,
    }


def usage(read: int, written: int) -> dict[str, int]:
    """Tokens as runs and steps count them."""
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
