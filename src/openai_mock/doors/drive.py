"""Drives an exchange for a client inside the process: waits, asks, and hands on what a client would see.

Theory. Every `Wait` is a deadline counted from the start of the exchange, so a late frame never delays the next one and
a deadline that has passed costs nothing. `patience` is a client's read timeout: the longest silence between asking for
a frame and getting it. A driver that is closed early closes the exchange, which is how the core learns that the client
went away.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import sys
import time
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from openai_mock.wire import Ask, Cut, Data, Exchange, Handle, Head, Request, Step, Wait, thrown, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

Frame: TypeAlias = Head | Data | Cut
ENOUGH = 65_536
"""Bytes that are worth a write of their own; a longer run of `Data` reaches the client in several."""
LARGE_BODY = 262_144
"""Bytes of a request from which on its first step may take long enough to be felt by other clients."""

log = logging.getLogger("openai_mock")


async def asleep(seconds: float) -> None:
    """Sleep on the event loop that runs: asyncio, or trio where a client brought it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        await sys.modules["trio"].sleep(seconds)
    else:
        await asyncio.sleep(seconds)


class Timer(Struct, frozen=True):
    """A clock in seconds and the two ways to wait on it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    asleep: Callable[[float], Awaitable[None]] = asleep


REAL = Timer()


def begun(handle: Handle, request: Request) -> tuple[Exchange, Step | None]:
    """Start an exchange and take its first step."""
    steps = handle(request)
    return steps, next(steps, None)


def ended(steps: Exchange) -> None:
    """Close an exchange. What its cleanup raises is logged, because no client is left to hear of it."""
    try:
        steps.close()
    except Exception:
        log.exception("The exchange failed while it was being closed.")


def burst(steps: Exchange, step: Step | None, chunks: list[bytes]) -> Step | None:
    """Move neighbouring `Data` into `chunks`, from `step` on, and return the first step that was not moved.

    None is the end of the exchange; a `Data` means that `chunks` hold enough for one write.
    """
    size = 0
    while isinstance(step, Data) and size < ENOUGH:
        chunks.append(step.chunk)
        size += len(step.chunk)
        step = next(steps, None)
    return step


def opening(steps: Exchange) -> tuple[Step | None, ...]:
    """The steps that show whether an answer is whole: `Head, None` or `Head, Data, None` are; nothing is performed."""
    first = next(steps, None)
    if type(first) is not Head:
        return (first,)
    second = next(steps, None)
    if type(second) is not Data:
        return (first, second)
    return (first, second, next(steps, None))


def frames(
    steps: Exchange,
    timer: Timer = REAL,
    *,
    began: float | None = None,
    opened: Sequence[Step | None] = (),
    patience: float | None = None,
) -> Iterator[Frame]:
    """The frames of an exchange, each as soon as it is due.

    `began` is when the exchange started and `opened` what was already taken from it (see `opening`). When `patience`
    (seconds) ends before the next frame is due, the last frame is `Cut("timeout")`. An exception of an `Ask` is raised
    inside the exchange, and so is the `TypeError` for an awaitable answer, which only an asynchronous client can await.
    """
    began = timer.now() if began is None else began
    asked: float | None = None
    try:
        yield from opened[:-1]  # type: ignore[misc]  # only the last step can be other than a frame
        step = opened[-1] if opened else next(steps, None)
        while step is not None:
            if isinstance(step, (Data, Head)):
                yield step
                asked = None
            elif isinstance(step, Ask):
                step = _asked(steps, step)
                continue
            else:
                now = timer.now()
                asked = now if asked is None else asked
                seconds, given_up = _pause(step, began, asked, patience)
                if seconds > now:
                    timer.sleep(seconds - now)
                if given_up or isinstance(step, Cut):
                    steps.close()  # now, because the client's exception may hold this generator for as long as it lives
                    yield step if isinstance(step, Cut) else Cut("timeout")
                    return
            step = next(steps, None)
    finally:
        steps.close()


async def aframes(
    steps: Exchange,
    timer: Timer = REAL,
    *,
    began: float | None = None,
    opened: Sequence[Step | None] = (),
    patience: float | None = None,
) -> AsyncIterator[Frame]:
    """`frames` for an asynchronous client: it sleeps on the event loop and awaits awaitable answers."""
    began = timer.now() if began is None else began
    asked: float | None = None
    try:
        for taken in opened[:-1]:
            yield taken  # type: ignore[misc]  # only the last step can be other than a frame
        step = opened[-1] if opened else next(steps, None)
        while step is not None:
            if isinstance(step, (Data, Head)):
                yield step
                asked = None
            elif isinstance(step, Ask):
                step = await awaited(steps, step)
                continue
            else:
                now = timer.now()
                asked = now if asked is None else asked
                seconds, given_up = _pause(step, began, asked, patience)
                if seconds > now:
                    await timer.asleep(seconds - now)
                if given_up or isinstance(step, Cut):
                    steps.close()  # now, because the client's exception may hold this generator for as long as it lives
                    yield step if isinstance(step, Cut) else Cut("timeout")
                    return
            step = next(steps, None)
    finally:
        steps.close()


async def awaited(steps: Exchange, ask: Ask) -> Step | None:
    """Perform an `Ask` on the event loop and return the step that follows."""
    try:
        answer = ask.call()
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as error:  # noqa: BLE001 - the exchange decides what an error means
        return thrown(steps, error)
    return told(steps, answer)


def _asked(steps: Exchange, ask: Ask) -> Step | None:
    """Perform an `Ask` where nothing can be awaited."""
    try:
        answer = ask.call()
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise TypeError(  # noqa: TRY301 - the exchange hears of it like of any error of the call
                "An async responder needs an async client: use AsyncOpenAI, or make the responder a plain function."
            )
    except Exception as error:  # noqa: BLE001 - the exchange decides what an error means
        return thrown(steps, error)
    return told(steps, answer)


def _pause(step: Wait | Cut, began: float, asked: float, patience: float | None) -> tuple[float, bool]:
    """Until when to sleep, and whether the client has given up by then."""
    if isinstance(step, Cut) and (step.how == "reset" or patience is None):
        return asked, False
    due = began + step.at if isinstance(step, Wait) else math.inf
    limit = math.inf if patience is None else asked + patience
    return (limit, True) if due > limit else (due, False)
