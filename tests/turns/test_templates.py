"""Templates: paths, JSON, what is missing, and messages in the form of chat."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.templates import (
    TemplateError,
    UnknownVariableError,
    filled,
    filled_within,
    for_chat,
    names,
    strange,
)  # fmt: skip

VARIABLES = {
    "item": {"q": "Why?", "n": 3, "list": [{"a": "x"}], "odd name": 1, "twice": "{{item.q}}"},
    "sample": {"output_text": "Because."},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("{{item.q}} {{ sample.output_text }}", "Why? Because."),
        ("{{item.n}}", "3"),
        ("{{item.list}}", '[{"a":"x"}]'),
        ("{{item.list[0].a}}", "x"),
        ("{{item.odd name}}", "1"),
        ("{{item.twice}}", "{{item.q}}"),
        ("{item.q} }} {{", "{item.q} }} {{"),
    ],
)
def test_what_is_put_in(template: str, text: str) -> None:
    assert filled(template, VARIABLES) == text


@pytest.mark.parametrize(
    "name", ["item.x", "item.q.x", "item.list[1]", "item.list.a", "x", "", "item.", "item.n[0]", "item..q"]
)
def test_what_is_missing_has_a_name(name: str) -> None:
    with pytest.raises(UnknownVariableError, match="is not defined") as caught:
        filled(f"{{{{{name}}}}}", VARIABLES)
    assert caught.value.name == name


def test_names_and_those_in_no_namespace() -> None:
    assert [*names("{{item.q}} {{x}}")] == ["item.q", "x"]
    assert strange("{{item.q}} {{sample.output_text}}") is None
    assert strange("{{item.q}} {{output}}") == "output"


def test_messages_are_filled_and_put_in_the_form_of_chat() -> None:
    given_ = [
        {"role": "system", "type": "message", "content": "Say {{item.n}}"},
        {"role": "user", "content": {"type": "input_text", "text": "{{item.q}}"}},
        {
            "role": "user",
            "content": [
                "{{item.q}}",
                {"type": "input_image", "image_url": "data:x"},
                {"type": "input_audio", "input_audio": {}},
            ],
        },
    ]
    assert for_chat(filled_within(given_, VARIABLES)) == [
        {"role": "system", "content": "Say 3"},
        {"role": "user", "content": "Why?"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Why?"},
                {"type": "image_url", "image_url": {"url": "data:x", "detail": "auto"}},
                {"type": "input_audio", "input_audio": {}},
            ],
        },
    ]


def test_a_variable_that_never_ends_costs_little() -> None:
    template = "{{" + " " * 200_000
    started = perf_counter()
    assert filled(template, VARIABLES) == template
    assert perf_counter() - started < 1


@given(st.text("{}[]. itemq0", max_size=60) | st.text(max_size=40))
def test_any_text_is_filled_or_names_what_is_missing(template: str) -> None:
    with suppress(UnknownVariableError):
        filled(template, VARIABLES)


def test_a_short_template_cannot_write_a_text_without_end() -> None:
    with pytest.raises(TemplateError, match="have more than 10,000,000 characters together"):
        filled("{{item}}" * 5_000, {"item": "x" * 100_000})
    assert len(filled("{{item}}" * 90, {"item": "x" * 100_000})) == 9_000_000


def test_what_is_no_part_of_a_message_is_left_for_chat_to_refuse() -> None:
    said = [{"role": "user", "content": [5, [[]], None]}, {"role": "user", "content": 5}]
    assert for_chat(said) == [said[0], {"role": "user", "content": [5]}]
