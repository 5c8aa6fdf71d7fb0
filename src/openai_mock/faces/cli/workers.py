"""`--workers`: several processes behind one port, begun, watched, replaced and ended by one that serves nothing itself.

Theory. Sockets and configuration exist before the first process is forked, so that each has them and a process that
replaces another takes over its sockets with whatever waits in them. The first process runs no thread when it forks.
Each process tells through a pipe of its own when it is ready; a pipe that ends earlier means that it never will be. The
other way round, a pipe that only the first process holds ends with it, and so do the others.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from openai_mock.doors.peers import Peers, places
from openai_mock.doors.sockets import Https, Port, ports, shared
from openai_mock.faces.cli.guard import debugging, sentence

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from openai_mock.library.punctuality import Raw

GRACE = 1.8
"""Seconds after which processes that were to end are killed: all are gone within two."""
_LOOK = 5.0
"""Seconds until the first process looks for itself, though nothing woke it."""
_MOST_DEATHS, _WITHIN = 5, 10.0
"""So many processes may die within so many seconds before replacing them is given up."""
CANNOT_SERVE = 1


class Worker(msgspec.Struct, frozen=True):
    """What one of the processes is given: its sockets, the others, and the folder that they share."""

    number: int
    listening: tuple[Port, ...]
    peers: Peers
    folder: Path
    ready: Callable[[], None]

    def leave(self) -> None:
        """End, since the first process is gone, and so is whoever would have tidied up."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.kill(os.getpid(), signal.SIGTERM)

    def leave_behind(self, raw: Raw) -> None:
        """Leave what was measured to the first process."""
        (self.folder / f"{os.getpid()}.load").write_bytes(msgspec.json.encode(raw))


class Crew(msgspec.Struct, frozen=True):
    """What the first process needs: `work` is all that a worker does, `tell` says a sentence to the user."""

    count: int
    work: Callable[[Worker], int]
    tell: Callable[[str], None]
    ready: Callable[[Sequence[str]], None]
    ended: Callable[[list[Raw]], int]


def refused(*, seeded: bool) -> str | None:
    """Why there cannot be several workers, in a sentence; None where there can."""
    if not hasattr(os, "fork"):
        return "--workers needs a system that can fork, which Windows is not. Start several servers instead."
    if seeded:
        return "--seed and --workers contradict each other: which worker answers is chance. Leave one of them out."
    return None


def serve_together(crew: Crew, host: str, port: int | None, https: Https | None) -> int:
    """Serve until a signal ends it. Returns the exit code. Raises OSError where nothing can be listened to."""
    folder = Path(tempfile.mkdtemp(prefix="openai-mock-"))
    try:
        found = ports(host, port, None, https)
        urls = [one.url for one in found]
        listening = shared(host, found, crew.count)
        return _Supervisor(crew, folder, listening, places(folder, crew.count)).run(urls)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory_of(folder: Path) -> str:
    """The file in which workers remember together where the user named none."""
    return str(folder / "state.sqlite")


class _Supervisor:
    """The first process: begins the others, replaces those that die, and ends them all."""

    def __init__(
        self, crew: Crew, folder: Path, listening: Sequence[tuple[Port, ...]], talking: list[socket.socket]
    ) -> None:
        self._crew, self._folder, self._listening, self._talking = crew, folder, listening, talking
        self._lifeline, self._alive = os.pipe()
        self._numbers: dict[int, int] = {}
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._ending = False
        self._code = 0

    def run(self, urls: Sequence[str]) -> int:
        """Until all have ended."""
        names = [name for name in ("SIGINT", "SIGTERM") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), self._end) for name in names}
        signal.signal(signal.SIGALRM, self._kill)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes
        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        try:
            begun = [self._begin(number) for number in range(1, self._crew.count + 1)]
            if False not in list(map(_told, begun)) and not self._ending:
                self._crew.ready(urls)
            else:
                self._end()
            while self._numbers:
                # A signal just before a blocking wait would be seen after it only; here its byte is there already.
                process, status = os.waitpid(-1, os.WNOHANG)
                if process:
                    self._mourn(process, status)
                elif select.select([woken], [], [], _LOOK)[0]:
                    os.read(woken, 4_096)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(woken)
            os.close(wakes)
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)
        raws = [msgspec.json.decode(file.read_bytes()) for file in sorted(self._folder.glob("*.load"))]
        return self._code or self._crew.ended(raws)

    def _begin(self, number: int) -> int:
        """Fork a worker; returns the pipe by which it tells that it is ready."""
        told, tells = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(told)
            os.close(self._alive)
            _as_worker(lambda: self._crew.work(self._worker(number, tells)))
        os.close(tells)
        self._numbers[process] = number
        if self._ending:
            os.kill(process, signal.SIGTERM)
        return told

    def _worker(self, number: int, tells: int) -> Worker:
        for other, ports_of in enumerate(self._listening, 1):
            for port in ports_of if other != number else ():
                if port not in self._listening[number - 1]:
                    port.sock.close()
        peers = Peers(self._folder, number, self._talking, self._lifeline)

        def ready() -> None:
            with suppress(OSError):  # nobody waits for one that takes the place of another
                os.write(tells, b".")
            os.close(tells)

        return Worker(number, self._listening[number - 1], peers, self._folder, ready)

    def _mourn(self, process: int, status: int) -> None:
        """A worker has ended: begin another in its place, unless all are to end."""
        number = self._numbers.pop(process, None)
        code = os.waitstatus_to_exitcode(status)
        if number is None:
            return
        if self._ending:
            self._code = self._code or max(0, code)
            return
        now = time.monotonic()
        self._deaths.append(now)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        if len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _WITHIN:
            self._crew.tell(f"worker {number} {how}; {_MOST_DEATHS} ended within {_WITHIN:g} seconds, so all end.")
            self._code = CANNOT_SERVE
            self._end()
            return
        self._crew.tell(f"worker {number} {how}; another takes its place.")
        os.close(self._begin(number))

    def _end(self, *_: object) -> None:
        """Let all end; those that do not are killed."""
        if not self._ending:
            self._ending = True
            signal.setitimer(signal.ITIMER_REAL, GRACE)
        for process in list(self._numbers):
            os.kill(process, signal.SIGTERM)

    def _kill(self, *_: object) -> None:
        for process in list(self._numbers):
            os.kill(process, signal.SIGKILL)


def _as_worker(work: Callable[[], int]) -> None:
    """Do all that a worker does, and end its process."""
    code = CANNOT_SERVE
    try:
        os.setpgid(0, 0)  # Ctrl-C reaches the first process alone, which lets the others end
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        code = work()
    except Exception as error:  # noqa: BLE001 - told, since nobody else hears of it
        print(sentence("openai-mock", error), file=sys.stderr)  # noqa: T201 - the command's own words
        if debugging(os.environ):
            traceback.print_exception(error)
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(code)


def _told(pipe: int) -> bool:
    """Wait until a worker is ready, or has ended before."""
    try:
        return os.read(pipe, 1) == b"."
    finally:
        os.close(pipe)
