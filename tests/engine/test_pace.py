"""Paces: what they say of percentiles and deadlines, who is how fast, and what clients see of it."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import islice, pairwise
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.formats.timing import PRESETS, pace_of, paces_of
from openai_mock.config.load import load
from openai_mock.engine.answers import Alike
from openai_mock.engine.chance import stream
from openai_mock.engine.pace import Pace, Spread, beats, nth, sampler, streamed
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Head, Request, Step, Wait

FIXED = "first_token=300ms,between_tokens=20ms"
ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def chat(*, streams: bool = False, model: str = "gpt-4o", text: str = "hi", **headers: str) -> Request:
    body = {"model": model, "stream": streams, "messages": [{"role": "user", "content": text}]}
    sent = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    return Request("POST", "/v1/chat/completions", "", {**sent, **headers}, json.dumps(body).encode())


def response(*, streams: bool) -> Request:
    body = {"model": "gpt-4o", "stream": streams, "input": "hi"}
    sent = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    return Request("POST", "/v1/responses", "", sent, json.dumps(body).encode())


def deadlines(steps: list[Step]) -> list[float]:
    return [step.at for step in steps if isinstance(step, Wait)]


def waits(mock: OpenAIMock, request: Request) -> list[float]:
    return deadlines(list(mock.handle(request)))


# Distributions


@given(
    st.integers(0, 2**64),
    st.floats(0.001, 10),
    st.floats(1.05, 2.0),
    st.floats(1.05, 1.6),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_percentiles_are_met_within_five_percent(seed: int, p50: float, near: float, far: float) -> None:
    wanted = (p50, p50 * near, p50 * near * far)
    draw = sampler(Spread("percentiles", wanted), stream(seed, "test"))
    drawn = sorted(draw() for _ in range(10_000))
    for share, value in zip((0.50, 0.90, 0.99), wanted, strict=True):
        assert drawn[int(share * 10_000)] == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize(
    ("distribution", "median", "p90"),
    [("fixed", 2.0, 2.0), ("uniform", 2.0, 2.48), ("normal", 2.0, 2.769), ("lognormal", 2.0, 2.938)],
)
def test_distributions(distribution: str, median: float, p90: float) -> None:
    draw = sampler(Spread(distribution, (2.0, 0.3)), stream(1, "test"))
    drawn = sorted(draw() for _ in range(10_000))
    assert drawn[0] >= 0
    assert drawn[5000] == pytest.approx(median, rel=0.05)
    assert drawn[9000] == pytest.approx(p90, rel=0.05)


@given(
    st.integers(0, 2**64),
    st.sampled_from(["fixed", "uniform", "normal", "lognormal"]),
    st.floats(0, 5),
    st.floats(0, 0.5),
    st.integers(0, 50),
)
@settings(deadline=None)
def test_deadlines_never_decrease(seed: int, distribution: str, sigma: float, gap: float, others: int) -> None:
    sigma = min(sigma, 1.0) if distribution == "uniform" else sigma
    pace = Pace(Spread(distribution, (0.3, sigma)), Spread(distribution, (gap, sigma)), delay=0.1, load=0.02)
    found = list(islice(beats(pace, stream(seed, "test"), lambda: others), 200))
    assert found[0] >= 0.1
    assert all(earlier <= later for earlier, later in pairwise(found))
    assert found == list(islice(beats(pace, stream(seed, "test"), lambda: others), 200))


# Deadlines of answers


def test_a_stream_waits_for_each_token_and_joins_what_frames_it() -> None:
    frames = [b"role", Alike(b"<", [b"1", b"2", b"3"], b">"), b"end", b"done"]
    pace = Pace(Spread("fixed", (1.0,)), Spread("fixed", (0.5,)))
    steps = list(streamed(Head(200, ()), frames, beats(pace, stream(1), lambda: 0), joined=True))
    assert steps == [
        Wait(1.0), Head(200, ()), Data(b"role<1>"), Wait(1.5), Data(b"<2>"), Wait(2.0), Data(b"<3>enddone"),
    ]  # fmt: skip


def test_without_time_between_tokens_all_of_them_are_one_write() -> None:
    frames = [Alike(b"<", [b"x"] * 100, b">")]
    pace = Pace(first_token=Spread("fixed", (1.0,)))
    steps = list(streamed(Head(200, ()), frames, beats(pace, stream(1), lambda: 0), joined=True))
    assert steps == [Wait(1.0), Head(200, ()), Data(b"<x>" * 100)]


def test_frames_of_other_streams_are_known_by_what_they_carry() -> None:
    frames = [
        b'event: response.created\ndata: {"type":"response.created"}\n\n',
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n',
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"b"}\n\n',
        b'event: response.completed\ndata: {"type":"response.completed"}\n\n',
    ]
    pace = Pace(Spread("fixed", (1.0,)), Spread("fixed", (0.5,)))
    steps = list(streamed(Head(200, ()), frames, beats(pace, stream(1), lambda: 0), joined=False))
    assert [type(step) for step in steps] == [Wait, Head, Data, Data, Wait, Data, Data]


def test_a_whole_answer_takes_as_long_as_its_stream() -> None:
    mock = OpenAIMock(seed=1, pace="first_token=300ms,between_tokens=0.75ms")
    whole, streaming = waits(mock, chat()), waits(mock, chat(streams=True))
    assert whole == [pytest.approx(streaming[-1])]
    assert streaming[1] - streaming[0] == pytest.approx(0.00075)
    assert waits(mock, response(streams=False)) == [pytest.approx(waits(mock, response(streams=True))[-1])]


def test_a_usage_that_no_model_has_holds_nobody_up() -> None:
    seconds = iter(range(3_000_000))
    assert nth(map(float, seconds), 2_000_000) == 999_999


def test_delay_is_for_all_and_tokens_only_where_a_model_speaks() -> None:
    mock = OpenAIMock(seed=1, pace={"delay": "200ms", "first_token": "1s"})
    models = Request("GET", "/v1/models", "", {"authorization": "Bearer sk-test"}, b"")
    health = Request("GET", "/health", "", {}, b"")
    wrong = Request("POST", "/v1/chat/completions", "", chat().headers, b"{")
    assert waits(mock, models) == [0.2]
    assert waits(mock, health) == []
    assert waits(mock, wrong) == [0.2]
    assert waits(mock, chat()) == [1.2]


def test_load_makes_answers_slower() -> None:
    mock = OpenAIMock(seed=1, pace="first_token=1s,load=0.5")
    alone = waits(mock, chat(streams=True))
    running = [mock.handle(chat(streams=True)) for _ in range(2)]
    for steps in running:
        next(steps)
    assert (alone[0], waits(mock, chat(streams=True))[0]) == (1.0, 2.0)
    for steps in running:
        steps.close()
    assert waits(mock, chat(streams=True))[0] == 1.0


def test_the_same_seed_gives_the_same_deadlines() -> None:
    def all_waits(seed: int) -> list[list[float]]:
        mock = OpenAIMock(seed=seed, pace="gpt-4o")
        return [waits(mock, chat(streams=True)) for _ in range(3)]

    first = all_waits(1)
    assert first == all_waits(1) != all_waits(2)
    assert first[0] != first[1]


# Who is how fast

CONFIG = """
pace:
  first_token: 1s
  models:
    "gpt-5*": {first_token: 2s}
    "o*": none
