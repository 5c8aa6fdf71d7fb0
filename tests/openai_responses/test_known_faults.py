"""Faults of openai-responses itself, which tests that move here should be rid of."""

from __future__ import annotations

from typing import Any

import openai
import pytest

import openai_responses
from openai_mock import MockError, NetworkBlocked
from openai_responses import OpenAIMock
from openai_responses.ext.httpx import Client

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("run", [1, 2])
@openai_responses.mock()
def test_no_state_leaks_between_runs(run: int) -> None:
    with openai.OpenAI(api_key="sk-x") as client:
        client.files.create(file=("a.txt", b"a"), purpose="assistants")
        assert len(client.files.list().data) == 1


@openai_responses.mock()
def test_no_answer_leaks_between_runs(openai_mock: OpenAIMock) -> None:
    seen: list[Any] = []

    @openai_responses.mock()
    def one(openai_mock: OpenAIMock) -> None:
        seen.append(openai_mock.chat.completions.create.response)
        openai_mock.chat.completions.create.response = {"id": "mine"}

    one()
    one()
    assert seen == [None, None]


@openai_responses.mock()
def test_fields_of_the_request_stay_out_of_the_answer(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = {"choices": [{"message": {"content": "Hi"}}]}
    with openai.OpenAI(api_key="sk-x") as client:
        client.chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.5, user="me")
    answer = openai_mock.chat.completions.create.calls.last.response.json()
    assert not {"messages", "temperature", "user"} & answer.keys()
    assert answer["model"] == "gpt-4o"


@openai_responses.mock()
def test_lists_go_on_and_end() -> None:
    with openai.OpenAI(api_key="sk-x") as client:
        for number in range(25):
            client.beta.assistants.create(model="gpt-4o", name=str(number))
        first = client.beta.assistants.list()
        assert (len(first.data), first.has_more) == (20, True)
        whole = client.beta.assistants.list(limit=100)
        assert (len(whole.data), whole.has_more) == (25, False)
        assert len([*client.beta.assistants.list()]) == 25


@openai_responses.mock()
def test_statuses_are_openais(openai_mock: OpenAIMock) -> None:
    with openai.OpenAI(api_key="sk-x") as client:
        client.beta.threads.create()
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
        assert client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO).status_code == 200
    assert openai_mock.beta.threads.create.calls.last.response.status_code == 200


@openai_responses.mock()
def test_a_404_says_why() -> None:
    with openai.OpenAI(api_key="sk-x") as client, pytest.raises(openai.NotFoundError) as caught:
        client.files.retrieve("file-nope")
    assert caught.value.body == {
        "message": "No such File object: file-nope",
        "type": "invalid_request_error",
        "param": "id",
        "code": None,
    }


@openai_responses.mock()
def test_sizes_of_files_are_right() -> None:
    with openai.OpenAI(api_key="sk-x") as client:
        made = client.files.create(file=("a.bin", b"\x00\r\n--" * 100), purpose="assistants")
        assert made.bytes == 500
        assert client.files.content(made.id).read() == b"\x00\r\n--" * 100


@openai_responses.mock()
def test_a_mistake_inside_is_neither_hidden_nor_retried(openai_mock: OpenAIMock) -> None:
    calls: list[int] = []

    def broken(request: Any) -> Any:
        calls.append(1)
        return object()

    openai_mock.files.list.response = broken
    with openai.OpenAI(api_key="sk-x", max_retries=5) as client, pytest.raises(MockError, match="no known form"):
        client.files.list()
    assert calls == [1]


@openai_responses.mock()
def test_an_unknown_host_is_named_once(openai_mock: OpenAIMock) -> None:
    client = openai.OpenAI(api_key="sk-x", base_url="https://typo.test/v1", max_retries=5)
    with client, pytest.raises(NetworkBlocked, match=r"GET https://typo\.test/v1/models"):
        client.models.list()
    with Client() as http, pytest.raises(NetworkBlocked, match="pass_through"):
        http.get("https://typo.test/")
