"""The other generating resources as the real SDK sees them; every object and event is what the catalogue promises."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from math import fsum, isclose
from typing import Any

import openai
import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.config.load import load
from openai_mock.media.audio import audio
from openai_mock.media.durations import duration
from openai_mock.media.image import image
from openai_mock.media.kinds import kind
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load as load_catalogue

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MAJOR = int(openai.__version__.split(".")[0])
CATALOGUE = load_catalogue()
GIVEN = """
moderations:
  harassment: [idiot]
transcripts:
  "speech.*": "Good morning. Let us begin."
responses:
  - id: greeting
    messages:
      - {role: user, content: Hello}
      - {role: assistant, content: "Hello! How can I help you today?"}
"""
WAV = ("speech.wav", audio("wav", 4.0))
PNG = ("cat.png", image("png", 64, 64))


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(load(GIVEN, name="given.yaml", env={}), seed=1)


def valid(operation: str, made: Any, part: str = "response") -> None:
    """The JSON as it was sent is what the operation promises."""
    value = made if isinstance(made, dict) else json.loads(made)
    Draft202012Validator(CATALOGUE.bundle(getattr(CATALOGUE.operations[operation], part))).validate(value)


def raw(create: Callable[..., Any], operation: str, **asked: Any) -> Any:
    """The SDK's object, after the bytes behind it were judged."""
    response = create(**asked)
    valid(operation, response.http_response.content)
    return response.parse()


def events(create: Callable[..., Any], operation: str, **asked: Any) -> list[Any]:
    found = list(create(**asked, stream=True))
    for event in found:
        valid(operation, event.to_dict(), "events")
    return found


def test_embeddings(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="text-embedding-3-small", input=["Hello", "Hello", "Bonjour"])
    vectors = [each.embedding for each in made.data]
    assert [each.index for each in made.data] == [0, 1, 2]
    assert [len(each) for each in vectors] == [1536] * 3
    assert vectors[0] == vectors[1] != vectors[2]
    assert isclose(fsum(value * value for value in vectors[0]), 1.0, abs_tol=1e-5)
    assert made.usage.prompt_tokens == made.usage.total_tokens == 3
    plain = raw(
        client.embeddings.with_raw_response.create,
        "embeddings.create",
        model="text-embedding-3-large",
        input="Hello",
        encoding_format="float",
    )
    assert len(plain.data[0].embedding) == 3072
    same = client.embeddings.create(model="text-embedding-3-small", input="Hello", encoding_format="float")
    assert same.data[0].embedding == pytest.approx(vectors[0], abs=1e-7)


def test_an_embedding_is_not_endless(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="maximum context length is 8192 tokens, however you requested"):
        client.embeddings.create(model="text-embedding-3-small", input="one two " * 5000)


def test_moderations(client: openai.OpenAI) -> None:
    made = raw(client.moderations.with_raw_response.create, "moderations.create", input=["You idiot", "Hello"])
    bad, good = made.results
    assert bad.flagged
    assert bad.categories.harassment
    assert bad.category_scores.harassment >= 0.9
    assert not bad.categories.harassment_threatening
    assert not good.flagged
    assert max(good.category_scores.to_dict().values()) < 0.01
    parts: Any = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,idiot"}}]
    seen = raw(client.moderations.with_raw_response.create, "moderations.create", input=parts).results[0]
    assert not seen.flagged
    assert (seen.category_applied_input_types.sexual, seen.category_applied_input_types.hate) == (["image"], [])


@pytest.mark.parametrize("form", ["json", "verbose_json"])
def test_transcriptions(client: openai.OpenAI, form: Any) -> None:
    create = client.audio.transcriptions.with_raw_response.create
    both = {"timestamp_granularities": ["word", "segment"]} if form == "verbose_json" else {}
    asked = {"file": WAV, "model": "whisper-1", "response_format": form, **both}
    made = raw(create, "audio.transcriptions.create", **asked)
    assert made.text == "Good morning. Let us begin."
    assert made.usage.to_dict() == {"type": "duration", "seconds": 4}
    if form == "verbose_json":
        assert made.duration == 4.0
        assert [each.text for each in made.segments] == [" Good morning.", " Let us begin."]
        assert made.words[-1].end == made.segments[-1].end == 4.0
    translated = raw(
        client.audio.translations.with_raw_response.create,
        "audio.translations.create",
        file=WAV,
        model="whisper-1",
        response_format=form,
    )
    assert translated.text == made.text


