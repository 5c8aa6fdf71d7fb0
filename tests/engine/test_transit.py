"""What answers meet on their way when they bring their own steps: faults wrap them, and asking still works."""

from __future__ import annotations

from typing import Any

import pytest

from openai_mock.engine.faults import Fault
from openai_mock.engine.headers import EVENT_STREAM
from openai_mock.engine.journal import Entry
from openai_mock.engine.pace import Paces
from openai_mock.engine.transit import Journey, Readers, Transit
from openai_mock.wire import Ask, Cut, Data, Exchange, Head, Request, Step

HEAD = Head(200, (EVENT_STREAM,))
REQUEST = Request("POST", "/v1/chat/completions")


def journey(*faults: Fault, head: Head = HEAD) -> Journey:
    transit = Transit(Paces(), faults, seed=1, readers=Readers(lambda _: Paces().usual))
    entry = Entry(REQUEST, "req_1", 0.0)
    entry.operation = "chat.completions.create"
    found = transit.journey(REQUEST, entry)
    assert found is not None
    found.before()
    found.after(head)
    return found


def asking(heard: list[Any]) -> Exchange:
    yield Data(b"data: 1\n\n")
    try:
        heard.append((yield Ask(lambda: "answer")))
        heard.append((yield Ask(lambda: None)))
    except ValueError as error:
        heard.append(error)
    yield Data(b"data: 2\n\n")


def driven(steps: Exchange) -> list[Step]:
    """The steps but the asks, of which the first is answered and the second fails."""
    found: list[Step] = []
    asked = 0
    step = next(steps, None)
    while step is not None:
        try:
            if isinstance(step, Ask):
                asked += 1
                step = steps.send("answer") if asked == 1 else steps.throw(ValueError("no"))
                continue
            found.append(step)
            step = next(steps, None)
        except StopIteration:
            break
    return found


def test_answers_and_errors_of_asks_pass_the_wrappers() -> None:
    heard: list[Any] = []
    steps = journey(Fault("crlf"), Fault("duplicate", options={"event": 2})).relayed(HEAD, asking(heard))
    assert driven(steps) == [HEAD, Data(b"data: 1\r\n\r\n"), Data(b"data: 2\r\n\r\n" * 2)]
    assert heard[0] == "answer"
    assert isinstance(heard[1], ValueError)


def test_an_error_event_asks_for_what_it_replaces() -> None:
    def asking() -> Exchange:
        yield Data(b"event: a\ndata: 1\n\n")
        yield Data((yield Ask(lambda: None)))

    steps = journey(Fault("error_event", options={"code": "x", "message": "Sorry"})).relayed(HEAD, asking())
    assert [next(steps), type(next(steps)), type(next(steps))] == [HEAD, Data, Ask]
    assert steps.send(b"event: b\n") == Data(
        b'event: error\ndata: {"type":"error","code":"x","message":"Sorry","param":null,"sequence_number":1}\n\n'
    )


@pytest.mark.parametrize("kind", [b"text/event-stream", b"text/event-stream;charset=UTF-8"])
def test_a_stream_is_known_by_its_content_type(kind: bytes) -> None:
    head = Head(200, ((b"content-type", kind),))
    steps = journey(Fault("end", options={"after_events": 1}), head=head).relayed(head, asking([]))
    assert list(steps) == [head, Data(b"data: 1\n\n")]


@pytest.mark.parametrize(
    "chunks",
    [[b"data: 1\n\ndata: 2\n\ndata: 3\n\n"], [b"data: 1\n", b"\ndata: 2", b"\n\nda", b"ta: 3\n\n"], [b"data: 1\n\nda"]],
)
def test_faults_count_events_however_a_stream_was_cut(chunks: list[bytes]) -> None:
    head = Head(200, (EVENT_STREAM, (b"content-length", b"27")))
    steps = journey(Fault("end", options={"after_events": 1})).relayed(head, (Data(chunk) for chunk in chunks))
    assert list(steps) == [HEAD, Data(b"data: 1\n\n")]
    steps = journey(Fault("crlf")).relayed(head, (step for step in (*map(Data, chunks), Cut("reset"))))
    *data, cut = [step for step in steps if not isinstance(step, Head)]
    assert b"".join(step.chunk for step in data if isinstance(step, Data)) == b"".join(chunks).replace(b"\n", b"\r\n")
    assert cut == Cut("reset")


def test_an_error_that_the_exchange_does_not_catch_leaves_it() -> None:
    def failing() -> Exchange:
        yield Ask(lambda: None)

    steps = journey(Fault("crlf")).relayed(HEAD, failing())
    assert next(steps) == HEAD
    assert isinstance(next(steps), Ask)
    with pytest.raises(TimeoutError):
        steps.throw(TimeoutError())


def test_a_broken_answer_ends_there() -> None:
    steps = journey(Fault("reset", options={"after_events": 1})).relayed(HEAD, asking([]))
    assert list(steps) == [HEAD, Data(b"data: 1\n\n"), Cut("reset")]


def test_nothing_to_meet() -> None:
    transit = Transit(Paces(), (), seed=1, readers=Readers(lambda _: Paces().usual))
    assert transit.journey(REQUEST, Entry(REQUEST, "req_1", 0.0)) is None
