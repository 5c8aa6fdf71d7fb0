"""The examples of the current form of openai-responses, as they stand."""
# ruff: noqa: E402

import openai_responses


@openai_responses.mock()
def test_my_test_function(openai_mock):
    assert openai_mock


from openai_responses import OpenAIMock


def test_create_chat_completion_in_a_block():
    openai_mock = OpenAIMock()
    with openai_mock.router:
        assert openai_mock


import openai
from openai import DefaultHttpxClient

from openai_responses.ext.httpx import MockTransport


def test_create_chat_completion_by_transport():
    openai_mock = OpenAIMock()
    client = openai.Client(
        api_key="sk-fake123",
        http_client=DefaultHttpxClient(transport=MockTransport(openai_mock.router.handler)),
    )
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    assert openai_mock.chat.completions.create.route.call_count == 1


@openai_responses.mock()
def test_setting_the_response_and_call_history(openai_mock):
    openai_mock.chat.completions.create.response = {
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"content": "Hello! How can I help?", "role": "assistant"},
            }
        ]
    }
    client = openai.Client(api_key="sk-fake123")
    completion = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    assert completion.choices[0].message.content == "Hello! How can I help?"
    assert openai_mock.chat.completions.create.route.call_count == 1