@pytest.mark.parametrize(("form", "start"), [("text", "Good"), ("srt", "1\n00:00:00,000 --> "), ("vtt", "WEBVTT\n\n")])
def test_plain_transcriptions(client: openai.OpenAI, form: Any, start: str) -> None:
    made: Any = client.audio.transcriptions.create(file=WAV, model="whisper-1", response_format=form)
    assert made.startswith(start)


def test_speakers(client: openai.OpenAI) -> None:
    if not hasattr(openai.types.audio, "TranscriptionDiarized"):
        pytest.skip("this SDK knows no diarized transcripts")
    create = client.audio.transcriptions.with_raw_response.create
    asked: dict[str, Any] = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json"}
    names = {"known_speaker_names": ["Ada", "Bob"]}
    made = raw(create, "audio.transcriptions.create", file=WAV, **asked, **names)
    assert [(each.speaker, each.start) for each in made.segments] == [("Ada", 0.0), ("Bob", 2.0)]
    found = events(client.audio.transcriptions.create, "audio.transcriptions.create", file=WAV, **asked)
    heard = dict.fromkeys(("seg_001", "seg_002"), "")
    for each in found[:-1]:
        if each.type == "transcript.text.delta":
            heard[each.segment_id] += each.delta
        else:  # a segment is told once its words are complete
            assert (each.type, heard[each.id].strip()) == ("transcript.text.segment", each.text)
    assert list(heard.values()) == ["Good morning.", " Let us begin."]
    assert found[-1].text == "".join(each.delta for each in found if each.type == "transcript.text.delta")
    assert found[-1].usage.input_token_details.audio_tokens == 40


def test_whisper_does_not_stream(client: openai.OpenAI) -> None:
    response = client.audio.transcriptions.with_raw_response.create(file=WAV, model="whisper-1", stream=True)
    assert response.http_response.headers["content-type"] == "application/json"


def test_speech(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "gpt-4o-mini-tts", "input": "Hello there. " * 20, "voice": "alloy"}
    made = client.audio.speech.create(**asked, response_format="wav", instructions="Softly.").content
    assert (kind(made), round(duration(made) or 0, 2)) == ("wav", 17.33)
    with client.audio.speech.with_streaming_response.create(**asked, stream_format="sse") as response:
        lines = [json.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line]
    sound = b"".join(base64.b64decode(each["audio"]) for each in lines[:-1])
    assert kind(sound) == "mp3"
    assert (lines[0]["type"], lines[-1]["type"]) == ("speech.audio.delta", "speech.audio.done")
    assert lines[-1]["usage"]["output_tokens"] == round(20 * (duration(sound) or 0))


