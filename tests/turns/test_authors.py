"""What is said when no rule speaks: deterministic, and as the request lets it be said."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.authors import AUTHORS, MOST_CHOICES, echo, helpful, limited
from openai_mock.turns.tokens import count
from openai_mock.turns.turn import Message, Prompt, Turn


def prompt(*messages: tuple[str, str], model: str = "gpt-4o", **body: Any) -> Prompt:
    return Prompt(tuple(Message(role, text) for role, text in messages or (("user", "Hello!"),)), model, body)


def test_a_newcomer_learns_who_speaks_what_it_heard_and_what_to_do() -> None:
    (turn,) = helpful(prompt(), 0)
    assert turn.text is not None
    assert "openai-mock" in turn.text
    assert 'You said: "Hello!"' in turn.text
    assert "openai-mock --config FILE" in turn.text
    assert turn.finish_reason == "stop"


def test_a_long_message_is_quoted_in_short_on_one_line() -> None:
    (turn,) = helpful(prompt(("user", "one\n two " * 5000)), 0)
    assert turn.text is not None
    assert "one two one two" in turn.text
    assert "\N{HORIZONTAL ELLIPSIS}" in turn.text
    assert len(turn.text) < 400


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((("system", "Be brief."), ("user", "A?"), ("assistant", "B.")), 'You said: "A?"'),
        ((("user", "Weather?"), ("assistant", ""), ("tool", "22 degrees")), 'Your tool said: "22 degrees"'),
    ],
)
def test_the_last_to_speak_is_quoted(messages: tuple[tuple[str, str], ...], expected: str) -> None:
    assert expected in str(helpful(prompt(*messages), 0)[0].text)


def test_nothing_heard_is_nothing_quoted() -> None:
    assert "said" not in str(helpful(prompt(("system", "Be brief.")), 0)[0].text)
    assert echo(Prompt((), "m", {}), 0) == (Turn(""),)


def test_the_same_request_hears_the_same_and_another_seed_may_hear_something_else() -> None:
    assert helpful(prompt(), 7) == helpful(prompt(), 7)
    assert len({helpful(prompt(), seed) for seed in range(20)}) > 1
    assert len({helpful(prompt(seed=seed), 0) for seed in range(20)}) > 1


def test_another_process_says_the_same() -> None:
    code = (
        "from openai_mock.turns.authors import helpful; from openai_mock.turns.turn import Message, Prompt;"
        "print(helpful(Prompt((Message('user', 'Hello!'),), 'gpt-4o', {}), 3)[0].text)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == helpful(prompt(), 3)[0].text


def test_choices_differ() -> None:
    assert len({turn.text for turn in helpful(prompt(n=4), 0)}) == 4
    assert len(echo(prompt(n=3), 0)) == 3
    assert len(echo(prompt(n=None), 0)) == 1
    assert len(echo(prompt(n=10**9), 0)) == MOST_CHOICES


def test_echo_repeats_the_last_message_word_for_word() -> None:
    assert echo(prompt(("user", " a\nb ")), 0) == (Turn(" a\nb "),)


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
@given(most=st.integers(1, 200))
def test_a_limit_of_tokens_ends_the_text_with_length(limit: str, most: int) -> None:
    whole, (turn,) = helpful(prompt(), 0)[0], helpful(prompt(**{limit: most}), 0)
    total = count(str(whole.text), "o200k_base")
    assert count(str(turn.text), "o200k_base") == min(most, total)
    assert turn.finish_reason == ("length" if most < total else "stop")
    assert str(whole.text).startswith(str(turn.text))


def test_no_limit_is_no_limit() -> None:
    assert helpful(prompt(max_tokens=None, stop=None), 0) == helpful(prompt(), 0)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"stop": "three"}, Turn("one two ")),
        ({"stop": ["four", "two"]}, Turn("one ")),
        ({"stop": ["nowhere", ""]}, Turn("one two three four")),
        ({"stop": "four", "max_tokens": 2}, Turn("one two", finish="length")),
        ({"stop": "two", "max_tokens": 3}, Turn("one ")),
    ],
)
def test_stop_and_limit_together(body: dict[str, Any], expected: Turn) -> None:
    assert limited("one two three four", prompt(**body)) == expected


@pytest.mark.parametrize("author", AUTHORS.values(), ids=AUTHORS)
@pytest.mark.parametrize(
    "body",
    [{"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}],
    ids=["chat", "responses"],
)
def test_json_mode_gets_an_object(author: Any, body: dict[str, Any]) -> None:
    (turn,) = author(prompt(("user", 'A "quoted" wörd'), **body), 0)
    assert json.loads(turn.text)["heard"] == 'A "quoted" wörd'


@pytest.mark.parametrize(
    "body", [{"response_format": {"type": "text"}}, {"text": "words"}, {"text": {"verbosity": "low"}}]
)
def test_text_stays_text(body: dict[str, Any]) -> None:
    assert echo(prompt(**body), 0) == (Turn("Hello!"),)
