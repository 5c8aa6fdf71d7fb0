"""Clients that poll are told when to look again."""

from __future__ import annotations

import httpx
import pytest

from openai_mock.mock import OpenAIMock

VIDEO = {"prompt": "A cat", "model": "sora-2"}


@pytest.mark.parametrize(
    ("policy", "after"), [("polls=3", "10"), ("seconds=30", "300"), ("seconds=1h", "1000"), ("instant", None)]
)
def test_an_object_under_way_says_when_to_look_again(policy: str, after: str | None) -> None:
    mock = OpenAIMock(lifecycle=policy, seed=1)
    with httpx.Client(transport=mock.transport(httpx), headers={"authorization": "Bearer k"}) as client:
        video = client.post("https://api.openai.com/v1/videos", json=VIDEO).json()
        answer = client.get(f"https://api.openai.com/v1/videos/{video['id']}")
    assert answer.headers.get("openai-poll-after-ms") == after


def test_an_object_that_has_ended_does_not() -> None:
    mock = OpenAIMock(lifecycle="polls=1", seed=1)
    with httpx.Client(transport=mock.transport(httpx), headers={"authorization": "Bearer k"}) as client:
        video = client.post("https://api.openai.com/v1/videos", json=VIDEO).json()
        answers = [client.get(f"https://api.openai.com/v1/videos/{video['id']}") for _ in range(2)]
    assert answers[-1].json()["status"] == "completed"
    assert "openai-poll-after-ms" not in answers[-1].headers
