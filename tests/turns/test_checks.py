"""Facts of models, and what the checks of meaning let pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from schemas import STRICT

from openai_mock.turns.checks.formats import flaws
from openai_mock.turns.checks.pairs import in_items, in_messages
from openai_mock.turns.checks.requests import in_chat
from openai_mock.turns.checks.room import fitted, overflows
from openai_mock.turns.facts import UNKNOWN, _all, facts
from openai_mock.turns.reasoning import reasons
from openai_mock.turns.tokens import prompt_tokens

TEXTS = st.text(max_size=40)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXTS}), min_size=1
)
KEYS = st.sampled_from(["type", "properties", "required", "enum", "items", "$defs", "anyOf", "additionalProperties"])
SCHEMAS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["object", "array", "string", "float"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
).flatmap(lambda inner: st.just({"type": "object", "properties": {"a": inner}}) | st.just(inner))
IDS = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@pytest.mark.parametrize(
    ("name", "like"),
    [("gpt-4o-2024-08-06", "gpt-4o"), ("gpt-4-0613", "gpt-4"), ("ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o-mini"),
     ("o3-mini-2025-01-31", "o3-mini"), ("gpt-3.5-turbo-0125", "gpt-3.5-turbo")],
)  # fmt: skip
def test_a_name_stands_for_its_snapshots(name: str, like: str) -> None:
    assert facts(name) is facts(like)
    assert facts(name).known


@pytest.mark.parametrize("name", ["", "gpt-4o-mine", "gpt-9", "llama-3", "ft:", "my-deployment"])
def test_nothing_is_known_of_other_models(name: str) -> None:
    assert facts(name) is UNKNOWN


def test_a_snapshot_may_differ() -> None:
    assert (facts("gpt-4o-2024-05-13").output, facts("gpt-4o").output) == (4_096, 16_384)


@pytest.mark.parametrize("name", sorted(_all()))
def test_authors_and_checks_agree_on_who_thinks(name: str) -> None:
    assert facts(name).reasons == reasons(name)


@given(MESSAGES)
def test_plain_texts_cost_nothing_and_are_never_refused(messages: list[dict[str, Any]]) -> None:
    body = {"model": "gpt-4o", "messages": messages}
    assert in_chat(body, len(json.dumps(body))) == ()


@given(MESSAGES, st.integers(1, 400))
def test_what_is_not_counted_fits(messages: list[dict[str, Any]], most: int) -> None:
    assert overflows(messages, "gpt-4o", (), most) == (prompt_tokens(messages, "gpt-4o") > most)


@given(MESSAGES, st.integers(10, 200))
def test_the_oldest_messages_go_and_the_last_of_the_user_stays(messages: list[dict[str, Any]], most: int) -> None:
    kept = fitted(messages, "gpt-4o", (), most)
    said = [each for each in messages if each["role"] == "user"]
    assert not said or kept[-1] == messages[-1]
    assert not said or said[-1] in kept
    if prompt_tokens(messages, "gpt-4o") <= most:
        assert kept == messages


@given(STRICT)
def test_strict_schemas_have_no_flaws(schema: dict[str, Any]) -> None:
    if "allOf" not in json.dumps(schema):
        assert list(flaws(schema, strict=True)) == []


@given(SCHEMAS, st.booleans())
@example({"type": "object", "properties": {"a": {}}, "required": True}, True)
@example({"type": [["object"], {}]}, True)
def test_no_schema_breaks_the_check(schema: Any, strict: bool) -> None:
    assert all(isinstance(flaw, str) for flaw in flaws(schema, strict=strict))


def test_a_deep_schema_is_walked_to_its_end() -> None:
    schema: dict[str, Any] = {"type": "array"}
    for _ in range(3_000):
        schema = {"type": "object", "properties": {"a": schema}}
    (flaw,) = flaws(schema, strict=False)
    assert flaw.endswith("array schema missing items.")


@given(IDS, st.randoms())
def test_calls_may_be_answered_in_any_order(ids: list[str], chance: Any) -> None:
    answers = chance.sample(ids, len(ids))
    calls = {"role": "assistant", "tool_calls": [{"id": id_} for id_ in ids]}
    assert list(in_messages([calls, *({"role": "tool", "tool_call_id": id_} for id_ in answers)])) == []
    said = [{"type": "function_call", "call_id": id_} for id_ in ids]
    outputs = [{"type": "function_call_output", "call_id": id_} for id_ in answers]
    assert list(in_items([*said, *outputs])) == []
    assert len(list(in_items([*said, *outputs[1:]]))) == 1
    assert len(list(in_items([*said[1:], *outputs]))) == 1


def test_a_compaction_stands_for_the_calls_before_it() -> None:
    call = {"type": "function_call", "call_id": "a"}
    output = {"type": "function_call_output", "call_id": "a"}
    assert list(in_items([call, {"type": "compaction"}, output])) == []


def test_a_local_shell_is_answered_by_the_id_of_its_call() -> None:
    call = {"type": "local_shell_call", "id": "lsh_1", "call_id": "call_1"}
    assert list(in_items([call, {"type": "local_shell_call_output", "id": "lsh_1", "output": ""}])) == []
