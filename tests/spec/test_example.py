"""Examples conform to their own schemas, for every operation and every event, and repeat themselves."""

from __future__ import annotations

import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.spec.example import Examples
from openai_mock.spec.operations import load

NOW = 1_767_225_600
CATALOGUE = load()
OPERATIONS = CATALOGUE.operations
SEEDS = range(5)


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.response])
def test_every_answer_conforms_to_its_schema(name: str) -> None:
    bundle = CATALOGUE.bundle(OPERATIONS[name].response)
    examples, judge = Examples(bundle), Draft202012Validator(bundle)
    for seed in SEEDS:
        judge.validate(examples.make(seed=seed, now=NOW))


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.events])
def test_every_event_conforms_to_its_schema(name: str) -> None:
    bundle = CATALOGUE.bundle(OPERATIONS[name].events)
    examples, judge = Examples(bundle), Draft202012Validator(bundle)
    for seed in SEEDS:
        events = examples.each(seed=seed, now=NOW)
        assert events
        for event in events:
            judge.validate(event)


def test_every_kind_of_response_event_is_there() -> None:
    events = Examples(CATALOGUE.bundle(OPERATIONS["responses.create"].events)).each(seed=1, now=NOW)
    kinds = [event["type"] for event in events]
    assert len(kinds) == len(set(kinds)) >= 53
    assert {"response.created", "response.output_text.delta", "response.completed", "error"} <= set(kinds)


def test_the_same_seed_repeats_and_another_differs() -> None:
    examples = Examples(CATALOGUE.bundle(OPERATIONS["batches.retrieve"].response))
    assert examples.make(seed=1, now=NOW) == examples.make(seed=1, now=NOW) != examples.make(seed=2, now=NOW)


def test_objects_read_like_the_real_ones() -> None:
    made = Examples(CATALOGUE.bundle(OPERATIONS["batches.retrieve"].response)).make(seed=1, now=NOW)
    assert made["id"].startswith("batch_")
    assert made["object"] == "batch"
    assert made["status"] == "completed"
    assert made["created_at"] == NOW
    assert made["errors"] is None
    assert made["input_file_id"].startswith("file-")


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}, "leaf": {"type": "string"}}}
    bundle = {"$ref": "#/$defs/node", "$defs": {"node": {**node, "required": ["leaf"]}}}
    assert Examples(bundle).make(seed=1, now=NOW)["leaf"] == "leaf"
