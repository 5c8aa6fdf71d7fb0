"""Objects that exist before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.engine.store import Store
from openai_mock.mock import OpenAIMock
from openai_mock.stores.sqlite import SQLite

STATE = {
    "files": ({"id": "file-a", "filename": "a.txt", "purpose": "assistants", "content": "hello"}, {"filename": "b"}),
    "vector_stores": ({"id": "vs_1", "name": "Docs"},),
    "vector_stores.files": ({"id": "file-a", "vector_store_id": "vs_1"},),
    "threads": ({"id": "thread_1"},),
    "beta.threads.messages": ({"thread_id": "thread_1", "role": "user"},),
}


def mock_of(state: Any, **how: Any) -> OpenAIMock:
    return OpenAIMock(Plan(state=state), seed=1, **how)


def test_objects_are_completed_and_found_under_the_sdk_s_names() -> None:
    mock = mock_of(STATE)
    first, second = mock.objects("files")
    assert first == {
        "id": "file-a",
        "object": "file",
        "filename": "a.txt",
        "purpose": "assistants",
        "bytes": 5,
        "created_at": 1_767_225_600,
        "status": "processed",
        "expires_at": None,
        "status_details": None,
    }
    assert second["id"].startswith("file-")
    assert mock.state().blob("/files", "file-a") == b"hello"
    assert mock.objects("vector_stores.files", vector_store_id="vs_1")[0]["object"] == "vector_store.file"
    (message,) = mock.objects("threads.messages", thread_id="thread_1")
    assert (message["id"][:4], message["role"]) == ("msg_", "user")
    assert mock_of(STATE).state().snapshot() == mock.state().snapshot()


def test_put_in_python() -> None:
    mock = OpenAIMock(seed=1)
    made = mock.put("files", {"filename": "a", "content": b"\xff\x00"})
    assert made["bytes"] == 2
    assert mock.state().blob("/files", made["id"]) == b"\xff\x00"
    mock.put("files", {"id": "mine"}, session="one")
    assert [each["id"] for each in mock.objects("files")] == [made["id"]]
    assert [each["id"] for each in mock.objects("files", session="one")] == ["mine"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"fils": [{}]}, r"state\.fils: the API keeps no 'fils'; write the SDK's name of a resource"),
        ({"files": [{}, {"bytes": "many"}]}, r'state\.files\[1\]: bytes: "many" is not of type "integer"'),
        (
            {"vector_stores.files": [{}]},
            r"state\.vector_stores\.files\[0\]: it belongs to .*; add the key 'vector_store_id'",
        ),
    ],
)
def test_mistakes(state: Any, sentence: str) -> None:
    with pytest.raises(ConfigErrors, match=sentence):
        mock_of(state)


def test_a_mistake_in_python_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="the API keeps no 'x'"):
        OpenAIMock().put("x", {})


def test_a_restart_repeats_nothing_and_brings_nothing_back(tmp_path: Path) -> None:
    def started() -> tuple[OpenAIMock, Store]:
        store = SQLite(tmp_path / "x.db")
        return mock_of(STATE, store=store), store

    mock, store = started()
    mock.state().delete("/files", "file-a")
    mock.put("files", {"id": "new"})
    kept = mock.state().snapshot()
    store.close()
    mock, store = started()
    assert mock.state().snapshot() == kept
    store.close()


def test_the_configuration_says_it_too() -> None:
    plan = load("state: {files: [{id: f}]}\nlifecycle: {default: instant, batches: polls=1}", name="x", env={})
    mock = OpenAIMock(plan)
    assert mock.objects("files")[0]["id"] == "f"
    assert (plan.lifecycle.default.kind, plan.lifecycle.of("batches").amount) == ("instant", 1)
    mock.replace(load("state: {files: [{id: g}]}", name="x", env={}))
    assert [each["id"] for each in mock.objects("files")] == ["f", "g"]


def test_a_policy_for_nothing_is_told_and_changes_nothing() -> None:
    mock = OpenAIMock()
    with pytest.raises(
        ConfigErrors, match=r"lifecycle\.batch: nothing of this name changes by itself; there are .*batches"
    ):
        mock.replace(load("lifecycle: {batch: instant}", name="x", env={}))
    with pytest.raises(ConfigErrors, match=r"x:1:15: state\.fils:"):
        mock.replace(load("state: {fils: [{}]}", name="x", env={}))
    assert mock.objects("files", session="new") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("lifecycle: soon", "x:1:12: lifecycle: 'soon' is no lifecycle policy. Write instant, polls=2 or seconds=30."),
        ("lifecycle: {batches: x}", "x:1:22: lifecycle.batches: 'x' is no lifecycle policy."),
        ("lifecycle: 4", "x:1:12: lifecycle: expected a string or a mapping (lifecycle), but got the integer 4"),
        ("state: {files: {id: f}}", "x:1:16: state.files: expected a list, but got a mapping"),
        ("state: {files: [f]}", "x:1:17: state.files[0]: expected a mapping, but got the string 'f'"),
    ],
)
def test_the_configuration_is_checked(text: str, problem: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(text, name="x", env={})
    assert problem in str(caught.value)