def test_completions(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": ["Hello"]}
    create = client.completions.with_raw_response.create
    made = raw(create, "completions.create", **asked, logprobs=1, n=2, best_of=3)
    assert [each.text for each in made.choices] == ["Hello! How can I help you today?"] * 2
    assert made.choices[0].logprobs.tokens[:2] == ["Hello", "!"]
    assert made.usage.completion_tokens == 27
    chunks = list(client.completions.create(**asked, stream=True, max_tokens=3, echo=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "HelloHello! How"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "length"]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_images(client: openai.OpenAI, form: Any) -> None:
    create = client.images.with_raw_response.generate
    asked: dict[str, Any] = {"model": "gpt-image-1.5", "prompt": "A cat", "output_format": form, "quality": "high"}
    made = raw(create, "images.generate", **asked)
    assert kind(base64.b64decode(made.data[0].b64_json)) == form
    found = events(client.images.generate, "images.generate", **asked, partial_images=2)
    names = [each.type.rpartition(".")[2] for each in found]
    assert names == ["partial_image", "partial_image", "completed"]
    pictures = [base64.b64decode(each.b64_json) for each in found]
    assert [kind(each) for each in pictures] == [form] * 3
    assert len(set(pictures)) == 3
    assert found[-1].b64_json == made.data[0].b64_json
    assert found[-1].usage.output_tokens == made.usage.output_tokens == 4160


def test_edits_and_variations(client: openai.OpenAI) -> None:
    create = client.images.with_raw_response.edit
    made = raw(create, "images.edit", image=[PNG, PNG], mask=PNG, prompt="A hat", model="gpt-image-1.5")
    assert made.usage.input_tokens_details.image_tokens == 1530
    found = events(
        client.images.edit, "images.edit", image=PNG, prompt="A hat", model="gpt-image-1.5", partial_images=1
    )
    assert [each.type for each in found] == ["image_edit.partial_image", "image_edit.completed"]
    varied = raw(client.images.with_raw_response.create_variation, "images.create_variation", image=PNG, size="256x256")
    assert varied.data[0].url.startswith("https://")
    with pytest.raises(openai.BadRequestError, match="unsupported mimetype"):
        client.images.edit(image=io.BytesIO(b"no picture"), prompt="A hat", model="gpt-image-1.5")


def test_stored_chats(client: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": "Hello"}]
    made = client.chat.completions.create(model="gpt-4o", messages=said, store=True, metadata={"team": "a"})
    listed = client.chat.completions.list(metadata={"team": "a"}).data
    assert [each.id for each in listed] == [made.id]
    assert client.chat.completions.list(model="o3").data == []
    changed = client.chat.completions.update(made.id, metadata={"team": "b"})
    valid("chat.completions.update", changed.to_dict())
    assert client.chat.completions.retrieve(made.id).choices[0].message.content == made.choices[0].message.content
    assert [each.content for each in client.chat.completions.messages.list(made.id)] == ["Hello"]
    again = client.chat.completions.create(model="gpt-4o", messages=said, store=True)
    assert [each.id for each in client.chat.completions.list()] == [again.id] == [made.id]
    assert client.chat.completions.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError, match=f"Completion {made.id} not found"):
        client.chat.completions.messages.list(made.id)


@pytest.mark.skipif(MAJOR < 2, reason="videos came with openai 2")
def test_videos(client: openai.OpenAI) -> None:
    create = client.videos.with_raw_response.create
    made = raw(create, "videos.create", prompt="A cat", seconds="8", size="1280x720")
    with pytest.raises(openai.NotFoundError, match="not ready yet"):
        client.videos.download_content(made.id)
    seen = [client.videos.retrieve(made.id) for _ in range(2)]
    assert [(each.status, each.progress) for each in seen] == [("in_progress", 50), ("completed", 100)]
    film = client.videos.download_content(made.id).content
    assert (kind(film), duration(film)) == ("mp4", 8.0)
    assert kind(client.videos.download_content(made.id, variant="thumbnail").content) == "webp"
    assert kind(client.videos.download_content(made.id, variant="spritesheet").content) == "jpeg"
    remixed = raw(client.videos.with_raw_response.remix, "videos.remix", video_id=made.id, prompt="A dog")
    assert (remixed.remixed_from_video_id, remixed.seconds, remixed.status) == (made.id, "8", "queued")
    assert [each.id for each in client.videos.list()] == [remixed.id, made.id]
    edited = client.videos.edit(prompt="More", video=("film.mp4", film))
    assert (edited.seconds, edited.status) == ("8", "queued")


async def test_generating_async(async_client: openai.AsyncOpenAI) -> None:
    made = await async_client.embeddings.create(model="text-embedding-3-small", input="Hello", dimensions=64)
    assert len(made.data[0].embedding) == 64
    stream = await async_client.audio.transcriptions.create(file=WAV, model="gpt-4o-transcribe", stream=True)
    assert [each.type async for each in stream][-1] == "transcript.text.done"
    assert (await async_client.moderations.create(input="idiot")).results[0].flagged
