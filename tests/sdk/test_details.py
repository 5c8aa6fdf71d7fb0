"""What a request asks of an answer beyond its words, as the real SDK sees it; every object is what the API promises."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterable, Iterator
from math import exp
from typing import Any

import openai
import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.config.load import load
from openai_mock.media.durations import duration
from openai_mock.media.kinds import kind
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load as load_catalogue
from openai_mock.turns.tokens import encode, encoding_for, spellings

CATALOGUE = load_catalogue()
CHAT = CATALOGUE.operations["chat.completions.create"]
WHOLE = Draft202012Validator(CATALOGUE.bundle(CHAT.response))
CHUNK = Draft202012Validator(CATALOGUE.bundle(CHAT.events))
RESPONSES = hasattr(openai.OpenAI, "responses")
TEXTS = {
    "latin": ("Der naïve Café-Gast zahlt 3,50 €; Zürich ruft!", 18, 21),
    "cyrillic": ("Привет, как твои дела сегодня?", 9, 16),
    "chinese": ("漢字和平假名有什麼不同呢。", 11, 19),
    "arabic": ("مرحبا بالعالم، كيف حالك اليوم؟", 10, 23),
    "devanagari": ("नमस्ते 😀👩‍👩‍👧🇫🇷 दुनिया", 18, 33),
}
"""Texts with their tokens in o200k_base and cl100k_base, as tiktoken counts them."""
GIVEN = "responses:\n" + "".join(
    f"  - {{id: {name}, messages: [{{role: user, content: {name}}}, {{role: assistant, content: '{text}'}}]}}\n"
    for name, (text, _, _) in TEXTS.items()
)
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
VOICE: Any = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
STREAMED: Any = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(load(GIVEN, name="given.yaml", env={}), seed=1)


@pytest.fixture
def plain() -> Iterator[openai.OpenAI]:
    """A client of a mock without configuration."""
    library = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
    with library.Client(transport=OpenAIMock(seed=1).transport(library)) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def spelled(likely: Iterable[Any]) -> bytes:
    return bytes(byte for each in likely for byte in each.bytes)


def plausible(likely: Iterable[Any]) -> None:
    """The likeliest first, and all together no more than certain."""
    for each in likely:
        top = [other.logprob for other in each.top_logprobs]
        assert top == sorted(top, reverse=True)
        assert sum(exp(value) for value in top) <= 1
        assert each.logprob <= top[0] <= 0
        assert len({tuple(other.bytes) for other in each.top_logprobs}) == len(top)


@pytest.mark.parametrize("name", TEXTS)
def test_likelihoods_spell_the_text(client: openai.OpenAI, name: str) -> None:
    asked: Any = {"model": "gpt-4o", "messages": said(name), "logprobs": True, "top_logprobs": 5}
    choice = client.chat.completions.create(**asked).choices[0]
    assert choice.logprobs
    likely = choice.logprobs.content or []
    assert spelled(likely).decode() == choice.message.content == TEXTS[name][0]
    assert len(likely) == TEXTS[name][1]
    plausible(likely)
    streamed: list[Any] = []
    for chunk in client.chat.completions.create(**asked, stream=True):
        part = chunk.choices[0]
        own = (part.logprobs and part.logprobs.content) or []
        assert spelled(own).decode() == (part.delta.content or "")
        streamed += own
    assert [each.to_dict() for each in streamed] == [each.to_dict() for each in likely]


@pytest.mark.skipif(not RESPONSES, reason="This SDK has no Responses API.")
@pytest.mark.parametrize("name", TEXTS)
async def test_likelihoods_of_responses(async_client: openai.AsyncOpenAI, name: str) -> None:
    asked: Any = {"model": "gpt-4o", "input": name, "include": ["message.output_text.logprobs"]}
    asked["extra_body"] = {"top_logprobs": 3}
    whole: Any = await async_client.responses.create(**asked)
    likely = whole.output[0].content[0].logprobs
    assert spelled(likely).decode() == whole.output_text == TEXTS[name][0]
    plausible(likely)
    streamed: list[Any] = []
    async for event in await async_client.responses.create(**asked, stream=True):
        if event.type == "response.output_text.delta":
            streamed += event.logprobs
            assert len((json.dumps(event.delta, ensure_ascii=False)[1:-1] + event.obfuscation).encode()) % 16 == 0
        elif event.type == "response.output_text.done":
            assert [each.logprob for each in event.logprobs] == [each.logprob for each in likely]
        elif event.type == "response.completed":
            assert event.response.output[0].content[0].logprobs == likely
    assert [(each.token, each.logprob) for each in streamed] == [(each.token, each.logprob) for each in likely]


@pytest.mark.parametrize("name", TEXTS)
def test_likelihoods_of_older_completions(client: openai.OpenAI, name: str) -> None:
    asked: Any = {"model": "gpt-3.5-turbo-instruct", "prompt": name, "logprobs": 4, "max_tokens": 100}
    found = client.completions.create(**asked).choices[0].logprobs
    assert found
    assert found.token_logprobs
    assert found.top_logprobs
    assert len(found.token_logprobs) == TEXTS[name][2]
    assert all(sum(exp(value) for value in top.values()) <= 1 for top in found.top_logprobs)
    assert all(max(top.values()) >= own for top, own in zip(found.top_logprobs, found.token_logprobs, strict=True))
    chunks = [chunk.choices[0].logprobs for chunk in client.completions.create(**asked, stream=True)]
    assert [value for part in chunks if part for value in part.token_logprobs or ()] == found.token_logprobs


@pytest.mark.parametrize("name", TEXTS)
def test_limits_and_usage_are_exact(client: openai.OpenAI, name: str) -> None:
    text, later, older = TEXTS[name]
    for model, tokens, most in (("gpt-4o", later, 1), ("gpt-4o", later, 5), ("gpt-4", older, 2), ("gpt-4", older, 7)):
        asked: Any = {"model": model, "messages": said(name)}
        assert client.chat.completions.create(**asked).usage.completion_tokens == tokens
        cut = client.chat.completions.create(**asked, max_tokens=most)
        assert (cut.usage.completion_tokens, cut.choices[0].finish_reason) == (most, "length")
        kept = spellings(encode(text, encoding_for(model))[:most], encoding_for(model))
        assert cut.choices[0].message.content == b"".join(kept).decode("utf-8", "ignore")
        options: Any = {"stream": True, "stream_options": {"include_usage": True}}
        *_, finish, usage = client.chat.completions.create(**asked, max_tokens=most, **options)
        assert (usage.usage.completion_tokens, finish.choices[0].finish_reason) == (most, "length")
        legacy: Any = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=name, max_tokens=most)
        assert (legacy.usage.completion_tokens, legacy.choices[0].finish_reason) == (most, "length")


@pytest.mark.skipif(not RESPONSES, reason="This SDK has no Responses API.")
@pytest.mark.parametrize("name", TEXTS)
async def test_limits_of_responses_are_exact(async_client: openai.AsyncOpenAI, name: str) -> None:
    asked: Any = {"model": "gpt-4o", "input": name}
    whole = await async_client.responses.create(**asked)
    assert whole.usage
    assert whole.usage.output_tokens == TEXTS[name][1]
    if TEXTS[name][1] <= 16:
        return
    cut = await async_client.responses.create(**asked, max_output_tokens=16)
    assert cut.usage
    assert cut.incomplete_details
    assert (cut.usage.output_tokens, cut.status, cut.incomplete_details.reason) == (
        16, "incomplete", "max_output_tokens",
    )  # fmt: skip


@pytest.mark.parametrize("form", ["wav", "mp3", "flac", "opus", "aac", "pcm16"])
def test_a_voice_is_a_recording(client: openai.OpenAI, form: str) -> None:
    asked: Any = {"model": "gpt-4o-audio-preview", "messages": said("latin"), **VOICE}
    asked["audio"] = {"voice": "alloy", "format": form}
    made = client.chat.completions.create(**asked)
    voice, usage = made.choices[0].message.audio, made.usage
    assert voice
    assert usage
    assert usage.completion_tokens_details
    assert (made.choices[0].message.content, voice.transcript) == (None, TEXTS["latin"][0])
    sound = base64.b64decode(voice.data)
    if form == "pcm16":
        seconds = len(sound) / 48_000
    else:
        assert kind(sound) == {"opus": "ogg"}.get(form, form)
        seconds = duration(sound) or 0
    assert seconds == pytest.approx(len(voice.transcript) / 15, abs=0.05)
    assert usage.completion_tokens_details.audio_tokens == pytest.approx(seconds * 20, abs=1)
    assert usage.completion_tokens == usage.completion_tokens_details.audio_tokens + TEXTS["latin"][1]


def test_a_voice_in_a_stream(client: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4o-audio-preview", "messages": said("devanagari"), "stream": True, **STREAMED}
    deltas: list[Any] = [chunk.choices[0].delta for chunk in client.chat.completions.create(**asked)]
    voices = [voice for delta in deltas if (voice := delta.to_dict().get("audio"))]
    assert "".join(voice.get("transcript", "") for voice in voices) == TEXTS["devanagari"][0]
    assert len(base64.b64decode("".join(voice.get("data", "") for voice in voices))) > 48_000
    assert [set(voice) for voice in (voices[0], voices[-1])] == [{"id", "transcript", "data"}, {"expires_at"}]
    asked |= {"stream": False, "messages": [*said("x"), {"role": "assistant", "audio": {"id": voices[0]["id"]}}]}
    with pytest.raises(openai.BadRequestError, match="No matching"):  # the voice is known, the conversation is not
        client.chat.completions.create(**asked)
    asked["messages"][1]["audio"]["id"] = "audio_x"
    with pytest.raises(openai.NotFoundError, match="Audio with id 'audio_x' not found"):
        client.chat.completions.create(**asked)


LONG = "The quick brown fox jumps over the lazy dog. " * 400


def test_a_repeated_prompt_is_cached(plain: openai.OpenAI) -> None:
    def read(*messages: str, **more: Any) -> tuple[int, int]:
        asked: Any = [{"role": "user", "content": text} for text in messages]
        usage: Any = plain.chat.completions.create(model="gpt-4o", messages=asked, **more).usage
        return usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens or 0

    total, cached = read(LONG)
    assert (total > 4000, cached) == (True, 0)
    assert read(LONG) == (total, total // 128 * 128)
    assert read(LONG, "And then?")[1] == total // 128 * 128
    longer, cached = read(LONG, "And then?" * 200)
    assert (longer > total + 300, cached) == (True, total // 128 * 128)
    assert read(LONG, "And then?" * 200)[1] == longer // 128 * 128
    half = read(LONG[: len(LONG) // 2] + "Something else. " * 300)[1]
    assert half in {total // 2 // 128 * 128, total // 2 // 128 * 128 - 128}
    assert read("Other " + LONG)[1] == 0
    assert read(LONG, extra_body={"prompt_cache_key": "mine"})[1] == 0
    assert read(LONG, extra_headers={"x-mock-session": "other"})[1] == 0
    assert read(LONG[:3000]) == (read(LONG[:3000])[0], 0)
    with_tools = read(LONG, tools=[WEATHER])
    assert with_tools[1] == 0
    assert read(LONG, tools=[WEATHER])[1] == with_tools[0] // 128 * 128


@pytest.mark.skipif(not RESPONSES, reason="This SDK has no Responses API.")
def test_a_conversation_is_cached_as_it_grows(plain: openai.OpenAI) -> None:
    previous, read = None, []
    for turn in range(4):
        answer = plain.responses.create(
            model="gpt-4o", input=LONG if not turn else f"Turn {turn}", previous_response_id=previous
        )
        assert answer.usage
        previous = answer.id
        read.append((answer.usage.input_tokens, answer.usage.input_tokens_details.cached_tokens))
    assert read[0][1] == 0
    assert [cached for _, cached in read[1:]] == [before // 128 * 128 for before, _ in read[:-1]]


@pytest.mark.parametrize("name", ["Hi", "wikipedia", "Who are you?"])
def test_the_same_seed_says_the_same(plain: openai.OpenAI, name: str) -> None:
    def ask(seed: int) -> Any:
        made = plain.chat.completions.create(model="gpt-4o", messages=said(name), seed=seed)
        return made.choices[0].message.content, made.system_fingerprint

    assert ask(7) == ask(7)
    assert len({ask(seed)[0] for seed in range(8)}) > 1
    assert len({ask(seed)[1] for seed in range(8)}) == 1


def test_thinking_is_counted(plain: openai.OpenAI) -> None:
    for effort, tokens in (("low", 64), ("medium", 128), ("high", 320)):
        asked: Any = {"model": "o3", "messages": said("Hi"), "reasoning_effort": effort}
        made = plain.chat.completions.create(**asked)
        assert made.usage.completion_tokens_details.reasoning_tokens == tokens


WRITTEN = """
responses:
  - id: whole
    matcher: {messages: [{role: user, content: whole}]}
    response:
      choices:
        - message:
            role: assistant
            content: Hi there
            annotations:
              - type: url_citation
                url_citation: {start_index: 0, end_index: 2, title: A, url: "https://a.example"}
          logprobs:
            content:
              - {token: Hi, logprob: -1.5, bytes: [72, 105], top_logprobs: []}
              - {token: " there", logprob: -2.5, bytes: null, top_logprobs: []}
            refusal: null
          finish_reason: length
      usage: {prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: {cached_tokens: 2}}
  - id: voice
    matcher: {messages: [{role: user, content: voice}]}
    response:
      choices:
        - message:
            role: assistant
            content: null
            audio: {id: audio_1, data: aGk=, expires_at: 5, transcript: Hi}
