"""The cost of many flows to a user: the same questions against 10, 1,000 and 100,000 of them, ours against ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, TypeAlias

from bench import load, report, servers, traffic
from bench.throughput import flow
from openai_mock.config.load import read
from openai_mock.rules.speak import speaker
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.turn import Prompt, Reply, Speak

Kind: TypeAlias = Literal["exact", "contains", "mixed"]
KINDS: tuple[Kind, ...] = ("exact", "contains", "mixed")
SIZES = (10, 1_000, 100_000)
TARGET = 2.0
_ASKED = 2_000
"""Different questions in one round of the index."""
_STRIDE = 7919
"""Neighbouring requests hit distant flows; a prime that divides no share, so every flow has its turn."""
_WRITTEN = {
    "exact": "What is the status of order {:06}?",
    "contains": "parcel no. {:06},",
    "regex": r"invoice\s+R{:06}\b",
    "fuzzy": "Could you please summarise the quarterly report of team {:06} for me?",
}
_ASKS = {
    "exact": "What is the status of order {:06}?",
    "contains": "Where is my parcel no. {:06}, sent as " + traffic.MARK + "?",
    "regex": "I can't find invoice  R{:06} for " + traffic.MARK + ".",
    "fuzzy": "Could you please sumarise the quarterly reports of team {:06} for me? " + traffic.MARK,
}
_MIX = ("exact", "contains", "exact", "exact", "contains", "regex", "exact", "contains", "exact", "fuzzy")


def shares(kind: Kind, size: int) -> dict[str, int]:
    """How many flows of each matcher.

    A mixed set has two regular expressions and two fuzzy ones, however large: what users write by hand stays few, and
    the index is to answer for the rest.
    """
    if kind != "mixed":
        return {kind: size}
    contained = (size - 4) // 3
    return {"exact": size - 4 - contained, "contains": contained, "regex": 2, "fuzzy": 2}


def write_flows(kind: Kind, size: int, folder: Path) -> Path:
    """A configuration file of so many flows."""
    flows = [
        flow(f"{matcher}-{number}", _WRITTEN[matcher].format(number), matcher, f"Answer {number}.")
        for matcher, share in shares(kind, size).items()
        for number in range(share)
    ]
    path = folder / f"{kind}-{size}.json"
    path.write_text(json.dumps({"responses": flows}), "utf-8")
    return path


def bodies(kind: Kind, size: int) -> list[str]:
    """Requests that hit every flow, in the same mix of matchers whatever the size."""
    questions = {
        matcher: cycle(_ASKS[matcher].format(index * _STRIDE % share) for index in range(share))
        for matcher, share in shares(kind, size).items()
    }
    mix = islice(cycle(_MIX), 2 * size) if kind == "mixed" else [kind] * size
    return [_body(next(questions[matcher])) for matcher in mix]


def _body(text: str) -> str:
    return traffic.chat(text) if traffic.MARK in text else traffic.chat(text, user=traffic.MARK)


def over_http(rounds: int, seconds: float, folder: Path) -> Iterator[report.Figure]:
    """Each kind and size behind a server of its own."""
    for kind in KINDS:
        with ExitStack() as stack:
            running, asked, ready = [], [], 0.0
            for size in SIZES:
                config = write_flows(kind, size, folder)
                started = time.perf_counter()
                running.append(stack.enter_context(servers.ours(config)))
                ready = time.perf_counter() - started
                asked.append(traffic.write(bodies(kind, size), folder / f"{kind}-{size}.bodies"))
                _check(running[-1], kind, size)
            costs: list[list[float]] = [[] for _ in SIZES]
            for turn in range(rounds):
                for server, path, cost in zip(running, asked, costs, strict=True):
                    seen = load.load(server, path, seconds, turn * 10**9)
                    cost.append(1e6 / seen.rate if seen.cpu is None else seen.cpu)
            megabytes = servers.resident_megabytes(running[-1])
        yield from _grown(f"{kind}, {{:,}} flows for {SIZES[0]}, HTTP", "us/request", costs)
        yield report.Figure(f"{kind}, {SIZES[-1]:,} flows: ready after", "s", None, ready)
        if megabytes is not None:
            yield report.Figure(f"{kind}, {SIZES[-1]:,} flows: memory after the load", "MB", None, megabytes)


def index_alone(rounds: int, _seconds: float, folder: Path) -> Iterator[report.Figure]:
    """The choice of an answer without HTTP, JSON and tokens."""
    for kind in KINDS:
        speaks = [speaker(read(write_flows(kind, size, folder)).scripts, _no_author) for size in SIZES]
        asked = [_prompts(kind, size) for size in SIZES]
        costs: list[list[float]] = [[] for _ in SIZES]
        for turn in range(rounds + 1):
            for speak, prompts, cost in zip(speaks, asked, costs, strict=True):
                spent = _microseconds(speak, prompts)
                if turn:  # the first round warms up
                    cost.append(spent)
        yield from _grown(f"{kind}, {{:,}} flows for {SIZES[0]}, index alone", "us", costs)


def _grown(name: str, unit: str, costs: Sequence[Sequence[float]]) -> Iterator[report.Figure]:
    for size, cost in zip(SIZES[1:], costs[1:], strict=True):
        yield report.of_costs(name.format(size), unit, costs[0], cost, TARGET)


def _check(server: servers.Server, kind: Kind, size: int) -> None:
    """The flow that was asked for is the one that answers."""
    for matcher, share in shares(kind, size).items():
        for number in {0, share // 2, share - 1}:
            answer = servers.ask(server, _body(_ASKS[matcher].format(number)))
            if matcher != "fuzzy" and f'"chatcmpl-{matcher}-{number}"'.encode() not in answer:
                raise servers.BrokenError(f"flow {matcher}-{number} of {size} did not answer:\n{answer!r}")


def _prompts(kind: Kind, size: int) -> list[Prompt]:
    numbered = [traffic.numbered(body, serial) for serial, body in enumerate(islice(cycle(bodies(kind, size)), _ASKED))]
    return [Prompt(from_chat(body["messages"]), body["model"], body) for body in map(json.loads, numbered)]


def _microseconds(speak: Speak, prompts: Sequence[Prompt]) -> float:
    started = time.process_time()  # a choice waits for nothing, so other processes need not disturb it
    for prompt in prompts:
        speak(prompt)
    return (time.process_time() - started) / len(prompts) * 1e6


def _no_author(prompt: Prompt) -> Reply:
    raise servers.BrokenError(f"no flow answered {prompt.messages[-1].text!r}")
