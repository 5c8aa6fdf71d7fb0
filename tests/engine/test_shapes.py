"""What operations do to collections, as the catalogue tells it."""

from __future__ import annotations

import json

import pytest

from openai_mock.engine.shapes import shapes
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load
from openai_mock.wire import Data, Request

OPERATIONS = load().operations
SHAPES = shapes(OPERATIONS.values())


@pytest.mark.parametrize(
    ("operation", "role", "collection"),
    [
        ("files.create", "create", "/files"),
        ("videos.create_character", "create", "/videos/characters"),
        ("videos.get_character", "retrieve", "/videos/characters"),
        ("beta.chatkit.threads.list", "list", "/chatkit/threads"),
        ("beta.chatkit.threads.list_items", "act", "/chatkit/threads"),
        ("beta.agents.environments.files.list", "list", "/agents/environments/{environment_id}/files"),
        ("beta.agents.sessions.artifacts.delete", "delete", "/agents/sessions/{session_id}/artifacts"),
        ("batches.cancel", "act", "/batches"),
    ],
)
def test_roles(operation: str, role: str, collection: str) -> None:
    assert (SHAPES[operation].role, SHAPES[operation].collection) == (role, collection)


@pytest.mark.parametrize("operation", ["chat.completions.messages.list", "images.create_variation"])
def test_no_collection_of_their_own(operation: str) -> None:
    shape = SHAPES.get(operation)
    assert shape is None or shape.role == "act"


ACTIONS = [
    ("batches.cancel", "/batches/an-id/cancel", "cancelling"),
    ("uploads.cancel", "/uploads/an-id/cancel", "cancelled"),
    ("responses.cancel", "/responses/an-id/cancel", "cancelled"),
    ("fine_tuning.jobs.resume", "/fine_tuning/jobs/an-id/resume", "running"),
    ("beta.threads.runs.cancel", "/threads/t/runs/an-id/cancel", "cancelling"),
    ("beta.chatkit.sessions.cancel", "/chatkit/sessions/an-id/cancel", "cancelled"),
    ("beta.agents.automations.resume", "/agents/automations/an-id/resume", "active"),
]


@pytest.mark.parametrize(("operation", "path", "status"), ACTIONS, ids=[each[0] for each in ACTIONS])
def test_without_memory_an_action_answers_with_the_item_of_its_path(operation: str, path: str, status: str) -> None:
    headers = {"authorization": "Bearer sk-test", "openai-beta": OPERATIONS[operation].beta or ""}
    request = Request("POST", f"/v1{path}", "", headers, b"")
    steps = OpenAIMock(seed=1, stateless=True).handle(request)
    answer = json.loads(b"".join(step.chunk for step in steps if isinstance(step, Data)))
    assert (answer["id"], answer.get("status")) == ("an-id", status)


def test_what_is_made_like_another_has_an_id_of_its_own() -> None:
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    request = Request("POST", "/v1/videos/an-id/remix", "", headers, b'{"prompt": "x"}')
    steps = OpenAIMock(seed=1, stateless=True).handle(request)
    answer = json.loads(b"".join(step.chunk for step in steps if isinstance(step, Data)))
    assert answer["id"] != "an-id"
