"""From nothing to an answer: cold start, import, `--help`, and the memory of a server that has answered once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import report, servers, traffic

_BODY = traffic.chat(f"What is the weather like at station {traffic.MARK} today?")
_MEGABYTES = 80.0
_REPEATS = 3
"""Starts for each round: they are short and vary."""
_HELP = (*servers.OURS, "--help")
_IMPORTED = "import time; started = time.perf_counter(); {}; print((time.perf_counter() - started) * 1e3)"


def cold_start(rounds: int, _seconds: float, _folder: Path) -> Iterator[report.Figure]:
    """From the start of the process to the first 200, with bytecode present."""
    costs: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds * _REPEATS + 1):
        for command, cost in zip((servers.floor_command, servers.our_command), costs, strict=True):
            port = servers.free_port()
            started = time.perf_counter()
            with servers.spawned(command.__name__, port, command(port)) as server:
                servers.until_answered(server, _BODY)
                spent = time.perf_counter() - started
            if turn:  # the first start writes the bytecode
                cost.append(spent * 1e3)
    yield report.of_costs("cold start to the first 200", "ms", *costs, 2.5)


def command_line(rounds: int, _seconds: float, _folder: Path) -> Iterator[report.Figure]:
    """`openai-mock --help` against a Python that does nothing, and the import of the package."""
    costs: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds * _REPEATS + 1):
        for command, cost in zip(((sys.executable, "-c", "pass"), _HELP), costs, strict=True):
            started = time.perf_counter()
            _said(command)
            if turn:
                cost.append((time.perf_counter() - started) * 1e3)
    yield report.of_costs("openai-mock --help for a bare python", "ms", *costs)
    for what in (
        "import openai_mock",
        "from openai_mock import OpenAIMock",
        "import openai_mock; openai_mock.OpenAIMock()",
    ):
        command = (sys.executable, "-c", _IMPORTED.format(what))
        spent = [float(_said(command)) for _ in range(rounds * _REPEATS)]
        yield report.Figure(
            what.replace("import openai_mock; openai_mock", "import and "), "ms", None, report.median(spent)
        )


def memory(_rounds: int, _seconds: float, _folder: Path) -> Iterator[report.Figure]:
    """Memory in RAM of an idle server, before and after its first chat request."""
    with servers.floor() as least, servers.ours() as ours:
        before = [servers.resident_megabytes(server) for server in (least, ours)]
        for server in (least, ours):
            servers.ask(server, _BODY)
        after = [servers.resident_megabytes(server) for server in (least, ours)]
    for name, (reference, own), target in (("before", before, None), ("after", after, _MEGABYTES)):
        if own is not None:
            yield report.Figure(f"memory {name} one chat request", "MB", reference, own, None, target)


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(
        command, cwd=servers.ROOT, env=servers.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise servers.BrokenError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
