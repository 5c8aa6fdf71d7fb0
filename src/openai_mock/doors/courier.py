"""Does what is due in the background: a thread that waits for the next moment, and lanes for what takes its time.

Theory. No thread outlives its work: the waiter ends where nothing is to come by itself, a lane where its queue is
empty, and both are daemons, so that a process may end in the middle. What goes to one place goes through one lane, in
order; a slow place holds up the others of its lane only, and nobody else.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = 8
BREATH = 0.05
"""Seconds in which the answer to a request gets ahead of the event that it caused."""
_LOOK = 1.0
"""Seconds after which a waiter looks whether anybody still needs it."""
log = logging.getLogger("openai_mock")


class Courier:
    """`run` does all that is due and returns the seconds until the next, None where nothing comes by itself."""

    def __init__(self, run: Callable[[], float | None]) -> None:
        self._run = WeakMethod(run)  # whoever owns this may be forgotten
        self._news = threading.Condition()
        self._woken = self._waiting = False
        self._queues: dict[int, deque[Callable[[], None]]] = {}
        self._busy = 0

    def wake(self) -> None:
        """Look at what is due, shortly and in the background."""
        with self._news:
            self._woken = True
            if self._waiting:
                self._news.notify_all()
                return
            self._waiting = True
        threading.Thread(target=_wait, args=(self, self._run), name="openai-mock webhooks", daemon=True).start()

    def pause(self, seconds: float | None) -> bool:
        """Wait for news; False where the waiter is not needed any more."""
        with self._news:
            if not self._woken:
                if seconds is None:
                    self._waiting = False
                    return False
                self._news.wait(min(seconds, _LOOK))
            woken, self._woken = self._woken, False
        if woken:
            time.sleep(BREATH)
        return True

    def ended(self) -> None:
        """Note that the waiter is gone."""
        with self._news:
            self._waiting = False

    def queue(self, lane: str, errand: Callable[[], None]) -> None:
        """Let an errand run in a lane, behind those that are there."""
        number = crc32(lane.encode()) % LANES
        with self._news:
            self._busy += 1
            queue = self._queues.get(number)
            if queue is not None:
                queue.append(errand)
                return
            self._queues[number] = deque((errand,))
        threading.Thread(target=self._drive, args=(number,), name="openai-mock webhook lane", daemon=True).start()

    def _drive(self, number: int) -> None:
        while True:
            with self._news:
                queue = self._queues[number]
                if not queue:
                    del self._queues[number]
                    return
                errand = queue.popleft()
            try:
                errand()
            except Exception:
                log.exception("A webhook could not be delivered.")
            finally:
                with self._news:
                    self._busy -= 1
                    self._news.notify_all()

    def idle(self, deadline: float) -> bool:
        """Wait until no errand is under way, at most until a moment of `time.monotonic`; whether it came to that."""
        with self._news:
            while self._busy:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._news.wait(left)
            return True


def _wait(courier: Courier, run: WeakMethod[Any]) -> None:
    seconds: float | None = 0.0
    while courier.pause(seconds):
        owner = run()
        if owner is None:
            courier.ended()
            return
        try:
            seconds = owner()
        except Exception:
            log.exception("What was due could not be done.")
            seconds = _LOOK
        del owner


class Asked:
    """A call that takes its time, made once: `ask` gives its result, to be awaited where an event loop runs; `wait`
    gives it in any case, and waits.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._future: Future[Any] | None = None

    def ask(self) -> Any:
        """The result, or on an event loop what it is awaited by."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._call()
        return asyncio.wrap_future(self._begun())

    def wait(self) -> Any:
        """The result."""
        return self._begun().result()

    def _begun(self) -> Future[Any]:
        if self._future is None:
            self._future = Future()
            threading.Thread(target=self._run, name="openai-mock webhook test", daemon=True).start()
        return self._future

    def _run(self) -> None:
        assert self._future is not None, "the thread begins behind it"
        with suppress(InvalidStateError):  # whoever waited has given up
            self._future.set_result(self._call())


def called(function: Callable[[Any], Any], message: Any) -> tuple[int | None, str]:
    """The status that a function of the user's answers: an integer that it returns, else 200. Never raises."""
    try:
        answer = function(message)
        if inspect.isawaitable(answer):
            answer = asyncio.run(_awaited(answer))
    except Exception as error:  # noqa: BLE001 - as a server's failure, it is an answer
        return None, f"{type(error).__name__}: {error}"
    return (answer if type(answer) is int else 200), ""


async def _awaited(answer: Any) -> Any:
    return await answer
