"""Passages: how files are cut, and that searches follow the bytes, the chunking and the store they were asked of."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.engine.search import cut
from openai_mock.mock import OpenAIMock


@given(st.text(alphabet="ab \n", max_size=400), st.integers(2, 20), st.integers(0, 10))
def test_passages_cover_the_text_and_overlap(text: str, size: int, overlap: int) -> None:
    overlap = min(overlap, size // 2)
    made = cut(text, size, overlap)
    tokens = [found for run in text.split() for found in (run[at : at + 16] for at in range(0, len(run), 16))]
    assert all(part in text for part in made)
    covered = [min(size, len(tokens))] + [size - overlap] * (len(made) - 1) if made else [0]
    assert sum(covered[:-1]) + (covered[-1] if len(made) < 2 else 0) <= len(tokens)
    assert bool(made) == bool(tokens)
    if tokens:
        assert made[0].startswith(tokens[0])
        assert made[-1].endswith(tokens[-1])


def test_a_passage_repeats_the_end_of_the_one_before() -> None:
    assert cut("a b c d e f", 4, 2) == ["a b c d", "c d e f"]
    assert cut(" a  b ", 4, 2) == ["a  b"]
    assert cut("x" * 40, 2, 0) == ["x" * 32, "x" * 8]


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(seed=1, lifecycle="instant")


def client_of(mock: OpenAIMock) -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": "Bearer sk-test"},
    )


def found(client: httpx.Client, store: str, query: str) -> list[tuple[str, str]]:
    answer = client.post(f"/vector_stores/{store}/search", json={"query": query}).json()
    return [(hit["file_id"], hit["content"][0]["text"]) for hit in answer["data"]]


def test_long_files_are_found_by_the_passage_that_fits(mock: OpenAIMock) -> None:
    words = [f"word{number}" for number in range(300)]
    mock.put("files", {"id": "file-long", "filename": "long.txt", "content": " ".join(words)})
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
    with client_of(mock) as client:
        store = client.post("/vector_stores", json={"file_ids": ["file-long"], "chunking_strategy": static}).json()[
            "id"
        ]
        assert found(client, store, "word10") == [("file-long", " ".join(words[:100]))]
        assert [text.split()[0] for _, text in found(client, store, "word120")] == ["word50", "word100"]
        whole = client.post("/vector_stores", json={"file_ids": ["file-long"]}).json()["id"]
        assert found(client, whole, "word120") == [("file-long", " ".join(words))]


def test_searches_follow_the_bytes_and_end_with_the_file(mock: OpenAIMock) -> None:
    mock.put("files", {"id": "file-a", "filename": "a.txt", "content": "apples"})
    with client_of(mock) as client:
        store = client.post("/vector_stores", json={"file_ids": ["file-a"]}).json()["id"]
        assert found(client, store, "apples") == [("file-a", "apples")]
        mock.put("files", {"id": "file-a", "filename": "a.txt", "content": "pears"})
        assert found(client, store, "apples") == []
        assert found(client, store, "pears") == [("file-a", "pears")]
        client.delete("/files/file-a")
        assert found(client, store, "pears") == []


def test_objects_that_exist_from_the_start_are_found(mock: OpenAIMock) -> None:
    mock.put("files", {"id": "file-a", "filename": "a.txt", "content": "apples"})
    mock.put("vector_stores", {"id": "vs_docs", "name": "Docs"})
    mock.put("vector_stores.files", {"id": "file-a", "vector_store_id": "vs_docs"})
    with client_of(mock) as client:
        assert found(client, "vs_docs", "apples") == [("file-a", "apples")]
        assert client.get("/vector_stores/vs_docs").json()["file_counts"]["total"] == 1


def test_a_file_in_two_stores_is_cited_once(mock: OpenAIMock) -> None:
    mock.put("files", {"id": "file-a", "filename": "a.txt", "content": "apples"})
    with client_of(mock) as client:
        ids = [client.post("/vector_stores", json={"file_ids": ["file-a"]}).json()["id"] for _ in range(2)]
        body = {"model": "gpt-4o", "input": "Search files for apples", "include": ["file_search_call.results"]}
        tool = {"type": "file_search", "vector_store_ids": ids}
        search, said = client.post("/responses", json={**body, "tools": [tool]}).json()["output"]
        assert [hit["file_id"] for hit in search["results"]] == ["file-a"]
        assert [each["file_id"] for each in said["content"][0]["annotations"]] == ["file-a"]


@pytest.mark.parametrize("relaxed", [{"lenient": True}, {"ids": "lenient"}])
def test_an_unknown_store_leaves_the_example_where_it_is_not_refused(relaxed: dict[str, Any]) -> None:
    unknown = {"type": "file_search", "vector_store_ids": ["vs_none"]}
    body = {"model": "gpt-4o", "input": "Search files for apples", "tools": [unknown]}
    with client_of(OpenAIMock(seed=1, **relaxed)) as client:
        _, said = client.post("/responses", json=body).json()["output"]
        assert said["content"][0]["text"] == "I searched your files and found an example."
