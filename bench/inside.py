"""Calls inside the process: the SDK over our transport against the SDK over a transport that returns a constant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import openai

from bench import floor, report, traffic
from openai_mock import OpenAIMock

_CALLS = 200
_URL = "https://api.openai.com/v1/chat/completions"
_HEADERS = {"authorization": "Bearer sk-benchmark", "content-type": "application/json"}


def sdk(rounds: int, _seconds: float, _folder: Path) -> Iterator[report.Figure]:
    """`client.chat.completions.create` of the installed SDK."""
    with _sdk_client(_constant(httpx2)) as reference, _sdk_client(OpenAIMock().transport(httpx2)) as ours:
        yield _compared("the SDK in process", _sdk_call(reference), _sdk_call(ours), rounds, target=1.2)


def clients(rounds: int, _seconds: float, _folder: Path) -> Iterator[report.Figure]:
    """The HTTP clients alone, where nothing hides what the mock costs."""
    for library in (httpx, httpx2):
        name = f"a bare {library.__name__} client in process"
        with (
            library.Client(transport=_constant(library)) as reference,
            library.Client(transport=OpenAIMock().transport(library)) as ours,
        ):
            yield _compared(name, _post_call(reference), _post_call(ours), rounds, target=None)


def _constant(library: ModuleType) -> Any:
    """A transport that answers every request with the same completion."""
    body = floor.completion({"model": "gpt-4o"})
    headers = {"content-type": "application/json"}
    return library.MockTransport(lambda _request: library.Response(200, headers=headers, content=body))


def _sdk_client(transport: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-benchmark", max_retries=0, http_client=httpx2.Client(transport=transport))


def _sdk_call(client: openai.OpenAI) -> Callable[[str], object]:
    def call(text: str) -> object:
        return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])

    return call


def _post_call(client: Any) -> Callable[[str], object]:
    def call(text: str) -> object:
        return client.post(_URL, headers=_HEADERS, content=traffic.chat(text)).raise_for_status()

    return call


def _compared(
    name: str, reference: Callable[[str], object], ours: Callable[[str], object], rounds: int, target: float | None
) -> report.Figure:
    serial = count()
    costs: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for call, cost in zip((reference, ours), costs, strict=True):
            spent = _microseconds(call, serial)
            if turn:  # the first round warms up
                cost.append(spent)
    return report.of_costs(name, "us/call", *costs, target)


def _microseconds(call: Callable[[str], object], serial: Iterator[int]) -> float:
    texts = [f"What is the weather like at station {next(serial)} today?" for _ in range(_CALLS)]
    started = time.process_time()  # a call waits for nothing, so other processes need not disturb it
    for text in texts:
        call(text)
    return (time.process_time() - started) / _CALLS * 1e6
