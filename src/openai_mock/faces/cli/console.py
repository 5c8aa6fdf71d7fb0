"""Where the command line speaks: lines for people or JSON for programs, neither blocking its caller nor failing.

Theory. Whoever has something to say appends it to a bounded backlog and goes on; one thread turns the backlog into
text and writes it. A reader that stops reading stops only that thread: the backlog fills, further lines are counted
instead of kept, and the count is told once the reader is back. A reader that is gone ends the log, not the server.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

from openai_mock.faces.cli import request_log
from openai_mock.faces.cli.request_log import iso, json_line, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai_mock.engine.journal import Entry
    from openai_mock.faces.cli.options import Level
    from openai_mock.faces.cli.request_log import Seen

BACKLOG = 10_000
"""Lines that may wait to be written."""
_IN_ONE_PIECE = 4_000
"""Characters that a pipe takes without those of another process in between."""
_GATHER = 0.02
"""Seconds in which lines gather, so that a busy server writes many at once."""
_FAILED_FROM = {"debug": 0, "info": 0, "warn": 400, "error": 500}


class Console:
    """One stream of lines. `close` writes what is left, but waits at most a second for a reader that does not read."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool, colour: bool = False, shared: bool = False) -> None:
        """Where the output is `shared` with other processes, a write is of whole lines that reach it in one piece."""
        self._out, self._err, self._json = out, err, as_json
        self._render: Callable[[Seen], str] = request_log.as_json if as_json else request_log.text_with(colour=colour)
        self._waiting: deque[Seen | str] = deque()
        self._lost, self._closing, self._most = 0, False, _IN_ONE_PIECE if shared else math.inf
        self._some = threading.Event()
        for stream in (out, err):
            _never_fail_to_encode(stream)
        self._thread = threading.Thread(target=self._write_all, name="openai-mock console", daemon=True)
        self._thread.start()

    def say(self, event: str, text: str, **fields: Any) -> None:
        """One thing that happened: `text` for people, `event` and `fields` for programs."""
        self._put(json_line({"event": event, "time": iso(time.time()), **fields}) if self._json else text)

    def warn(self, text: str) -> None:
        """A sentence that must be seen, on standard error unless the output is JSON."""
        if self._json:
            self.say("warning", text, message=text)
        else:
            _write(self._err, f"openai-mock: {text}\n")

    def listener(self, level: Level) -> Callable[[Entry], None] | None:
        """What to call with each finished exchange so that those of this level are logged; None when none is."""
        if level == "off":
            return None
        detailed, worst = level == "debug", _FAILED_FROM[level]
        put, now = self._put, time.time

        def listen(entry: Entry) -> None:
            if entry.status >= worst or (worst <= 400 and not entry.finished):
                put(seen(entry, now(), detailed=detailed))

        return listen

    def close(self, patience: float = 1.0) -> None:
        """Write what waits, for at most `patience` seconds, and stop."""
        self._closing = True
        self._some.set()
        self._thread.join(patience)

    def _put(self, line: Seen | str) -> None:
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
            return
        self._waiting.append(line)
        if not self._some.is_set():
            self._some.set()

    def _write_all(self) -> None:
        alive = True
        while alive and not (self._closing and not self._waiting):
            self._some.wait()
            if not self._closing:
                time.sleep(_GATHER)
            self._some.clear()
            alive = all(_write(self._out, text) for text in _portions(self._drained(), self._most))
            if self._closing:
                self._some.set()

    def _drained(self) -> list[str]:
        lines = []
        while self._waiting:
            line = self._waiting.popleft()
            lines.append(line if isinstance(line, str) else self._render(line))
        if self._lost:
            lost, self._lost = self._lost, 0
            text = f"{lost} lines are missing here: the output was not read in time."
            lines.append(json_line({"event": "lost", "lines": lost}) if self._json else text)
        return [f"{line}\n" for line in lines]


def _portions(lines: list[str], most: float) -> Iterator[str]:
    """The lines together, or in portions of about so many characters."""
    held: list[str] = []
    size = 0
    for line in lines:
        if held and size + len(line) > most:
            yield "".join(held)
            held, size = [], 0
        held.append(line)
        size += len(line)
    yield "".join(held)


def _never_fail_to_encode(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _write(stream: TextIO, text: str) -> bool:
    """Write and flush; False when nobody will ever read again."""
    try:
        stream.write(text)
        stream.flush()
    except BlockingIOError:
        return True
    except (OSError, ValueError):
        _forget(stream)
        return False
    return True


def _forget(stream: TextIO) -> None:
    """Point a broken stream at nothing, or the interpreter complains about it when it flushes at its end."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        return
