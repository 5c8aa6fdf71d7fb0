"""Every form that an answer may have, through the SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import httpx2
import openai
import pytest
import requests
from openai.types.chat import ChatCompletion
from openai.types.file_object import FileObject

from openai_mock import AnswerFailed, MockError, OpenAIMock, SentRequest

Ask = Callable[..., Any]
WHOLE = {
    "id": "chatcmpl-mine",
    "object": "chat.completion",
    "created": 7,
    "model": "my-model",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "whole"}}],
}


def test_a_partial_dict_wins_over_the_default(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = {"choices": [{"message": {"content": "Hi"}}], "system_fingerprint": "fp_x"}
    answer = ask()
    assert answer.choices[0].message.content == "Hi"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.system_fingerprint, answer.model) == ("fp_x", "gpt-4o")
    assert answer.usage.completion_tokens == 1


def test_a_partial_dict_becomes_the_chunks_of_a_stream(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = {"id": "chatcmpl-me", "choices": [{"message": {"content": "a b c"}}]}
    chunks = list(ask(stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "a b c"
    assert {chunk.id for chunk in chunks} == {"chatcmpl-me"}


def test_a_dict_is_taken_as_it_is_when_it_is_set(mock: OpenAIMock, said: Ask) -> None:
    answer: dict[str, Any] = {"choices": [{"message": {"content": "before"}}]}
    mock.chat.completions.create.response = answer
    answer["choices"][0]["message"]["content"] = "after"
    assert said() == "before"
    assert mock.chat.completions.create.response is answer


def test_fields_without_choices_leave_the_words_to_the_mock(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = {"model": "my-model"}
    answer = ask(n=3)
    assert answer.model == "my-model"
    assert len({choice.message.content for choice in answer.choices}) == 3


def test_a_partial_dict_reaches_the_store(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.files.create.response = {"id": "file-mine", "filename": "mine.txt"}
    made = client.files.create(file=("theirs.txt", b"abc"), purpose="assistants")
    assert (made.id, made.filename, made.purpose) == ("file-mine", "mine.txt", "assistants")
    assert client.files.retrieve("file-mine").filename == "mine.txt"
    assert [file.id for file in client.files.list()] == ["file-mine"]


def test_a_partial_dict_answers_for_an_unknown_id(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.files.retrieve.response = {"filename": "mine.txt"}
    assert client.files.retrieve("file-unknown").filename == "mine.txt"


def test_a_model_of_the_sdk_is_the_answer(mock: OpenAIMock, ask: Ask) -> None:
    whole = ChatCompletion.model_validate(WHOLE)
    mock.chat.completions.create.response = whole
    assert ask() == whole
    assert "".join(chunk.choices[0].delta.content or "" for chunk in ask(stream=True)) == "whole"


def test_a_model_of_the_sdk_is_stored(mock: OpenAIMock, client: openai.OpenAI) -> None:
    file = FileObject(
        id="file-1", bytes=1, created_at=1, filename="a", object="file", purpose="assistants", status="processed"
    )
    mock.files.create.response = file
    client.files.create(file=b"x", purpose="assistants")
    assert client.files.retrieve("file-1") == file


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_response_object_is_sent_as_it_stands(mock: OpenAIMock, client: openai.OpenAI, library: Any) -> None:
    mock.models.list.response = library.Response(200, json={"object": "list", "data": []}, headers={"x-mine": "1"})
    raw = client.models.with_raw_response.list()
    assert raw.headers["x-mine"] == "1"
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.parse().data == []
    mock.models.list.response = library.Response(404, json={"error": {"message": "gone"}})
    with pytest.raises(openai.NotFoundError, match="gone"):
        client.models.list()
    assert mock.models.list.calls.last.response.status_code == 404


def test_a_response_of_requests_is_sent_as_it_stands(mock: OpenAIMock, client: openai.OpenAI) -> None:
    response = requests.Response()
    response.status_code, response._content = 200, b'{"object": "list", "data": []}'
    response.headers["content-type"] = "application/json"
    mock.models.list.response = response
    assert client.models.list().data == []


def _frames() -> Iterator[bytes]:
    chunk = {**WHOLE, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "x"}}]}
    yield f"data: {json.dumps(chunk)}\n\n".encode()
    yield b"data: [DONE]\n\n"


async def _aframes() -> AsyncIterator[bytes]:
    for frame in _frames():
        yield frame


EVENT_STREAM = {"content-type": "text/event-stream"}


def test_the_stream_of_a_response_object_is_read_by_the_client(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = lambda: httpx2.Response(200, headers=EVENT_STREAM, content=_frames())
    assert [chunk.choices[0].delta.content for chunk in ask(stream=True)] == ["x"]


async def test_an_asynchronous_stream_is_awaited(mock: OpenAIMock, async_client: openai.AsyncOpenAI) -> None:
    mock.chat.completions.create.response = httpx2.Response(200, headers=EVENT_STREAM, content=_aframes())
    stream = await async_client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "x"}], stream=True
    )
    assert [chunk.choices[0].delta.content async for chunk in stream] == ["x"]


def test_an_empty_piece_does_not_end_a_stream(mock: OpenAIMock, ask: Ask) -> None:
    piece, end = _frames()
    pieces = [b"", piece, b"", piece, end]
    mock.chat.completions.create.response = lambda: httpx2.Response(200, headers=EVENT_STREAM, content=iter(pieces))
    assert [chunk.choices[0].delta.content for chunk in ask(stream=True)] == ["x", "x"]


def test_a_function_gets_request_route_store_and_path(mock: OpenAIMock, client: openai.OpenAI) -> None:
    seen: dict[str, Any] = {}

    def answer(request: SentRequest, route: Any, file_id: str, state_store: Any, unused: int = 3) -> dict[str, Any]:
        seen.update(url=request.url, method=request.method, route=route, id=file_id, store=state_store, unused=unused)
        return {"id": file_id, "filename": request.headers["Authorization"]}

    mock.files.retrieve.response = answer
    assert client.files.retrieve("file-7").filename == "Bearer sk-test"
    assert seen["url"] == "https://api.openai.com/v1/files/file-7"
    assert (seen["method"], seen["id"], seen["unused"]) == ("GET", "file-7", 3)
    assert seen["route"] is mock.files.retrieve


def test_a_function_answers_with_any_form(mock: OpenAIMock, ask: Ask, said: Ask) -> None:
    create = mock.chat.completions.create
    for value in ("text", WHOLE, ChatCompletion.model_validate(WHOLE), httpx2.Response(200, json=WHOLE)):
        create.response = lambda request, value=value: value
        assert said() in {"text", "whole"}
    create.response = lambda request: None
    assert "openai-mock" in said()
    create.response = lambda **offered: {"choices": [{"message": {"content": ",".join(offered)}}]}
    assert said() == "request,route,state_store"
    create.response = lambda request: openai.RateLimitError
    with pytest.raises(openai.RateLimitError):
        ask()


async def test_an_async_function_is_awaited(mock: OpenAIMock, async_client: openai.AsyncOpenAI) -> None:
    async def answer(request: SentRequest) -> str:
        return request.json()["messages"][0]["content"].upper()

    mock.chat.completions.create.response = answer
    said = await async_client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    assert said.choices[0].message.content == "HI"


def test_an_async_function_needs_an_async_client(mock: OpenAIMock, ask: Ask) -> None:
    async def answer(request: SentRequest) -> str:
        return "never"

    mock.chat.completions.create.response = answer
    with pytest.raises(AnswerFailed, match="AsyncOpenAI"):
        ask()


def test_a_bug_in_a_function_reaches_the_test_and_is_not_retried(mock: OpenAIMock, ask: Ask) -> None:
    def answer(request: SentRequest) -> str:
        raise KeyError("oops")

    mock.chat.completions.create.response = answer
    with pytest.raises(AnswerFailed, match=r"function answer, which answers chat\.completions\.create") as caught:
        ask()
    assert isinstance(caught.value.__cause__, KeyError)
    assert mock.chat.completions.create.call_count == 1


def test_a_failed_assertion_of_pytest_in_a_function_leaves_as_itself(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = lambda request: pytest.fail("seen")
    with pytest.raises(pytest.fail.Exception, match="seen"):
        ask()


def test_a_function_that_wants_what_there_is_not_is_refused_at_once(mock: OpenAIMock) -> None:
    with pytest.raises(ValueError, match=r"'thread_id', which chat\.completions\.create cannot give"):
        mock.chat.completions.create.response = lambda request, route, thread_id: None


@pytest.mark.parametrize(
    ("given", "raised"),
    [
        (httpx2.ConnectError, openai.APIConnectionError),
        (httpx2.ReadTimeout("late"), openai.APITimeoutError),
        (openai.APITimeoutError, openai.APITimeoutError),
        (openai.APIConnectionError, openai.APIConnectionError),
        (openai.RateLimitError, openai.RateLimitError),
        (openai.AuthenticationError, openai.AuthenticationError),
        (ValueError, openai.APIConnectionError),
        (ConnectionResetError("gone"), openai.APIConnectionError),
    ],
)
def test_an_exception_is_raised_in_the_client(
    mock: OpenAIMock, client: openai.OpenAI, given: Any, raised: type[Exception]
) -> None:
    mock.chat.completions.create.response = given
    with pytest.raises(raised) as caught:
        client.with_options(max_retries=0).chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}]
        )
    assert type(caught.value) is raised


def test_an_error_of_the_sdk_keeps_its_words(mock: OpenAIMock, ask: Ask) -> None:
    response = httpx2.Response(400, request=httpx2.Request("POST", "https://api.openai.com/v1/x"))
    body = {"message": "No way", "code": "my_code", "param": "model", "type": "mine"}
    mock.chat.completions.create.response = openai.BadRequestError("No way", response=response, body=body)
    with pytest.raises(openai.BadRequestError, match="No way") as caught:
        ask()
    assert (caught.value.code, caught.value.param, caught.value.type) == ("my_code", "model", "mine")


def test_a_list_is_one_a_call_and_the_last_one_stays(mock: OpenAIMock, said: Ask) -> None:
    mock.chat.completions.create.response = ["one", openai.RateLimitError, ("two", None), "three"]
    assert said() == "one"
    assert said() == "two"  # the failure before it was retried
    assert said() == "three"
    assert said() == "three"


def test_none_returns_to_the_mocks_own_answer(mock: OpenAIMock, said: Ask) -> None:
    mock.chat.completions.create.reply("mine").fail(times=1)
    mock.chat.completions.create.response = None
    assert "openai-mock" in said()
    assert mock.chat.completions.create.call_count == 1


def test_bytes_and_texts_of_files(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.audio.speech.create.response = b"RIFF"
    assert client.audio.speech.create(model="tts-1", voice="alloy", input="Hi").read() == b"RIFF"


def test_a_text_where_no_model_speaks_says_what_to_write(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.models.list.reply("Hello")
    with pytest.raises(MockError, match=r"No model speaks in models\.list"):
        client.models.list()
    mock.models.list.response = b"Hello"
    with pytest.raises(MockError, match="does not answer with bytes"):
        client.models.list()


@pytest.mark.parametrize("wrong", [7, object(), [], 1.5])
def test_what_cannot_be_an_answer_is_refused_at_once(mock: OpenAIMock, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"cannot be an answer|answers nothing"):
        mock.chat.completions.create.response = wrong


def test_an_unknown_form_from_a_function_is_told(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.response = lambda: 7
    with pytest.raises(MockError, match="7 cannot be an answer"):
        ask()
