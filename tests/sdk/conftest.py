"""Clients of the real SDK, on whichever openai is installed: in process and over HTTP, synchronous and asynchronous."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import openai
import pytest

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock

FLOWS = (Path(__file__).parent / "flows.yaml").read_text("utf-8")


def client_library() -> ModuleType:
    """The library this SDK talks through: httpx2 since 3.0, httpx before."""
    return importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(load(FLOWS, name="flows.yaml", env={}), seed=1)


@pytest.fixture(params=["in process", "http"])
def client(request: pytest.FixtureRequest, mock: OpenAIMock) -> Iterator[openai.OpenAI]:
    library = client_library()
    if request.param == "http":
        with serve_in_thread(mock.handle) as served, library.Client(trust_env=False) as http:
            yield openai.OpenAI(api_key="sk-test", base_url=f"{served.url}/v1", http_client=http, max_retries=0)
    else:
        with library.Client(transport=mock.transport(library)) as http:
            yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


@pytest.fixture(params=["in process", "http"])
async def async_client(request: pytest.FixtureRequest, mock: OpenAIMock) -> AsyncIterator[openai.AsyncOpenAI]:
    library = client_library()
    if request.param == "http":
        with serve_in_thread(mock.handle) as served:
            async with library.AsyncClient(trust_env=False) as http:
                yield openai.AsyncOpenAI(
                    api_key="sk-test", base_url=f"{served.url}/v1", http_client=http, max_retries=0
                )
    else:
        async with library.AsyncClient(transport=mock.transport(library)) as http:
            yield openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0)
