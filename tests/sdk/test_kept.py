"""Containers, skills, voices and ChatKit as the real SDK sees them. What an SDK does not know is skipped."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openai
import pytest

from openai_mock.mock import OpenAIMock

LIBRARY = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
MANIFEST = b"---\nname: tables\ndescription: How to make tables.\n---\nDraw lines.\n"


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(seed=1)


@pytest.fixture
def sdk(mock: OpenAIMock) -> Iterator[Any]:
    with LIBRARY.Client(transport=mock.transport(LIBRARY)) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


@pytest.fixture
async def async_sdk(mock: OpenAIMock) -> AsyncIterator[Any]:
    async with LIBRARY.AsyncClient(transport=mock.transport(LIBRARY)) as http:
        yield openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0)


def needs(sdk: Any, path: str) -> None:
    for name in path.split("."):
        if not hasattr(sdk, name):
            pytest.skip(f"This SDK has no {path}.")
        sdk = getattr(sdk, name)


def bundle() -> bytes:
    held = BytesIO()
    with ZipFile(held, "w") as made:
        made.writestr("tables/SKILL.md", MANIFEST)
    return held.getvalue()


def test_containers(sdk: Any) -> None:
    needs(sdk, "containers.files")
    container = sdk.containers.create(name="Sandbox")
    file = sdk.containers.files.create(container.id, file=("a.bin", b"\x00\xff"))
    assert sdk.containers.files.content.retrieve(file.id, container_id=container.id).read() == b"\x00\xff"
    assert [each.id for each in sdk.containers.files.list(container.id)] == [file.id]
    sdk.containers.files.delete(file.id, container_id=container.id)
    sdk.containers.delete(container.id)
    with pytest.raises(openai.NotFoundError):
        sdk.containers.retrieve(container.id)


async def test_containers_without_waiting(async_sdk: Any) -> None:
    needs(async_sdk, "containers.files")
    container = await async_sdk.containers.create(name="Sandbox")
    names = [each.name async for each in await async_sdk.containers.list(limit=1)]
    assert names == [container.name]


def test_a_skill_gives_back_the_very_archive(sdk: Any) -> None:
    needs(sdk, "skills.versions")
    sent = bundle()
    skill = sdk.skills.create(files=[("tables.zip", sent)])  # openai 2 sends a single file as nothing
    assert (skill.name, skill.description) == ("tables", "How to make tables.")
    assert sdk.skills.content.retrieve(skill.id).read() == sent
    version = sdk.skills.versions.create(skill.id, files=[("tables/SKILL.md", MANIFEST), ("tables/a.txt", b"a")])
    made = sdk.skills.versions.content.retrieve(version.version, skill_id=skill.id).read()
    with ZipFile(BytesIO(made)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "tables/SKILL.md": MANIFEST,
            "tables/a.txt": b"a",
        }
    assert [each.version for each in sdk.skills.versions.list(skill.id, limit=1)] == ["2", "1"]
    assert sdk.skills.update(skill.id, default_version="2").default_version == "2"


def test_a_voice_speaks(sdk: Any) -> None:
    needs(sdk, "audio.voice_consents")
    recording = ("ada.mp3", b"ID3 la la", "audio/mpeg")
    consent = sdk.audio.voice_consents.create(name="Ada", language="en-US", recording=recording)
    voice = sdk.audio.voices.create(name="Ada", consent=consent.id, audio_sample=recording)
    said = sdk.audio.speech.create(model="gpt-4o-mini-tts", input="Hello", voice={"id": voice.id})
    assert said.read()
    sdk.audio.voices.delete(voice.id)
    with pytest.raises(openai.NotFoundError):
        sdk.audio.speech.create(model="gpt-4o-mini-tts", input="Hello", voice={"id": voice.id})


def test_chatkit(sdk: Any, mock: OpenAIMock) -> None:
    needs(sdk, "beta.chatkit")
    session = sdk.beta.chatkit.sessions.create(user="ada", workflow={"id": "wf_1"})
    assert sdk.beta.chatkit.sessions.cancel(session.id).status == "cancelled"
    mock.put("chatkit.threads", {"id": "cthr_1", "user": "ada"})
    said = [{"type": "output_text", "text": "Hello", "annotations": []}]
    mock.put("chatkit.threads.items", {"thread_id": "cthr_1", "type": "chatkit.assistant_message", "content": said})
    (item,) = sdk.beta.chatkit.threads.list_items("cthr_1")
    assert item.content[0].text == "Hello"
    assert sdk.beta.chatkit.threads.delete("cthr_1").deleted


def test_a_secret_for_the_browser(sdk: Any) -> None:
    needs(sdk, "realtime.client_secrets")
    secret = sdk.realtime.client_secrets.create(session={"type": "realtime", "model": "gpt-realtime-mini"})
    assert (secret.session.type, secret.session.model, secret.value[:3]) == ("realtime", "gpt-realtime-mini", "ek_")
