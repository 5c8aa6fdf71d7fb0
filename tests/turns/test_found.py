"""What is said of files that were found, and where files have no say."""

from __future__ import annotations

from typing import Any

import pytest

from openai_mock.turns.conversation import from_chat
from openai_mock.turns.found import Hit, may_be_grounded, query_of, told
from openai_mock.turns.hosted import FOUND_EXAMPLE
from openai_mock.turns.turn import Prompt, Reply, Turn

ZOO = Hit("file-zoo", "zoo.txt", 0.8, {}, "Zebras live in the zoo.")
SEARCHED = Turn(f"Well. {FOUND_EXAMPLE}", items=({"type": "file_search_call", "queries": ["zebras"]},))


def prompt(**body: Any) -> Prompt:
    messages = [{"role": "user", "content": "Where do\n zebras live?"}]
    return Prompt(from_chat(messages), "gpt-4o", {"messages": messages, **body})


def test_the_best_passage_takes_the_place_of_the_example() -> None:
    turn = told(prompt(), Reply((SEARCHED,)), "zebras", [ZOO]).turns[0]
    assert turn.text == 'Well. zoo.txt says: "Zebras live in the zoo."'
    assert turn.annotations == (
        {"type": "file_citation", "file_id": "file-zoo", "filename": "zoo.txt", "index": len(turn.text) - 1},
    )


def test_what_a_limit_cuts_off_is_not_cited() -> None:
    turn = told(prompt(max_completion_tokens=4), Reply((SEARCHED,)), "zebras", [ZOO]).turns[0]
    assert (turn.finish, turn.annotations) == ("length", ())


def test_a_message_becomes_a_search_where_something_is_found() -> None:
    reply = Reply((Turn("Hello."),))
    assert told(prompt(), reply, "zebras", []) is reply
    turn = told(prompt(), reply, query_of(prompt()), [ZOO]).turns[0]
    assert [*turn.items] == [{"type": "file_search_call", "queries": ["Where do zebras live?"]}]


@pytest.mark.parametrize(
    ("body", "reply", "may"),
    [
        ({}, Reply((Turn("Hello."),)), True),
        ({"response_format": "auto"}, Reply((Turn("Hello."),)), True),
        ({"response_format": {"type": "json_object"}}, Reply((Turn("{}"),)), False),
        ({"text": {"format": {"type": "json_schema"}}}, Reply((Turn("{}"),)), False),
        ({"tool_choice": "none"}, Reply((Turn("Hello."),)), False),
        ({"tool_choice": "none"}, Reply((SEARCHED,)), True),
        ({}, Reply((Turn("Hello."),), rule="hello"), False),
        ({}, Reply(()), False),
    ],
)
def test_where_files_have_a_say(body: dict[str, Any], reply: Reply, *, may: bool) -> None:
    assert may_be_grounded(prompt(**body), reply) is may
