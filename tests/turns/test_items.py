"""Items of the Responses API as chat messages."""

from __future__ import annotations

from typing import Any

import pytest

from openai_mock.turns.items import as_messages, kept, sent


def test_messages() -> None:
    items: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "c", "annotations": []}]},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "2", "name": "g", "input": "x"},
        {"type": "function_call_output", "call_id": "1", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "two"}]},
    ]
    assert as_messages(items) == [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "ab"},
        {
            "role": "assistant",
            "content": "c",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": "two"},
    ]


def test_pictures_stay_parts() -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "https://example.com/a.png"}]
    assert as_messages([{"role": "user", "content": parts}]) == [{"role": "user", "content": parts}]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"type": "shell_call_output", "call_id": "1", "output": [{"stdout": "a", "stderr": "b"}]}, "ab"),
        ({"type": "local_shell_call_output", "id": "1", "output": "x"}, "x"),
        ({"type": "apply_patch_call_output", "call_id": "1", "status": "completed"}, "completed"),
        ({"type": "mcp_approval_response", "approval_request_id": "1", "approve": True}, "approved"),
        ({"type": "mcp_approval_response", "approval_request_id": "1", "approve": False}, "refused"),
    ],
)
def test_what_clients_ran(item: dict[str, Any], said: str) -> None:
    assert as_messages([item]) == [{"role": "tool", "tool_call_id": "1", "content": said}]


def test_kept_items_are_whole() -> None:
    def draw(prefix: str, _: int) -> str:
        return f"{prefix}x"

    assert kept({"role": "user", "content": "Hi"}, draw) == {
        "id": "msg_x",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hi"}],
    }
    assert kept({"type": "function_call_output", "call_id": "1", "output": "x", "id": None}, draw) == {
        "id": "fco_x",
        "type": "function_call_output",
        "status": "completed",
        "call_id": "1",
        "output": "x",
    }


def test_sent() -> None:
    assert sent(None) == []
    assert sent("Hi") == [{"role": "user", "content": "Hi"}]