responses:
  - id: slow
    pace: {preset: gpt-4o, first_token: 4s, jitter: 0}
    messages: [{role: user, content: slow}, {role: assistant, content: "1"}]
  - id: late
    delay: 8s
    messages: [{role: user, content: late}, {role: assistant, content: "1"}]
  - id: usual
    messages: [{role: user, content: usual}, {role: assistant, content: "1"}]
"""


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (chat(text="usual"), [1.0]),
        (chat(text="usual", model="gpt-5-mini"), [2.0]),
        (chat(text="usual", model="o3"), []),
        (chat(text="slow", model="o3"), [4.0]),
        (chat(text="late"), [9.0]),
        (chat(text="slow", **{"x-mock-pace": "first_token=16s"}), [16.0]),
        (chat(text="slow", **{"x-mock-pace": "none"}), []),
    ],
    ids=["usual", "model", "none", "rule", "delay", "header", "header none"],
)
def test_who(request_: Request, first: list[float]) -> None:
    assert waits(OpenAIMock(load(CONFIG, name="f.yaml", env={}), seed=1), request_) == first


def test_a_header_that_is_no_pace() -> None:
    mock = OpenAIMock(seed=1)
    head = next(mock.handle(chat(**{"x-mock-pace": "fast"})))
    assert isinstance(head, Head) and head.status == 400
    assert "there is no preset 'fast'" in str(mock.journal.entries[-1].error)


def test_presets_and_realistic() -> None:
    for name in PRESETS:
        assert paces_of(name).idle == (name == "none")
    paces = paces_of("realistic")
    assert paces.of("gpt-4o-mini-2024-07-18", None) == pace_of("gpt-4o-mini") != paces.of("gpt-4o", None)
    assert paces.of("somebody-else", None) == pace_of("gpt-4o")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("pace: gpt-4p", "f.yaml:1:7: pace: there is no preset 'gpt-4p'; did you mean 'gpt-4'?"),
        ("pace: {first_token: soon}", "pace.first_token: 'soon' is no duration."),
        ("pace: {first_token: 2d}", "pace.first_token: expected a duration from 0 to a day"),
        ("pace: {between_tokens: 1ms, tokens_per_second: 5}", "say the same; remove one"),
        ("pace: {first_token: {p50: 2s, p90: 1s, p99: 3s}}", "percentiles must grow and lie above 0"),
        ("pace: {first_token: {p50: 2s, p90: 3s}}", "the key 'p99' is missing"),
        ("pace: {jitter: {distribution: gauss, sigma: 1}}", "expected 'uniform', 'normal' or 'lognormal'"),
        ("pace: {models: {'gpt-*': {first: 1s}}}", "unknown key 'first'"),
        ("pace: 'first_token=x'", "pace: pace: first_token: 'x' is no duration."),
    ],
)
def test_mistakes(text: str, mistake: str) -> None:
    with pytest.raises(ConfigErrors) as raised:
        load(text, name="f.yaml", env={})
    assert mistake in str(raised.value)


# Virtual time


def test_virtual_time_passes_by_itself() -> None:
    mock = OpenAIMock(seed=1, pace="first_token=30s,tokens_per_second=1", virtual_time=True)
    began, before = time.perf_counter(), mock.clock.now()
    http = httpx2.Client(transport=mock.transport(httpx2))
    with openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0, timeout=600) as client:
        tokens = len([c for c in client.chat.completions.create(**ASKED, stream=True) if c.choices[0].delta.content])
        assert mock.clock.now() - before == pytest.approx(29 + tokens, abs=1.5)
        with pytest.raises(openai.APITimeoutError):
            client.chat.completions.create(**ASKED, timeout=29)
        assert client.chat.completions.create(**ASKED, timeout=120).choices
    assert time.perf_counter() - began < 10


async def test_virtual_time_side_by_side() -> None:
    mock = OpenAIMock(seed=1, pace="first_token=30s,tokens_per_second=1", virtual_time=True)
    before = mock.clock.now()
    http = httpx2.AsyncClient(transport=mock.transport(httpx2))
    async with openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0, timeout=600) as client:

        async def one() -> int:
            return len([chunk async for chunk in await client.chat.completions.create(**ASKED, stream=True)])

        counted = await asyncio.gather(*(one() for _ in range(5)))
    assert len(set(counted)) == 1
    assert 30 <= mock.clock.now() - before < 5 * (30 + counted[0])
