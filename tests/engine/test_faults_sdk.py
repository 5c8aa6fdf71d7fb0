"""Every fault as openai-python meets it: in process, sync and async, and over HTTP; whole and streamed.

`tests/cases/faults/sdk.yaml` is the table: what is asked for, and what the SDK raises or yields.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import yaml

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock

CASES = Path(__file__).parent.parent / "cases" / "faults"
TABLE = yaml.safe_load((CASES / "sdk.yaml").read_text("utf-8"))
TEXT = "Grüße, wörld: 👋 one two three."
CONFIG = f"""
faultHeader: true
responses:
  - id: greeting
    messages:
      - {{role: user, content: hello}}
      - {{role: assistant, content: "{TEXT}"}}
"""
ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


def mock() -> OpenAIMock:
    return OpenAIMock(load(CONFIG, name="given.yaml", env={}), seed=1, virtual_time=True)


@pytest.fixture(scope="module")
def inside() -> OpenAIMock:
    return mock()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve_in_thread(mock().handle) as served:
        yield f"{served.url}/v1"


def asking(client: str, row: dict[str, str], *, stream: bool) -> dict[str, str]:
    """Headers that ask for the fault, in a session of the test's own, so that chance does not depend on test order."""
    return {"x-mock-fault": row["fault"], "x-mock-session": f"{client} {stream} {row['fault']}"}


def expected(row: dict[str, str], *, stream: bool) -> str:
    return row["stream" if stream else "whole"]


def raised(error: Exception) -> str:
    status = f" {error.status_code}" if isinstance(error, openai.APIStatusError) else ""
    return type(error).__name__ + status


def said(text: str) -> str:
    return "same" if text == TEXT else f"text: {text}"


def sync(client: openai.OpenAI, headers: dict[str, str], *, stream: bool) -> str:
    text = ""
    try:
        answer = client.chat.completions.create(**ASKED, stream=stream, extra_headers=headers)
        if not stream:
            return answer if isinstance(answer, str) else said(answer.choices[0].message.content)
        for chunk in answer:
            text += chunk.choices[0].delta.content or ""
    except (openai.OpenAIError, ValueError) as error:
        return f"{text!r}, then {raised(error)}" if text else raised(error)
    return said(text)


async def async_(client: openai.AsyncOpenAI, headers: dict[str, str], *, stream: bool) -> str:
    text = ""
    try:
        answer = await client.chat.completions.create(**ASKED, stream=stream, extra_headers=headers)
        if not stream:
            return answer if isinstance(answer, str) else said(answer.choices[0].message.content)
        async for chunk in answer:
            text += chunk.choices[0].delta.content or ""
    except (openai.OpenAIError, ValueError) as error:
        return f"{text!r}, then {raised(error)}" if text else raised(error)
    return said(text)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["fault"])
class TestTable:
    def test_in_process(self, row: dict[str, str], stream: bool, inside: OpenAIMock) -> None:
        http = httpx2.Client(transport=inside.transport(httpx2))
        with openai.OpenAI(api_key="sk-test", max_retries=0, timeout=5, http_client=http) as client:
            assert sync(client, asking("sync", row, stream=stream), stream=stream) == expected(row, stream=stream)

    async def test_in_process_async(self, row: dict[str, str], stream: bool, inside: OpenAIMock) -> None:
        http = httpx2.AsyncClient(transport=inside.transport(httpx2))
        async with openai.AsyncOpenAI(api_key="sk-test", max_retries=0, timeout=5, http_client=http) as client:
            found = await async_(client, asking("async", row, stream=stream), stream=stream)
        assert found == expected(row, stream=stream)

    def test_over_http(self, row: dict[str, str], stream: bool, url: str) -> None:
        patience = 0.3 if "stall" in row["fault"] else 5
        http = httpx2.Client(trust_env=False, verify=False)
        with openai.OpenAI(
            base_url=url, api_key="sk-test", max_retries=0, timeout=patience, http_client=http
        ) as client:
            assert sync(client, asking("http", row, stream=stream), stream=stream) == expected(row, stream=stream)
