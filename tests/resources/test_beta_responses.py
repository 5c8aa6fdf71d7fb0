"""`client.beta.responses` is checked and limited as `client.responses` is."""

from __future__ import annotations

import httpx
import pytest

from openai_mock.mock import OpenAIMock


@pytest.mark.parametrize(
    ("operation", "headers"),
    [("responses.create", {}), ("beta.responses.create", {"openai-beta": "responses_multi_agent=v1"})],
)
def test_both_are_checked_and_announce_their_limits(operation: str, headers: dict[str, str]) -> None:
    mock = OpenAIMock(seed=1)
    headers = {"authorization": "Bearer sk-a", **headers}
    with httpx.Client(transport=mock.transport(httpx), headers=headers, base_url="https://api.openai.com/v1") as http:
        body = {"model": "gpt-4o", "input": "Hello"}
        good = http.post("/responses", json=body)
        bad = http.post("/responses", json={**body, "tools": [{"type": "file_search", "vector_store_ids": ["vs_no"]}]})
    assert (good.status_code, "x-ratelimit-limit-requests" in good.headers) == (200, True)
    assert bad.status_code in {400, 404}
    assert "vs_no" in bad.json()["error"]["message"]
    assert {entry.operation for entry in mock.journal.entries} == {operation}
