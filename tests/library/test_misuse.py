"""Mistakes in a test are told at once, where they stand, and in a sentence; none is taken for something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from openai_mock import OpenAIMock


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"plan": "flows.yaml"}, TypeError, r"To read a file, write OpenAIMock\(\)\.load\('flows\.yaml'\)"),
        ({"plan": len}, TypeError, r"To decorate, write @OpenAIMock\(\)"),
        ({"seed": "1"}, TypeError, "A seed is a whole number; '1' is none"),
        ({"ids": "loose"}, ValueError, "ids is 'strict' or 'lenient'; 'loose' is neither"),
        ({"history": -1}, ValueError, "history is how many calls are kept, a whole number from 0; -1 is none"),
    ],
)
def test_arguments_of_a_mock(arguments: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        OpenAIMock(**arguments)


def test_one_fault_needs_no_list() -> None:
    for fault in ("error,status=503", {"kind": "error", "status": 503}):
        with OpenAIMock(faults=fault), pytest.raises(openai.InternalServerError):
            openai.OpenAI(api_key="sk-test", max_retries=0).models.list()


def _set(owner: Any, name: str) -> Callable[[], None]:
    return lambda: setattr(owner, name, "Hi")


def test_attributes_that_are_none_cannot_be_set(mock: OpenAIMock) -> None:
    create = mock.chat.completions.create
    for setting, sentence in (
        (_set(mock.chat.completions, "response"), r"Write|has: mock\.chat\.completions\.create\.response = \.\.\."),
        (_set(mock.chat.completions, "create"), r"create is a route\. Write mock\.chat\.completions\.create\.response"),
        (_set(mock, "models"), r"mock has no 'models' to set"),
        (_set(create, "respons"), r"A route has no 'respons' to set\. Did you mean 'response'\?"),
        (_set(create, "x"), r"A route has no 'x' to set\. There are 'response' and 'delay'\."),
    ):
        with pytest.raises(AttributeError, match=sentence):
            setting()


@pytest.mark.parametrize(
    ("order", "error", "sentence"),
    [
        (lambda route: route.reply(tool_calls="now"), TypeError, r"tool_calls is a list; write tool_calls=\['now'\]"),
        (lambda route: route.fail("429"), TypeError, "A failure has a status such as 429, a whole number; got '429'"),
        (lambda route: route.reply("Hi", delay="2s"), TypeError, r"delay is a number of seconds, such as 0\.5"),
        (lambda route: setattr(route, "delay", True), TypeError, "delay is a number of seconds"),
        (lambda route: route.reply("{{ reqest }}", template=True), ValueError, r"did you mean 'request'\?$"),
    ],
)
def test_answers(mock: OpenAIMock, order: Callable[[Any], None], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        order(mock.chat.completions.create)


def test_a_condition_that_is_nearly_one_is_no_field(mock: OpenAIMock) -> None:
    with pytest.raises(TypeError, match=r"There is no condition 'contain'\. Did you mean 'contains'\?"):
        mock.when(contain="weather")
    with pytest.raises(TypeError, match="Did you mean 'last_user'"):
        mock.when(last_usr__content="weather")
    with pytest.raises(ValueError, match="A threshold goes with fuzzy"):
        mock.when(contains="weather", threshold=0.5)
    mock.when(messages__0__role="user", tools__0__type="function")
    mock.when(colour="a field of nobody")
    mock.when(fuzzy="weather", threshold=0.5)


def test_a_field_of_an_object_that_is_nearly_one(mock: OpenAIMock) -> None:
    with pytest.raises(ValueError, match=r"unknown key 'filname'; did you mean 'filename'\?"):
        mock.put("files", {"filname": "a.txt"})
    assert mock.put("files", {"filename": "a.txt", "colour": "red"})["colour"] == "red"
    message = {"thread_id": "thread_1", "content": []}
    assert mock.put("beta.threads.messages", message)["thread_id"] == "thread_1"


def test_what_a_mock_is_given_to_work_with(mock: OpenAIMock) -> None:
    for wrong in (None, "httpx2", openai):
        with pytest.raises(TypeError, match=r"transport\(httpx2\) or transport\(httpx\)"):
            mock.transport(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="A configuration is read from a file; name its path"):
        mock.load({"responses": []})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"advance\(90\), advance\(hours=1\)"):
        mock.clock.advance("1h")  # type: ignore[arg-type]
