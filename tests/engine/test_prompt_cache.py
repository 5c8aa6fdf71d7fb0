"""The prompt cache: what earlier prompts make known, for how long, and in how much memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.engine.prompt_cache import SHORTEST, STEP, PromptCache
from openai_mock.mock import OpenAIMock
from openai_mock.turns.tokens import prompt_tokens
from openai_mock.wire import Data, Request

WORDS = "The quick brown fox jumps over the lazy dog. "
LONG = WORDS * 300
Ask = Callable[..., dict[str, int]]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


class World:
    def __init__(self) -> None:
        self.clock = Clock()


class Call:
    """As much of a call as the cache looks at."""

    def __init__(self, world: World, session: str = "", model: str = "gpt-4o", **body: Any) -> None:
        self.world, self.session, self.model, self.body = world, session, model, body
        self.request = Request("POST", "/", body=repr(body).encode())


def read(cache: PromptCache, call: Any, *texts: Any) -> int:
    messages = [{"role": "user", "content": text} for text in texts]
    total = prompt_tokens(messages, "gpt-4o", call.body.get("tools") or ())
    cached = cache.read(call, messages, total)[0]
    assert cached % STEP == 0
    assert cached == 0 or SHORTEST <= cached <= total
    return cached


def test_it_is_forgotten_in_time() -> None:
    cache, world = PromptCache(), World()
    for more, seconds in (({}, 86_400), ({"prompt_cache_retention": "in_memory"}, 600)):
        cache.clear()
        read(cache, Call(world, **more), LONG)
        world.clock.seconds += seconds - 1
        assert read(cache, Call(world, **more), LONG) > 0
        world.clock.seconds += seconds
        assert read(cache, Call(world, **more), LONG) == 0
    options: Any = {"prompt_cache_options": {"ttl": "30m"}}
    read(cache, Call(world, **options), "x" + LONG)
    world.clock.seconds += 1_801
    assert read(cache, Call(world, **options), "x" + LONG) == 0


def test_sessions_models_and_keys_are_apart_and_sessions_are_forgotten() -> None:
    cache, world = PromptCache(), World()
    read(cache, Call(world), LONG)
    for other in (Call(world, "a"), Call(world, model="gpt-5"), Call(world, prompt_cache_key="k")):
        assert read(cache, other, LONG) == 0
        assert read(cache, other, LONG) > 0
    cache.forget("a")
    assert read(cache, Call(world, "a"), LONG) == 0
    assert read(cache, Call(world), LONG) > 0


def test_breakpoints_may_be_required() -> None:
    cache, world = PromptCache(), World()
    explicit: Any = {"prompt_cache_options": {"mode": "explicit"}}
    read(cache, Call(world, **explicit), LONG)
    assert read(cache, Call(world, **explicit), LONG) == 0
    part = {"type": "text", "text": LONG}
    marked = [{**part, "prompt_cache_breakpoint": {"mode": "explicit"}}, part]
    read(cache, Call(world, **explicit), marked)
    half = read(cache, Call(world, **explicit), marked)
    assert half == prompt_tokens([{"role": "user", "content": LONG}], "gpt-4o") // STEP * STEP
    assert read(cache, Call(world), marked) == half


def test_newer_models_count_what_they_write() -> None:
    cache, world = PromptCache(), World()
    messages = [{"role": "user", "content": LONG}]
    assert cache.read(Call(world), messages, 2_000) == (0, 0)  # type: ignore[arg-type]
    newer: Any = Call(world, model="gpt-5.6-sol")
    assert cache.read(newer, messages, 2_000) == (0, 1_920)
    assert cache.read(newer, messages, 2_000) == (1_920, 0)


def test_memory_is_bounded() -> None:
    cache, world = PromptCache(most=100), World()
    for number in range(50):
        read(cache, Call(world), f"{number} {LONG}")
    assert len(cache) == 100
    assert read(cache, Call(world), f"49 {LONG}") > 0
    assert read(cache, Call(world), f"0 {LONG}") == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(LONG)), st.booleans())
def test_no_more_is_known_than_what_is_alike(same: int, parts: bool) -> None:
    cache, world = PromptCache(), World()
    one, other = LONG, LONG[:same] + "~" + "Something else. " * 300
    write = (lambda text: [{"type": "text", "text": text}]) if parts else (lambda text: text)
    read(cache, Call(world), write(one))
    alike = prompt_tokens([{"role": "user", "content": LONG[:same]}], "gpt-4o")
    found = read(cache, Call(world), write(other))
    assert found <= alike
    if not parts and alike > SHORTEST + 2 * STEP:
        assert found >= (alike - STEP) // STEP * STEP


@pytest.fixture
def ask() -> Ask:
    mock = OpenAIMock(seed=1)
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}

    def asked(text: str, *, reset: bool = False) -> dict[str, int]:
        if reset:
            mock.reset()
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        request = Request("POST", "/v1/chat/completions", headers=headers, body=json.dumps(body).encode())
        steps = b"".join(step.chunk for step in mock.handle(request) if isinstance(step, Data))
        details: dict[str, int] = json.loads(steps)["usage"]["prompt_tokens_details"]
        return details

    return asked


def test_a_reset_forgets(ask: Ask) -> None:
    assert [ask(LONG)["cached_tokens"] > 0 for _ in range(2)] == [False, True]
    assert ask(LONG, reset=True)["cached_tokens"] == 0
