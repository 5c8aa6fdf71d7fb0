"""Scripts come before the author, and a miss is OpenAI's kind of error."""

import pytest

from openai_mock.engine.errors import ApiError
from openai_mock.rules.answer import answer_of
from openai_mock.rules.rule import Rule
from openai_mock.rules.script import Line, Script
from openai_mock.rules.speak import speaker
from openai_mock.rules.when import When
from openai_mock.turns.turn import Message, Prompt, Reply, Turn

AUTHORED = Reply(turns=(Turn("by the author"),), id="authored")
GREETING = Script("greeting", (Line("user", "hi"), Line("assistant", turn=Turn("Hello!"))), where="flows.yaml:3")


def author(_prompt):
    return AUTHORED


def ask(scripts, said):
    return speaker(scripts, author)(Prompt([Message("user", said)], "gpt-4o", {}))


def test_without_scripts_the_author_speaks():
    assert speaker((), author) is author


def test_a_flow_says_its_line():
    assert ask([GREETING], "hi") == Reply(turns=(Turn("Hello!"),), id="chatcmpl-greeting", rule="greeting")


def test_a_flow_without_an_answer_is_completed_by_the_author():
    silent = Script("silent", (Line("user", "hi"),))
    assert ask([silent], "hi") == Reply(turns=AUTHORED.turns, id="chatcmpl-silent", rule="silent")


def test_a_full_response_stands_as_written():
    fixed = Reply(turns=(Turn("fixed"),), id="chatcmpl-x", fields={"created": 1})
    script = Script("full", (Line("user", "hi"),), whole=True, reply=fixed)
    assert ask([GREETING, script], "hi") == Reply(fixed.turns, "chatcmpl-x", {"created": 1}, "full")
    empty = Script("empty", (Line("user", "hi"),), whole=True, reply=Reply((), fields={"model": "m"}))
    assert ask([empty], "hi") == Reply(AUTHORED.turns, None, {"model": "m"}, "empty")


def test_a_miss_is_an_error_that_explains_itself():
    with pytest.raises(ApiError) as caught:
        ask([GREETING], "hy")
    assert caught.value.status == 400
    assert caught.value.body()["error"] == {
        "message": "No matching response found for the given conversation",
        "type": "invalid_request_error",
        "param": None,
        "code": "no_match",
        "nearest": [
            {
                "id": "greeting",
                "where": "flows.yaml:3",
                "position": 0,
                "reason": "messages[0].content: 'hy' does not equal 'hi' (similarity 0.50)",
                "similarity": 0.5,
            }
        ],
    }


def test_choices_that_a_rule_writes_out_are_what_it_says():
    said = [{"message": {"content": "One"}}, {"message": {"refusal": "No"}, "finish_reason": "length"}]
    rule = Rule("r", When(), (answer_of({"response": {"choices": said}}),))
    prompt = Prompt([Message("user", "Hi")], "gpt-4o", {}, "chat.completions.create")
    assert speaker([rule], lambda _: Reply(()))(prompt).turns == (
        Turn("One"),
        Turn(None, refusal="No", finish="length"),
    )
