"""What is said when no rule speaks: deterministic, and as the request lets it be said."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.authors import MOST_CHOICES, echo, helpful
from openai_mock.turns.tokens import count, encoding_for
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


@given(st.text(max_size=80), st.sampled_from(["gpt-4o", "gpt-4"]))
def test_what_it_says_is_counted_exactly(heard: str, model: str) -> None:
    for turn in helpful(prompt(("user", heard), model=model, n=4), 0):
        assert turn.tokens == count(str(turn.text), encoding_for(model))


@pytest.mark.parametrize(
    "body", [{"response_format": {"type": "text"}}, {"text": "words"}, {"text": {"verbosity": "low"}}]
)
def test_text_stays_text(body: dict[str, Any]) -> None:
    assert echo(prompt(**body), 0) == (Turn("Hello!"),)