"""


def test_what_an_answer_says_of_itself_wins() -> None:
    library = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
    made = OpenAIMock(load(WRITTEN, name="written.yaml", env={}), seed=1)
    with library.Client(transport=made.transport(library)) as http:
        client = openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)
        asked: Any = {"model": "gpt-4o", "messages": said("whole"), "logprobs": True, "web_search_options": {}}
        whole = client.chat.completions.create(**asked)
        choice = whole.choices[0]
        assert choice.logprobs
        assert [each.logprob for each in choice.logprobs.content or ()] == [-1.5, -2.5]
        assert whole.usage
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens) == (3, 4, 7)
        assert choice.finish_reason == "length"
        assert choice.message.to_dict()["annotations"][0]["url_citation"]["title"] == "A"
        chunks: list[Any] = list(client.chat.completions.create(**asked, stream=True))
        likely = [each for chunk in chunks if (own := chunk.choices[0].logprobs) for each in own.content]
        assert [(each.token, each.logprob) for each in likely] == [("Hi", -1.5), (" there", -2.5)]
        assert chunks[-2].choices[0].delta.to_dict()["annotations"][0]["url_citation"]["title"] == "A"
        voice = client.chat.completions.create(model="gpt-4o", messages=said("voice")).choices[0].message.audio
        assert voice
        assert (voice.id, voice.data, voice.transcript) == ("audio_1", "aGk=", "Hi")


# Every stream of chat, chunk by chunk: a machine that knows which chunk may follow which.

ASKED: dict[str, dict[str, Any]] = {
    "text": {},
    "padded off": {"stream_options": {"include_obfuscation": False}},
    "usage": {"stream_options": {"include_usage": True}},
    "choices": {"n": 3, "logprobs": True, "top_logprobs": 1},
    "call": {"tools": [WEATHER], "tool_choice": "required"},
    "json": {"response_format": {"type": "json_object"}},
    "search": {"web_search_options": {}},
    "voice": {"model": "gpt-4o-audio-preview", **STREAMED},
    "cut": {"max_completion_tokens": 3},
    "thinking": {"model": "o3", "reasoning_effort": "low"},
    "tier": {"service_tier": "flex", "prediction": {"type": "content", "content": "This is"}},
}


@pytest.mark.parametrize("name", ASKED)
def test_a_stream_of_chat_is_in_order(plain: openai.OpenAI, name: str) -> None:
    body: dict[str, Any] = {"model": "gpt-4o", "messages": said("weather in JSON"), **ASKED[name], "seed": 3}
    whole = json.loads(_posted(plain, body | {"stream_options": None}))
    WHOLE.validate(whole)
    text = _posted(plain, {**body, "stream": True})
    blocks = text.split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]
    for chunk in chunks:
        CHUNK.validate(chunk)
    shared = [{key: chunk.get(key) for key in ("id", "created", "model", "system_fingerprint")} for chunk in chunks]
    assert all(one == shared[0] for one in shared)
    asked = body.get("stream_options") or {}
    if asked.get("include_usage"):
        usage = chunks.pop()
        assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
        assert all(chunk["usage"] is None for chunk in chunks)
    assert all(("obfuscation" in chunk) is (asked.get("include_obfuscation") is not False) for chunk in chunks)
    messages = [_heard(chunks, choice["index"]) for choice in whole["choices"]]
    for (message, finish), choice in zip(messages, whole["choices"], strict=True):
        assert finish == choice["finish_reason"]
        assert message == _comparable(choice["message"])


def _posted(client: openai.OpenAI, body: dict[str, Any]) -> str:
    sent = {key: value for key, value in body.items() if value is not None}
    return client.post("/chat/completions", body=sent, cast_to=str, options={"headers": {"accept": "text/plain"}})


def _heard(chunks: list[Any], index: int) -> tuple[dict[str, Any], str]:
    """The message that one choice of a stream says, and how it ends; each step must be one that may follow."""
    mine = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    assert mine[0]["delta"]["role"] == "assistant"
    message: dict[str, Any] = {"text": "", "calls": [], "annotations": [], "voice": {}}
    for choice in mine[1:-1]:
        delta = choice["delta"]
        assert choice.get("finish_reason") is None
        assert len(delta) == 1, "one thing at a time"
        if "content" in delta:
            assert not message["calls"]
            message["text"] += delta["content"]
        for call in delta.get("tool_calls", ()):
            if "id" in call:
                assert call["index"] == len(message["calls"])
                message["calls"].append([call["id"], call["function"]["name"], ""])
            else:
                assert call["index"] == len(message["calls"]) - 1
                message["calls"][-1][2] += call["function"]["arguments"]
        for key, value in delta.get("audio", {}).items():
            assert key == "expires_at" or "expires_at" not in message["voice"]
            message["voice"][key] = message["voice"].get(key, type(value)()) + value
        message["annotations"] += delta.get("annotations", ())
    assert mine[-1]["delta"] == {}
    if message["voice"]:
        assert message["voice"].pop("id").startswith("audio_")
        assert message["voice"].pop("expires_at")
    return message, mine[-1]["finish_reason"]


def _comparable(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls", ())
    voice = {key: value for key, value in message.get("audio", {}).items() if key in {"data", "transcript"}}
    return {
        "text": message["content"] or "",
        "calls": [[call["id"], call["function"]["name"], call["function"]["arguments"]] for call in calls],
        "annotations": message["annotations"],
        "voice": voice,
    }
