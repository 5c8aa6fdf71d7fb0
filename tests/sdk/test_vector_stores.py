"""Vector stores as the real SDK sees them, its polling helpers included. An SDK without them skips."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import openai
import pytest

from openai_mock.mock import OpenAIMock

if not hasattr(openai.OpenAI, "vector_stores"):
    pytest.skip("This SDK keeps vector stores in its beta.", allow_module_level=True)

SOON = 1
"""Milliseconds between polls."""


@pytest.fixture
def sdk() -> Iterator[openai.OpenAI]:
    library = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
    with library.Client(transport=OpenAIMock(seed=1).transport(library)) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


def upload(sdk: openai.OpenAI, name: str, text: str) -> str:
    return sdk.files.create(file=(name, text.encode()), purpose="assistants").id


def test_a_file_is_created_and_polled_to_its_end(sdk: openai.OpenAI) -> None:
    store = sdk.vector_stores.create(name="Docs")
    made = sdk.vector_stores.files.create_and_poll(
        upload(sdk, "a.txt", "apples"), vector_store_id=store.id, poll_interval_ms=SOON
    )
    assert (made.status, made.usage_bytes, made.vector_store_id) == ("completed", 6, store.id)
    sent = sdk.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("b.txt", b"pears"), poll_interval_ms=SOON
    )
    assert sent.status == "completed"
    assert [each.id for each in sdk.vector_stores.files.list(store.id)] == [sent.id, made.id]
    counts = sdk.vector_stores.retrieve(store.id).file_counts
    assert (counts.completed, counts.total) == (2, 2)


def test_a_batch_is_uploaded_and_polled_to_its_end(sdk: openai.OpenAI) -> None:
    store = sdk.vector_stores.create(name="Docs")
    files = [(f"{name}.txt", name.encode()) for name in ("one", "two", "three")]
    batch = sdk.vector_stores.file_batches.upload_and_poll(store.id, files=files, poll_interval_ms=SOON)
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == ("completed", 3, 3)
    listed = sdk.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)
    assert {each.status for each in listed} == {"completed"}
    again = sdk.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=[each.id for each in listed], poll_interval_ms=SOON
    )
    assert again.file_counts.total == 3


def test_an_unknown_file_is_no_file(sdk: openai.OpenAI) -> None:
    store = sdk.vector_stores.create(name="Docs")
    with pytest.raises(openai.NotFoundError, match="No such File object: file-none"):
        sdk.vector_stores.files.create(store.id, file_id="file-none")


def test_attributes_content_and_deletion(sdk: openai.OpenAI) -> None:
    if not hasattr(sdk.vector_stores.files, "update"):
        pytest.skip("This SDK has no attributes of files.")
    store, file = sdk.vector_stores.create(name="Docs"), upload(sdk, "a.txt", "apples")
    sdk.vector_stores.files.create_and_poll(file, vector_store_id=store.id, poll_interval_ms=SOON)
    changed = sdk.vector_stores.files.update(file, vector_store_id=store.id, attributes={"year": 2024})
    assert changed.attributes == {"year": 2024}
    assert [part.text for part in sdk.vector_stores.files.content(file, vector_store_id=store.id)] == ["apples"]
    gone = sdk.vector_stores.files.delete(file, vector_store_id=store.id)
    assert (gone.deleted, gone.object) == (True, "vector_store.file.deleted")
    assert sdk.files.retrieve(file).id == file
    assert sdk.vector_stores.delete(store.id).deleted


def test_search_and_the_tool_that_searches(sdk: openai.OpenAI) -> None:
    if not hasattr(sdk.vector_stores, "search"):
        pytest.skip("This SDK does not search.")
    store = sdk.vector_stores.create(name="Docs")
    file = sdk.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("refunds.txt", b"Refunds are paid within thirty days."), poll_interval_ms=SOON
    )
    sdk.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("other.txt", b"Nothing of interest."), poll_interval_ms=SOON
    )
    (hit,) = sdk.vector_stores.search(store.id, query="refunds", max_num_results=1)
    assert (hit.file_id, hit.filename) == (file.id, "refunds.txt")
    assert 0 < hit.score < 1
    response = sdk.responses.create(
        model="gpt-4o",
        input="When are refunds paid?",
        tools=[{"type": "file_search", "vector_store_ids": [store.id]}],
        include=["file_search_call.results"],
    )
    call, message = response.output
    assert call.type == "file_search_call"
    assert [result.file_id for result in call.results or ()] == [file.id]
    assert message.type == "message"
    said = message.content[0]
    assert said.type == "output_text"
    assert "Refunds are paid within thirty days." in said.text
    cited = said.annotations[0]
    assert cited.type == "file_citation"
    assert (cited.file_id, cited.filename) == (file.id, "refunds.txt")
