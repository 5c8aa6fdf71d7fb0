"""Requests per second: whole chat completions and instant streams, against the floor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import floor as least
from bench import load, report, servers, traffic

_WEATHER = traffic.chat(f"What is the weather like at station {traffic.MARK} today?")
_STREAM = traffic.chat(f"Please count for listener {traffic.MARK}.", stream=True)


def flow(name: str, content: str, matcher: str, answer: str) -> dict[str, object]:
    """One conversation flow of a question and an answer, as the configuration file writes it."""
    question = {"role": "user", "content": content, "matcher": matcher}
    return {"id": name, "messages": [question, {"role": "assistant", "content": answer}]}


def chat(rounds: int, seconds: float, folder: Path) -> Iterator[report.Figure]:
    """JSON chat: answered by a flow, and without any configuration."""
    answer = "It is sunny today, with a light wind from the west and no rain until the evening."
    config = folder / "weather.json"
    config.write_text(json.dumps({"responses": [flow("weather", "weather", "contains", answer)]}), "utf-8")
    bodies = traffic.write([_WEATHER], folder / "weather.bodies")
    yield from _against_floor("JSON chat, one flow", config, bodies, rounds, seconds)
    yield from _against_floor("JSON chat, no configuration", None, bodies, rounds, seconds)


def streams(rounds: int, seconds: float, folder: Path) -> Iterator[report.Figure]:
    """Streams of 50 tokens whose chunks are all due at once."""
    config = folder / "count.json"
    words = " ".join(["word"] * least.TOKENS)
    config.write_text(json.dumps({"responses": [flow("count", "count", "contains", words)]}), "utf-8")
    bodies = traffic.write([_STREAM], folder / "count.bodies")
    with servers.ours(config) as server:
        _check_stream(servers.ask(server, _STREAM))
    yield from _against_floor(f"streams of {least.TOKENS} tokens", config, bodies, rounds, seconds)


def _against_floor(
    name: str, config: Path | None, bodies: Path, rounds: int, seconds: float
) -> Iterator[report.Figure]:
    first = bodies.read_text("utf-8").splitlines()[0]
    with ExitStack() as stack:
        pair = [stack.enter_context(servers.floor()), stack.enter_context(servers.ours(config))]
        for server in pair:
            servers.ask(server, first)
            load.load(server, bodies, min(1.0, seconds), 0)
        outcomes: list[list[load.Outcome]] = [[], []]
        for turn in range(1, rounds + 1):
            for server, seen in zip(pair, outcomes, strict=True):
                seen.append(load.load(server, bodies, seconds, turn * 10**9))
    yield from report.of_loads(name, outcomes[0], outcomes[1], target=0.5)


def _check_stream(answer: bytes) -> None:
    """Both sides must do the same work: one content chunk for each token, and the end."""
    contents = answer.count(b'"content":"') - answer.count(b'"content":""')
    if contents != least.TOKENS or b"data: [DONE]\n\n" not in answer:
        raise servers.BrokenError(f"a stream of {least.TOKENS} tokens came as {contents} content chunks")
