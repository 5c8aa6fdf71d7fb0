"""OpenAI Agents SDK: streamed runs, handoffs and chat completions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openai_mock import OpenAIMock

pytestmark = [
    pytest.mark.openai_mock(block_network=True),
    pytest.mark.filterwarnings("default"),
]


async def test_a_streamed_run(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    agents = installed("agents")
    openai_mock.responses.create.reply("Take your sunglasses.")
    run = agents.Runner.run_streamed(agents.Agent(name="Guide", model="gpt-4o"), "What should I take?")
    parts = [
        event.data.delta
        async for event in run.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    assert "".join(parts) == run.final_output == "Take your sunglasses."
    assert len(parts) > 1


async def test_a_handoff(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    agents = installed("agents")
    create = openai_mock.responses.create
    create.reply(tool_calls=[{"name": "transfer_to_packer", "arguments": {}}], times=1).reply("Take your sunglasses.")
    packer = agents.Agent(name="Packer", model="gpt-4o")
    result = await agents.Runner.run(agents.Agent(name="Guide", model="gpt-4o", handoffs=[packer]), "What to take?")
    assert (result.last_agent.name, result.final_output) == ("Packer", "Take your sunglasses.")
    assert create.call_count == 2
    assert not openai_mock.unmatched


async def test_chat_completions(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    agents = installed("agents")
    openai_mock.chat.completions.create.reply("Sunny.")
    model = agents.OpenAIChatCompletionsModel("gpt-4o", openai_client=installed("openai").AsyncOpenAI())
    result = await agents.Runner.run(agents.Agent(name="Guide", model=model), "The weather?")
    assert result.final_output == "Sunny."
