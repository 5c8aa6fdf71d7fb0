"""The servers under measurement: started, pinned to a core, asked once, weighed, and always stopped again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import traffic

ROOT = Path(__file__).parent.parent
OURS = (sys.executable, "-m", "openai_mock")
"""The command `openai-mock`, by the interpreter that runs the benchmarks."""
_PATIENCE = 300.0
"""Seconds until a server that does not answer counts as broken; reading 100,000 flows takes a while."""


class BrokenError(Exception):
    """Something did not work, as opposed to being slow."""


@dataclass(frozen=True)
class Server:
    """A running server: its name in messages, its port and its process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def floor_command(port: int) -> tuple[str, ...]:
    """The command line of the floor."""
    return (sys.executable, "-m", "bench.floor", str(port))


def our_command(port: int, config: Path | None = None) -> tuple[str, ...]:
    """The command line of our server, with or without flows."""
    return (*OURS, "serve", "--quiet", "--port", str(port), *(("--config", str(config)) if config else ()))


@contextmanager
def floor() -> Generator[Server]:
    """The floor, listening, on the server's core."""
    port = free_port()
    with _running("floor", port, floor_command(port)) as server:
        yield server


@contextmanager
def ours(config: Path | None = None) -> Generator[Server]:
    """Our server, listening, on the server's core."""
    port = free_port()
    with _running("openai-mock", port, our_command(port, config)) as server:
        yield server


@contextmanager
def _running(name: str, port: int, command: tuple[str, ...]) -> Generator[Server]:
    with spawned(name, port, command) as server:
        pin(server.process.pid, 0)
        _until(server, lambda: _connects(port))
        yield server


@contextmanager
def spawned(name: str, port: int, command: tuple[str, ...]) -> Generator[Server]:
    """A server that was just started and perhaps does not listen yet. What it printed goes into `BrokenError`."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield Server(name, port, process)
        except BrokenError as error:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise BrokenError(f"{error}\n{said}" if said else str(error)) from error
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment() -> dict[str, str]:
    """The environment of a measured process: without options of ours, and with bytecode, as where it is installed."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "OPENAI_MOCK_")
    return {key: value for key, value in os.environ.items() if not key.startswith(left_out)}


def until_answered(server: Server, body: str) -> bytes:
    """Ask until the server answers 200, at once and then every millisecond. Returns the answer."""
    return _until(server, lambda: _asked_if_listening(server.port, body))


def until_connected(server: Server) -> None:
    """Wait until the server takes connections."""
    _until(server, lambda: _connects(server.port))


def ask(server: Server, body: str) -> bytes:
    """Ask once, on a connection of its own. Raises `BrokenError` for anything but a 200."""
    answer = _asked(server.port, body)
    if answer[9:12] != b"200":
        raise BrokenError(f"{server.name} answers {answer[:1000].decode(errors='replace')!r} to {body[:300]}")
    return answer


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can and there is more than one: 0 is a server's, 1 the client's."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            with suppress(ProcessLookupError):
                os.sched_setaffinity(pid, {cores[core]})


def cpu_seconds(server: Server) -> float | None:
    """Processor time the server has used so far, or None where the system does not tell."""
    try:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(server: Server) -> float | None:
    """Memory of the server's that is in RAM, in MB (10^6 bytes), or None where the system does not tell."""
    try:
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(server.process.pid)], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(told.stdout) * 1024 / 1e6


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _until(server: Server, attempt: Callable[[], bytes]) -> bytes:
    given_up = time.monotonic() + _PATIENCE
    while time.monotonic() < given_up:
        if server.process.poll() is not None:
            raise BrokenError(f"{server.name} ended with status {server.process.returncode} before it answered")
        answer = attempt()
        if answer:
            return answer
        time.sleep(0.001)
    raise BrokenError(f"{server.name} did not answer within {_PATIENCE:.0f} s")


def _connects(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return b"yes"
    except OSError:
        return b""


def _asked_if_listening(port: int, body: str) -> bytes:
    try:
        answer = _asked(port, body)
    except OSError:
        return b""
    return answer if answer[9:12] == b"200" else b""


def _asked(port: int, body: str) -> bytes:
    before, after = traffic.framed(body, f"127.0.0.1:{port}")
    answer = b""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as connection:
        connection.sendall(b"%b%012d%b" % (before, time.monotonic_ns() % 10**12, after))
        while not traffic.whole(answer) and (more := connection.recv(65536)):
            answer += more
    return answer
