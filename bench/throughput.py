"""Requests per second: whole chat completions and instant streams against the floor, Responses against chat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
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


def responses(rounds: int, seconds: float, folder: Path) -> Iterator[report.Figure]:
    """The Responses API against chat on the same server: whole, and streams of 50 tokens."""
    weather, counted = "It is sunny today, with a light wind from the west.", " ".join(["word"] * least.TOKENS)
    flows = [flow("weather", "weather", "contains", weather), flow("count", "count", "contains", counted)]
    config = folder / "both.json"
    config.write_text(json.dumps({"responses": flows}), "utf-8")
    for name, stream, text in (
        ("Responses against chat, JSON", False, f"What is the weather like at station {traffic.MARK} today?"),
        (f"Responses against chat, streams of {least.TOKENS}", True, f"Please count for listener {traffic.MARK}."),
    ):
        lines = traffic.chat(text, stream=stream), traffic.responses(text, stream=stream)
        pair = [traffic.write([line], folder / f"{api}-{stream}") for api, line in enumerate(lines)]
        with servers.ours(config) as chat, servers.ours(config) as other:
            outcomes = _in_turns((chat, other), pair, rounds, seconds)
        yield from report.of_loads(name, outcomes[0], outcomes[1], target=0.6)


def _against_floor(
    name: str, config: Path | None, bodies: Path, rounds: int, seconds: float
) -> Iterator[report.Figure]:
    first = bodies.read_text("utf-8").splitlines()[0]
    with ExitStack() as stack:
        pair = [stack.enter_context(servers.floor()), stack.enter_context(servers.ours(config))]
        for server in pair:
            servers.ask(server, first)
        outcomes = _in_turns(pair, (bodies, bodies), rounds, seconds)
    yield from report.of_loads(name, outcomes[0], outcomes[1], target=0.5)


def _in_turns(
    pair: Sequence[servers.Server], bodies: Sequence[Path], rounds: int, seconds: float
) -> list[list[load.Outcome]]:
    """Load two servers by turns, each with its own bodies, after a start that does not count."""
    for server, own in zip(pair, bodies, strict=True):
        load.load(server, own, min(1.0, seconds), 0)
    outcomes: list[list[load.Outcome]] = [[], []]
    for turn in range(1, rounds + 1):
        for server, own, seen in zip(pair, bodies, outcomes, strict=True):
            seen.append(load.load(server, own, seconds, turn * 10**9))
    return outcomes


def _check_stream(answer: bytes) -> None:
    """Both sides must do the same work: one content chunk for each token, and the end."""
    contents = answer.count(b'"content":"') - answer.count(b'"content":""')
    if contents != least.TOKENS or b"data: [DONE]\n\n" not in answer:
        raise servers.BrokenError(f"a stream of {least.TOKENS} tokens came as {contents} content chunks")
