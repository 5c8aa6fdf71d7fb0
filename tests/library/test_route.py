"""Routes: replies, failures, streams, how long they last, and what became of the calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import httpx2
import openai
import pytest

from openai_mock import MockError, OpenAIMock
from openai_mock.doors.drive import Timer, frames
from openai_mock.wire import Request

Ask = Callable[..., Any]


def test_a_reply_says_a_text(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.reply("Hi", finish_reason="length", model="m-1", usage={"prompt_tokens": 5})
    answer = ask(n=2)
    assert [choice.message.content for choice in answer.choices] == ["Hi", "Hi"]
    assert answer.choices[0].finish_reason == "length"
    assert (answer.model, answer.usage.prompt_tokens, answer.usage.total_tokens) == ("m-1", 5, 5 + 2)


def test_a_reply_calls_tools(mock: OpenAIMock, ask: Ask) -> None:
    official = {"id": "call_1", "type": "function", "function": {"name": "b", "arguments": "{}"}}
    mock.chat.completions.create.reply(tool_calls=["now", {"name": "a", "arguments": {"x": 1}}, official])
    choice = ask().choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [(call.function.name, call.function.arguments) for call in choice.message.tool_calls] == [
        ("now", "{}"),
        ("a", '{"x":1}'),
        ("b", "{}"),
    ]
    assert choice.message.tool_calls[2].id == "call_1"


def test_a_reply_refuses(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.reply(refusal="No.")
    assert ask().choices[0].message.refusal == "No."


def test_a_reply_of_the_responses_api(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.responses.create.reply("Hi")
    assert client.responses.create(model="gpt-4o", input="Hello").output_text == "Hi"


def test_answers_with_times_go_first_in_order(mock: OpenAIMock, said: Ask) -> None:
    create = mock.chat.completions.create.reply("rest").reply("one", times=1).reply("two", times=2)
    assert [said() for _ in range(5)] == ["one", "two", "two", "rest", "rest"]
    assert create is mock.chat.completions.create


def test_a_failure_for_some_calls_is_retried(mock: OpenAIMock, said: Ask) -> None:
    mock.chat.completions.create.reply("at last").fail(status=429, times=2)
    assert said() == "at last"
    assert [call.response.status_code for call in mock.chat.completions.create.calls] == [429, 429, 200]


@pytest.mark.parametrize(
    ("status", "raised", "words"),
    [
        (400, openai.BadRequestError, "could not be processed"),
        (401, openai.AuthenticationError, "Incorrect API key"),
        (403, openai.PermissionDeniedError, "not allowed"),
        (404, openai.NotFoundError, "not found"),
        (409, openai.ConflictError, "changed"),
        (418, openai.APIStatusError, "418"),
        (422, openai.UnprocessableEntityError, "well formed"),
        (429, openai.RateLimitError, "Rate limit reached for gpt-4o"),
        (500, openai.InternalServerError, "The server had an error"),
        (503, openai.InternalServerError, "overloaded"),
    ],
)
def test_a_failure_has_openais_words(
    mock: OpenAIMock, client: openai.OpenAI, status: int, raised: type[openai.APIStatusError], words: str
) -> None:
    mock.chat.completions.create.fail(status)
    with pytest.raises(raised, match=words) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x"}])
    assert caught.value.status_code == status
    assert caught.value.response.headers["x-request-id"]
    assert set(caught.value.body) == {"message", "type", "param", "code"}


def test_the_users_words_win(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.fail(429, code="insufficient_quota", retry_after=0.002)
    with pytest.raises(openai.RateLimitError, match="exceeded your current quota") as caught:
        ask()
    assert caught.value.response.headers["retry-after-ms"] == "2"
    mock.chat.completions.create.fail(400, message="Mine", code="c", type="t", param="p")
    with pytest.raises(openai.BadRequestError, match="Mine") as refused:
        ask()
    assert (refused.value.code, refused.value.type, refused.value.param) == ("c", "t", "p")
    assert "retry-after" not in refused.value.response.headers


def test_a_stream_keeps_the_users_pieces(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.stream(["Hel", "lo wor", "ld"])
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert deltas == ["", "Hel", "lo wor", "ld", None]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens == 2
    assert ask().choices[0].message.content == "Hello world"


def test_a_stream_of_events_is_sent_as_it_stands(mock: OpenAIMock, client: openai.OpenAI, ask: Ask) -> None:
    event = {"type": "response.output_text.delta", "delta": "x", "item_id": "i", "output_index": 0, "content_index": 0}
    mock.responses.create.stream([event])
    stream = client.responses.create(model="m", input="x", stream=True)
    assert [one.delta for one in stream] == ["x"]
    mock.chat.completions.create.stream([{"choices": []}])
    with pytest.raises(MockError, match="stream=True"):
        ask()


def test_an_exception_ends_a_stream(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.stream(["Hel", httpx2.ReadError("gone"), "lo"])
    seen: list[str] = []
    with pytest.raises((httpx2.ReadError, openai.APIConnectionError)):
        seen.extend(chunk.choices[0].delta.content for chunk in ask(stream=True))
    assert seen == ["", "Hel"]
    assert b'"Hel"' in mock.chat.completions.create.calls.last.response.content
    assert b'"lo"' not in mock.chat.completions.create.calls.last.response.content


def test_delays_are_deadlines_that_the_door_keeps(mock: OpenAIMock) -> None:
    mock.chat.completions.create.stream(["a", "b"], delay=2).delay = 10
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    headers = {"authorization": "Bearer k", "content-type": "application/json"}
    body = b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": true}'
    steps = mock.handle(Request("POST", "/v1/chat/completions", "", headers, body))
    assert len(list(frames(steps, Timer(lambda: now[0], sleep)))) == 6
    assert slept == [10, 2, 2, 2, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda route: route.fail(200),
        lambda route: route.fail(times=0),
        lambda route: route.reply(),
        lambda route: route.reply({"a": 1}, tool_calls=["x"]),
        lambda route: route.reply(tool_calls=[{"arguments": "{}"}]),
        lambda route: route.reply("x", delay=-1),
        lambda route: route.stream("text"),
        lambda route: route.stream(["text", {"a": 1}]),
        lambda route: route.stream([7]),
        lambda route: setattr(route, "delay", -1),
    ],
)
def test_mistakes_are_told_at_once(mock: OpenAIMock, wrong: Callable[[Any], Any], said: Ask) -> None:
    with pytest.raises((ValueError, TypeError), match=r"\w+ .*\."):
        wrong(mock.chat.completions.create)
    assert "openai-mock" in said()


def test_calls_show_what_was_sent_and_what_came_back(mock: OpenAIMock, client: openai.OpenAI, ask: Ask) -> None:
    ask("Hello")
    call = mock.chat.completions.create.calls.last
    assert (call.request.method, call.request.url) == ("POST", "https://api.openai.com/v1/chat/completions")
    assert call.request.json()["messages"][0]["content"] == "Hello"
    assert call.request.headers["AUTHORIZATION"] == "Bearer sk-test"
    assert call.response.status_code == 200
    assert call.response.json()["object"] == "chat.completion"
    assert call.response.headers["x-request-id"].startswith("req_")
    assert (call.operation, call.model, call.rule, call.error) == ("chat.completions.create", "gpt-4o", None, None)
    list(ask(stream=True))
    assert mock.chat.completions.create.calls[-1].response.events()[-1] == "[DONE]"
    client.files.create(file=("a.txt", b"abc"), purpose="assistants")
    assert mock.files.create.calls[0].request.fields["purpose"] == "assistants"
    client.models.retrieve("gpt-4o")
    assert mock.models.retrieve.calls[0].params == {"model": "gpt-4o"}
    assert len(mock.calls) == mock.calls.call_count == 4


def test_verification_passes(mock: OpenAIMock, client: openai.OpenAI, ask: Ask) -> None:
    create = mock.chat.completions.create
    create.assert_not_called()
    assert not create.called
    ask("Hello there", temperature=0.5)
    create.assert_called()
    create.assert_called(times=1)
    create.calls.assert_called_once()
    create.assert_called_once_with(
        model="gpt-4o", messages__last__content="Hello there", messages__0__role="user", temperature=ANY
    )
    create.assert_called_with(messages__first__content=re.compile("there$"), temperature=lambda value: value < 1)
    ask(messages=[{"role": "user", "content": [{"type": "text", "text": "In parts"}]}])
    create.assert_called_with(messages__last__content="In parts")
    client.models.retrieve("gpt-4o")
    mock.models.retrieve.assert_called_once_with(model="gpt-4o")


def test_verification_fails_with_the_closest_call(mock: OpenAIMock, ask: Ask) -> None:
    create = mock.chat.completions.create
    with pytest.raises(AssertionError, match=r"^chat\.completions\.create was not called\.$"):
        create.assert_called_once_with(model="x") if create.called else create.assert_called()
    ask("Hello there", model="gpt-4o")
    ask("Bye", model="gpt-5")
    with pytest.raises(AssertionError, match="to be called once, but was called 2 times") as count:
        create.assert_called_once()
    assert "Hello there" in str(count.value)
    with pytest.raises(AssertionError) as caught:
        create.assert_called_with(model="gpt-4o", messages__last__content="Hello thare", seed=1)
    assert str(caught.value).splitlines() == [
        "chat.completions.create was called 2 times, but not with these values. Closest is call 1 of 2:",
        "  messages__last__content:",
        "    - 'Hello thare'",
        "    ?          ^",
        "    + 'Hello there'",
        "    ?          ^",
        "  seed:",
        "    - 1",
        "    + (not sent)",
        "  as wanted: model",
        "  sent were: messages, model",
    ]
    with pytest.raises(AssertionError, match="to be called never, but was called 2 times"):
        create.assert_not_called()


def test_counts_stay_exact_where_history_is_short(said: Ask) -> None:
    mock = OpenAIMock(history=2)
    with httpx2.Client(transport=mock.transport(httpx2)) as http:
        client = openai.OpenAI(api_key="k", http_client=http)
        for _ in range(5):
            client.models.list()
    assert (mock.models.list.call_count, len(mock.models.list.calls)) == (5, 2)


def test_verification_tells_of_calls_that_are_not_kept() -> None:
    mock = OpenAIMock(history=1)
    with httpx2.Client(transport=mock.transport(httpx2)) as http:
        client = openai.OpenAI(api_key="k", http_client=http)
        client.models.retrieve("gpt-4o")
        client.models.retrieve("gpt-4.1")
        with pytest.raises(AssertionError, match=r"called 2 times \(1 kept\), but not with"):
            mock.models.retrieve.assert_called_with(model="c")
        client.models.list()
    with pytest.raises(AssertionError, match=r"called 2 times, but none of it is kept"):
        mock.models.retrieve.assert_called_with(model="b")


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("Hi", ["    - 'Hi'", r"    + 'Hi\n'"]),
        (["Hi", {1: "x", "a": "y"}], ["    - ['Hi', {1: 'x', 'a': 'y'}]", r"    + 'Hi\n'"]),
    ],
)
def test_every_difference_is_shown(mock: OpenAIMock, ask: Ask, wanted: object, shown: list[str]) -> None:
    ask("Hi\n")
    with pytest.raises(AssertionError) as caught:
        mock.chat.completions.create.assert_called_with(messages__last__content=wanted)
    assert str(caught.value).splitlines()[2:] == shown
    with pytest.raises(AssertionError, match="not with these values"):
        mock.chat.completions.create.assert_called_with(messages__last={1: "x", "role": "user"})


def test_long_texts_that_have_nothing_in_common_are_shown_line_by_line(mock: OpenAIMock, ask: Ask) -> None:
    ask("\n".join(f"{number} was sent" for number in range(400)))
    wanted = "\n".join(f"{number} was wanted" for number in range(400))
    with pytest.raises(AssertionError) as caught:
        mock.chat.completions.create.assert_called_with(messages__last__content=wanted)
    lines = str(caught.value).splitlines()[2:]
    assert lines == [f"    - '{each} was wanted'" for each in range(400)] + [
        f"    + '{each} was sent'" for each in range(400)
    ]


def test_a_reset_forgets_answers_and_calls_of_the_route_alone(
    mock: OpenAIMock, client: openai.OpenAI, said: Ask
) -> None:
    mock.chat.completions.create.reply("mine")
    said()
    client.models.list()
    mock.chat.completions.create.reset()
    mock.chat.completions.create.assert_not_called()
    mock.models.list.assert_called_once()
    assert "openai-mock" in said()


def test_the_events_of_a_stream_may_say_any_separator(mock: OpenAIMock, ask: Ask) -> None:
    mock.chat.completions.create.reply("one\u2028two\x85three")
    list(ask(stream=True))
    events = mock.chat.completions.create.calls.last.response.events()
    said = "".join(choice["delta"].get("content") or "" for event in events[:-1] for choice in event["choices"])
    assert (said, events[-1]) == ("one\u2028two\x85three", "[DONE]")


def test_a_call_counts_before_its_stream_is_read(mock: OpenAIMock, ask: Ask) -> None:
    stream = ask(stream=True)
    mock.chat.completions.create.assert_called_once()
    stream.close()


@pytest.mark.parametrize(
    "path", ["chat.completions.create", "beta.threads.runs.create", "admin.organization.users.list"]
)
def test_accessors_mirror_the_sdk(mock: OpenAIMock, path: str) -> None:
    at: Any = mock
    for name in path.split("."):
        at = getattr(at, name)
    assert repr(at) == f"<Route {path}: called 0 times>"


def test_every_operation_and_alias_has_its_route(mock: OpenAIMock) -> None:
    for operation in mock.catalogue.operations.values():
        for path in (operation.name, *operation.aliases):
            at: Any = mock
            for name in path.split("."):
                at = getattr(at, name)
            assert at is mock._reach().route(operation.name)


def test_an_unknown_accessor_names_the_nearest(mock: OpenAIMock) -> None:
    with pytest.raises(AttributeError, match=r"no 'chat\.completion'\. Did you mean 'chat\.completions'\?"):
        _ = mock.chat.completion  # type: ignore[attr-defined]
    assert dir(mock.chat) == ["completions", "put"]
