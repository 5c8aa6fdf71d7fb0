"""Runs one exchange from inside another, to its end: a batch performs its lines so."""

from __future__ import annotations

import inspect
import logging

from msgspec import Struct

from openai_mock.wire import Ask, Cut, Data, Exchange, Head, Headers, Step

_log = logging.getLogger("openai_mock")


class Performed(Struct, frozen=True):
    """What a client would have got. `cut`: the connection would have broken; with a status of 0, before the head."""

    status: int
    headers: Headers
    body: bytes
    cut: bool = False

    @property
    def request_id(self) -> str:
        """The `x-request-id` of the answer; empty for none."""
        return next((value.decode() for name, value in self.headers if name == b"x-request-id"), "")


def performed(steps: Exchange) -> Performed:
    """Drive an exchange without waiting. An awaitable answer of an `Ask`, which nobody here can await, is an error of
    the responder; an exception that leaves the exchange is logged and counts as a broken connection.
    """
    status: int = 0
    headers: Headers = ()
    chunks: list[bytes] = []
    try:
        step = next(steps, None)
        while step is not None and not isinstance(step, Cut):
            if isinstance(step, Head):
                status, headers = step.status, step.headers
            elif isinstance(step, Data):
                chunks.append(step.chunk)
            step = _answered(steps, step) if isinstance(step, Ask) else next(steps, None)
    except Exception:  # noqa: BLE001 - it must not take the request around it along
        _log.exception("A request that was performed inside another failed")
        return Performed(status, headers, b"".join(chunks), cut=True)
    finally:
        steps.close()
    return Performed(status, headers, b"".join(chunks), cut=isinstance(step, Cut))


def _answered(steps: Exchange, ask: Ask) -> Step | None:
    try:
        answer = ask.call()
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise TypeError("A request inside another cannot await: make the responder a plain function.")  # noqa: TRY301
    except Exception as error:  # noqa: BLE001 - the exchange decides what an error means
        try:
            return steps.throw(error)
        except StopIteration:
            return None
    try:
        return steps.send(answer)
    except StopIteration:
        return None
