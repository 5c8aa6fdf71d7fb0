"""An exchange inside another: driven to its end, and nothing of it takes the outer one along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openai_mock.engine.perform import Performed, performed
from openai_mock.wire import Ask, Cut, Data, Head, Wait

HEAD = Head(200, ((b"x-request-id", b"req_1"),))


def test_it_waits_for_nothing() -> None:
    def steps() -> Iterator[Any]:
        yield HEAD
        yield Wait(3600)
        yield Data(b"a")
        yield Data(b"b")

    answer = performed(steps())  # type: ignore[arg-type]
    assert answer == Performed(200, HEAD.headers, b"ab")
    assert answer.request_id == "req_1"


def test_asks_are_answered() -> None:
    def steps() -> Iterator[Any]:
        got = yield Ask(lambda: 5)
        try:
            yield Ask(lambda: 1 / 0)
        except ZeroDivisionError:
            got += 1
        yield Head(got, ())

    assert performed(steps()) == Performed(6, (), b"")  # type: ignore[arg-type]


def test_nobody_awaits_here() -> None:
    async def later() -> None: ...

    def steps() -> Iterator[Any]:
        try:
            yield Ask(later)
        except TypeError as error:
            yield Head(500, ())
            yield Data(str(error).encode())

    answer = performed(steps())  # type: ignore[arg-type]
    assert answer.status == 500
    assert b"make the responder a plain function" in answer.body


def test_cuts_and_exceptions(caplog: Any) -> None:
    def cut() -> Iterator[Any]:
        yield HEAD
        yield Cut()

    def broken() -> Iterator[Any]:
        yield HEAD
        raise KeyError("x")

    assert performed(cut()).cut  # type: ignore[arg-type]
    assert performed(broken()) == Performed(200, HEAD.headers, b"", cut=True)  # type: ignore[arg-type]
    assert "A request that was performed inside another failed" in caplog.text
