"""Requests that are valid and mean nothing: the SDK raises the class that it raises for OpenAI's own answer."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from openai_mock.mock import OpenAIMock

HI: list[Any] = [{"role": "user", "content": "Hi"}]
TOOL: list[Any] = [*HI, {"role": "tool", "tool_call_id": "call_1", "content": "ok"}]
MISUSES: dict[str, tuple[str, dict[str, Any], type[openai.APIStatusError], str | None, str | None]] = {
    "a tool nobody called": (
        "chat.completions", {"model": "gpt-4o", "messages": TOOL}, openai.BadRequestError, "messages.[1].role", None
    ),
    "max_tokens": (
        "chat.completions", {"model": "o3", "messages": HI, "max_tokens": 5}, openai.BadRequestError, "max_tokens",
        "unsupported_parameter",
    ),
    "logprobs": (
        "chat.completions", {"model": "o3", "messages": HI, "logprobs": True}, openai.PermissionDeniedError, None, None
    ),
    "too long": (
        "chat.completions", {"model": "gpt-4", "messages": [{"role": "user", "content": " word" * 8_200}]},
        openai.BadRequestError, "messages", "context_length_exceeded",
    ),
    "too long an input": (
        "responses", {"model": "gpt-4", "input": " word" * 8_200}, openai.BadRequestError, "input",
        "context_length_exceeded",
    ),
    "no such store": (
        "responses",
        {"model": "gpt-4o", "input": "Hi", "tools": [{"type": "file_search", "vector_store_ids": ["vs_none"]}]},
        openai.NotFoundError, "tools[0].vector_store_ids[0]", None,
    ),
    "too long to embed": (
        "embeddings", {"model": "text-embedding-3-small", "input": " word" * 8_200}, openai.BadRequestError, None, None
    ),
    "no such file": (
        "batches",
        {"input_file_id": "file-none", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
        openai.NotFoundError, "input_file_id", None,
    ),
}  # fmt: skip


def library() -> Any:
    return importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    http = library().Client(transport=OpenAIMock(seed=1).transport(library()))
    with openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0) as made:
        yield made


def create(client: Any, resource: str) -> Any:
    for name in resource.split("."):
        if not hasattr(client, name):
            pytest.skip(f"This SDK has no {resource}.")
        client = getattr(client, name)
    return client.create


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
def test_the_class_of_the_error(client: openai.OpenAI, misuse: Any) -> None:
    resource, body, kind, param, code = misuse
    with pytest.raises(openai.APIStatusError) as raised:
        create(client, resource)(**body)
    assert type(raised.value) is kind
    assert (raised.value.param, raised.value.code) == (param, code)


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
async def test_the_class_of_the_error_async(misuse: Any) -> None:
    resource, body, kind, param, code = misuse
    http = library().AsyncClient(transport=OpenAIMock(seed=1).transport(library()))
    async with openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0) as client:
        with pytest.raises(openai.APIStatusError) as raised:
            await create(client, resource)(**body)
    assert type(raised.value) is kind
    assert (raised.value.param, raised.value.code) == (param, code)


def test_a_stream_breaks_off_where_the_input_is_too_long(client: openai.OpenAI) -> None:
    *_, last = create(client, "responses")(model="gpt-4", input=" word" * 8_200, stream=True)
    assert (last.type, last.code, last.param) == ("error", "context_length_exceeded", "input")
