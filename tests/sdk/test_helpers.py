"""The SDK's helpers end as they should: pages beyond pages, uploads in chunks, and waiting."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from openai_mock.mock import OpenAIMock

MANY = 250
HAS_CHUNKED = hasattr(openai.resources.Uploads, "upload_file_chunked")


@pytest.fixture
def full(mock: OpenAIMock) -> list[str]:
    """The ids of many files, the newest first."""
    ids = [f"file-{number:04}" for number in range(MANY)]
    for id_ in ids:
        mock.put("files", {"id": id_, "purpose": "assistants", "content": "x"})
    return ids[::-1]


def test_auto_pagination(client: openai.OpenAI, full: list[str]) -> None:
    assert [file.id for file in client.files.list(limit=100)] == full
    assert [file.id for file in client.files.list(limit=7, order="asc")] == full[::-1]
    page = client.files.list(limit=100)
    assert (len(page.data), page.has_next_page()) == (100, True)
    sizes = [len(each.data) for each in page.iter_pages()]
    assert sizes == [100, 100, 50]


async def test_auto_pagination_async(async_client: openai.AsyncOpenAI, full: list[str]) -> None:
    assert [file.id async for file in async_client.files.list(limit=100)] == full


@pytest.mark.skipif(not HAS_CHUNKED, reason="newer SDKs only")
def test_upload_file_chunked(client: openai.OpenAI) -> None:
    content = bytes(range(256)) * 40
    upload = client.uploads.upload_file_chunked(
        file=content,
        filename="big.bin",
        bytes=len(content),
        mime_type="text/plain",
        purpose="assistants",
        part_size=999,
    )
    assert (upload.status, upload.file.bytes) == ("completed", len(content))
    assert client.files.content(upload.file.id).content == content


@pytest.mark.skipif(not HAS_CHUNKED, reason="newer SDKs only")
async def test_upload_file_chunked_async(async_client: openai.AsyncOpenAI, tmp_path: Path) -> None:
    content = b"line\n" * 500
    (tmp_path / "big.txt").write_bytes(content)
    upload = await async_client.uploads.upload_file_chunked(
        file=tmp_path / "big.txt", mime_type="text/plain", purpose="assistants", part_size=640
    )
    assert upload.file is not None
    assert (await async_client.files.content(upload.file.id)).content == content


def test_wait_for_processing(client: openai.OpenAI) -> None:
    file = client.files.create(file=b"text", purpose="assistants")
    assert client.files.wait_for_processing(file.id).status == "processed"


def test_nobody_waits_a_second_to_poll(client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(type(client.vector_stores.files), "_sleep", lambda _, seconds: waited.append(seconds))
    store = client.vector_stores.create()
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"text"))
    assert file.status == "completed"
    assert waited
    assert max(waited) < 0.1, "the SDK waits a second where nothing tells it to look again sooner"
