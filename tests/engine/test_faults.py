"""Faults: to whom they happen and how often, what they do to steps, and that harmless ones harm nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openai._streaming import SSEDecoder

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load
from openai_mock.engine.faults import KINDS, Calls, Fault
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Cut, Data, Head, Request, Step, Wait

STREAM = [(b"content-type", b"text/event-stream; charset=utf-8")]
HARMLESS = ("split", "together", "crlf", "comments", "rechunk")


def chat(text: str = "hi", *, stream: bool = False, model: str = "gpt-4o", **headers: str) -> Request:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    sent = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    return Request("POST", "/v1/chat/completions", "", {**sent, **headers}, json.dumps(body).encode())


def statuses(mock: OpenAIMock, *requests: Request) -> list[int]:
    """The status of each answer; 0 where the connection broke before one."""
    found = []
    for request in requests:
        steps = list(mock.handle(request))
        found.append(next((step.status for step in steps if isinstance(step, Head)), 0))
    return found


def wrapped(kind: str, steps: list[Step], **options: Any) -> list[Step]:
    wrap = KINDS[kind].wrap
    assert wrap is not None
    return list(wrap((step for step in steps), options, Random(1)))


def played(*events: bytes) -> list[Step]:
    return [Head(200, STREAM), *(Data(event) for event in events)]


def decoded(steps: list[Step]) -> list[tuple[str | None, str]]:
    chunks = (step.chunk for step in steps if isinstance(step, Data))
    return [(event.event, event.data) for event in SSEDecoder().iter_bytes(chunks)]


# Harmless faults

_JSON = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029"), min_size=1, max_size=30)


@given(st.lists(_JSON, min_size=1, max_size=20), st.integers(0, 2**32), st.sampled_from(HARMLESS))
@settings(deadline=None)
def test_harmless_faults_preserve_events(texts: list[str], seed: int, kind: str) -> None:
    steps = played(*(f"event: e{n}\ndata: {json.dumps(text)}\n\n".encode() for n, text in enumerate(texts)))
    wrap = KINDS[kind].wrap
    assert wrap is not None
    changed = list(wrap((step for step in steps), {"bytes": 5, "every": 0.001}, Random(seed)))
    assert decoded(changed) == decoded(steps)
    deadlines = [step.at for step in changed if isinstance(step, Wait)]
    assert deadlines == sorted(deadlines)


def test_split_cuts_characters_in_two() -> None:
    event = "data: 👋👋👋👋\n\n".encode()
    pieces = [step.chunk for step in wrapped("split", played(event), bytes=2) if isinstance(step, Data)]
    assert b"".join(pieces) == event

    def whole(piece: bytes) -> bool:
        try:
            return bool(piece.decode())
        except UnicodeDecodeError:
            return False

    assert not all(map(whole, pieces))


# What faults do to steps

EVENTS = (b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n")


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("reset", {}, [Cut("reset")]),
        ("reset", {"after_events": 0}, [Head(200, STREAM), Cut("reset")]),
        ("reset", {"after_events": 2}, [*played(*EVENTS[:2]), Cut("reset")]),
        ("reset", {"after_bytes": 12}, [*played(EVENTS[0], b"dat"), Cut("reset")]),
        ("reset", {"after_bytes": 9}, [*played(EVENTS[0]), Cut("reset")]),
        ("stall", {"after_events": 1}, [*played(EVENTS[0]), Cut("timeout")]),
        ("end", {"after_events": 1}, played(EVENTS[0])),
        ("delay", {"for": 2.0}, [Wait(2.0), *played(*EVENTS)]),
        ("delay", {"for": 2.0, "after_events": 1}, [*played(EVENTS[0]), Wait(2.0), *map(Data, EVENTS[1:])]),
        ("duplicate", {"event": 2}, played(EVENTS[0], EVENTS[1] * 2, EVENTS[2])),
        ("reorder", {"event": 1}, played(EVENTS[1], EVENTS[0], EVENTS[2])),
        ("reorder", {"event": 3}, played(*EVENTS)),
        ("malformed", {"event": 1}, played(b"data\n: 1\n\n", *EVENTS[1:])),
        ("truncate", {"event": 2}, played(EVENTS[0], b"data")),
        ("empty", {}, [Head(200, [*STREAM, (b"content-length", b"0")])]),
        ("crlf", {}, played(*(event.replace(b"\n", b"\r\n") for event in EVENTS))),
        ("together", {"events": 2}, played(EVENTS[0] + EVENTS[1], EVENTS[2])),
    ],
)
def test_steps(kind: str, options: dict[str, Any], expected: list[Step]) -> None:
    assert wrapped(kind, played(*EVENTS), **options) == expected


@pytest.mark.parametrize("kind", ["together", "rechunk"])
def test_what_is_held_back_comes_before_a_break(kind: str) -> None:
    steps = wrapped(kind, [*played(*EVENTS), Cut("reset")], events=16)
    upto = steps[: steps.index(Cut("reset"))]
    assert [data for _, data in decoded(upto)] == ["1", "2", "3"]
    assert [data for _, data in decoded(steps)] == ["1", "2", "3"]


def test_delay_moves_later_deadlines() -> None:
    steps: list[Step] = [Wait(1.0), Head(200, STREAM), Data(b"a"), Wait(2.0), Data(b"b")]
    assert wrapped("delay", steps, **{"for": 0.5, "after_events": 1}) == [
        Wait(1.0), Head(200, STREAM), Data(b"a"), Wait(1.5), Wait(2.5), Data(b"b"),
    ]  # fmt: skip


def test_slow_bytes_take_their_time() -> None:
    steps = wrapped("slow", [Wait(1.0), Head(200, ()), Data(b"x" * 100)], bytes_per_second=100)
    assert [step.at for step in steps if isinstance(step, Wait)][-1] == pytest.approx(2.0)
    assert b"".join(step.chunk for step in steps if isinstance(step, Data)) == b"x" * 100


@pytest.mark.parametrize("kind", ["truncate", "invalid_utf8"])
def test_a_changed_body_announces_its_length(kind: str) -> None:
    body = b'{"text": "abcdefgh"}'
    head, data = wrapped(kind, [Head(200, [(b"content-length", b"%d" % len(body))]), Data(body)])
    assert isinstance(head, Head) and isinstance(data, Data)
    assert dict(head.headers)[b"content-length"] == b"%d" % len(data.chunk)
    assert data.chunk != body


def test_an_error_event_takes_the_form_of_its_stream() -> None:
    plain = wrapped("error_event", played(*EVENTS), message="No.")
    assert json.loads(decoded(plain)[-1][1])["error"]["message"] == "No."
    named = played(b"event: response.created\ndata: {}\n\n", b"event: response.completed\ndata: {}\n\n")
    event, data = decoded(wrapped("error_event", named, code="server_error"))[-1]
    assert event == "error"
    assert json.loads(data) == {
        "type": "error", "code": "server_error", "param": None, "sequence_number": 1,
        "message": "The server had an error while processing your request. Sorry about that!",
    }  # fmt: skip


# To whom, and how often


def test_calls() -> None:
    assert [n for n in range(1, 9) if Calls(1, 2).have(n)] == [1, 2]
    assert [n for n in range(1, 9) if Calls(3, 3).have(n)] == [3]
    assert [n for n in range(1, 9) if Calls(3, None, 3).have(n)] == [3, 6]


@pytest.mark.parametrize(
    ("calls", "failing"),
    [
        ("first 2", [1, 2]), ("3rd", [3]), (3, [3]), ("every 2", [2, 4, 6]), ("2-4", [2, 3, 4]), ("from 5", [5, 6]),
        ("First 1", [1]),
    ],
)  # fmt: skip
def test_calls_as_written(calls: str | int, failing: list[int]) -> None:
    mock = OpenAIMock(seed=1, faults=[{"kind": "error", "status": 503, "calls": calls}])
    found = statuses(mock, *[chat()] * 6)
    assert [n for n, status in enumerate(found, 1) if status == 503] == failing


def test_whom() -> None:
    mock = OpenAIMock(
        seed=1,
        faults=[
            {"kind": "error", "status": 500, "model": "gpt-5*"},
            {"kind": "error", "status": 502, "operation": "models.*"},
        ],
    )
    models = Request("GET", "/v1/models", "", {"authorization": "Bearer sk-test"}, b"")
    assert statuses(mock, chat(), chat(model="gpt-5-mini"), models) == [200, 500, 502]
    assert [entry.faults for entry in mock.journal.entries] == [[], ["error"], ["error"]]


def test_the_first_of_two_errors_wins_and_both_count() -> None:
    faults = [{"kind": "error", "status": 500, "calls": "first 2"}, {"kind": "error", "status": 429, "calls": "2-3"}]
    assert statuses(OpenAIMock(seed=1, faults=faults), *[chat()] * 4) == [500, 500, 429, 200]


def test_sessions_count_for_themselves() -> None:
    mock = OpenAIMock(seed=1, faults=[{"kind": "error", "status": 500, "calls": "first 1"}])
    sessions = [{"x-mock-session": name} for name in ("a", "b", "a", "b")]
    assert statuses(mock, *(chat(**session) for session in sessions)) == [500, 500, 200, 200]


def test_probability_is_seeded() -> None:
    def fate(seed: int) -> list[int]:
        return statuses(OpenAIMock(seed=seed, faults=["error,status=500,probability=0.3"]), *[chat()] * 200)

    assert fate(1) == fate(1) != fate(2)
    assert 40 <= fate(1).count(500) <= 80


RULES = """
faults:
  - {kind: error, status: 503, rule: "flak*", calls: first 1}
responses:
  - id: flaky
    messages: [{role: user, content: one}, {role: assistant, content: eins}]
  - id: sound
    messages: [{role: user, content: two}, {role: assistant, content: zwei}]
  - id: broken
    faults: [{kind: reset}]
    messages: [{role: user, content: three}, {role: assistant, content: drei}]
"""


def test_rules() -> None:
    mock = OpenAIMock(load(RULES, name="given.yaml", env={}), seed=1)
    asked = [chat(text) for text in ("two", "one", "one", "three", "two")]
    assert statuses(mock, *asked) == [200, 503, 200, 0, 200]


def test_calls_of_a_rule_count_once() -> None:
    text = RULES.replace('"flak*", calls: first 1', '"*", calls: 2nd')
    mock = OpenAIMock(load(text, name="given.yaml", env={}), seed=1)
    assert statuses(mock, *[chat("two")] * 4) == [200, 503, 200, 200]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("faults: [{kind: resett}]", "1:17: faults[0].kind: there is no fault 'resett'; did you mean 'reset'?"),
        (
            "faults: [{kind: reset, status: 500}]",
            "faults[0].status: the fault 'reset' has no 'status'; it has 'after_events' and 'after_bytes'",
        ),
        (
            "faults: [{kind: slow}]",
            "faults[0]: the fault 'slow' needs the key 'bytes_per_second': How fast bytes come.",
        ),
        ("faults: [{kind: error, status: 200}]", "faults[0].status: expected an integer from 400 to 599"),
        ("faults: [{kind: reset, calls: often}]", "faults[0].calls: expected calls such as 3, 3rd, first 2, every 5"),
        ("faults: [{kind: delay, for: soon}]", "faults[0].for: 'soon' is no duration."),
        ("faults: [{kind: reset, probability: 2}]", "faults[0].probability: expected a number from 0 to 1"),
        (
            "responses: [{id: a, faults: [{kind: reset, rule: b}], messages: [{role: assistant, content: y}]}]",
            "responses[0].faults[0].rule: a fault of an entry happens to this entry; remove 'rule'",
        ),
    ],
)
def test_mistakes(text: str, mistake: str) -> None:
    with pytest.raises(ConfigErrors) as raised:
        load(text, name="f.yaml", env={})
    assert mistake in str(raised.value)


# Headers, retries, plugins


def test_a_request_asks_for_a_fault_only_where_it_may() -> None:
    asking = chat(**{"x-mock-fault": "error,status=503"})
    assert statuses(OpenAIMock(seed=1), asking) == [200]
    allowed = OpenAIMock(load("faultHeader: true", name="f.yaml", env={}), seed=1)
    unreadable = chat(**{"x-mock-fault": "error"})
    assert statuses(allowed, asking, unreadable, chat()) == [503, 400, 200]
    assert "Invalid 'x-mock-fault' header: fault: the fault 'error' needs" in str(allowed.journal.entries[1].error)


@pytest.fixture
def client() -> Iterator[Any]:
    opened: list[openai.OpenAI] = []

    def make(mock: OpenAIMock, **options: Any) -> openai.OpenAI:
        http = httpx2.Client(transport=mock.transport(httpx2))
        opened.append(openai.OpenAI(api_key="sk-test", http_client=http, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        ("error,status=503,calls=first 2", 3),
        ("error,status=409,calls=first 1", 2),
        ("rate_limit,retry_after=1ms,calls=first 1", 2),
        ("error,status=400,should_retry=true,retry_after=1ms,calls=first 1", 2),
    ],
)
def test_the_sdk_tries_again(client: Any, fault: str, calls: int) -> None:
    mock = OpenAIMock(seed=1, faults=[fault])
    assert client(mock, max_retries=2).chat.completions.create(**ASKED).choices
    assert len(mock.journal.entries) == calls


@pytest.mark.parametrize("fault", ["error,status=400", "quota", "error,status=503,should_retry=false"])
def test_the_sdk_does_not_try_again(client: Any, fault: str) -> None:
    mock = OpenAIMock(seed=1, faults=[fault])
    with pytest.raises(openai.APIStatusError):
        client(mock, max_retries=2).chat.completions.create(**ASKED)
    assert len(mock.journal.entries) == 1


@pytest.mark.parametrize("fault", ["reset,calls=first 1", "stall,calls=first 1"])
def test_the_sdk_tries_broken_connections_again(client: Any, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai.OpenAI, "_sleep_for_retry", lambda *_, **__: None)
    mock = OpenAIMock(seed=1, faults=[fault], virtual_time=True)
    before = mock.clock.now()
    assert client(mock, max_retries=1, timeout=30).chat.completions.create(**ASKED).choices
    assert len(mock.journal.entries) == 2
    assert mock.clock.now() - before == pytest.approx(30 if "stall" in fault else 0)


def test_rate_limits_say_when_to_come_back(client: Any) -> None:
    mock = OpenAIMock(seed=1, faults=["rate_limit,retry_after=1500ms,should_retry=false"])
    with pytest.raises(openai.RateLimitError) as raised:
        client(mock).chat.completions.create(**ASKED)
    headers = raised.value.response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("2", "1500")
    assert raised.value.code == "rate_limit_exceeded"


def test_the_client_may_leave_in_the_middle() -> None:
    mock = OpenAIMock(seed=1, faults=["comments"], pace="first_token=1s")
    steps = mock.handle(chat(stream=True))
    assert [type(next(steps)) for _ in range(3)] == [Wait, Head, Data]
    steps.close()
    entry = mock.journal.entries[-1]
    assert entry.seconds is not None and not entry.finished


def test_the_journal_keeps_what_the_client_got_and_weighs_it_once() -> None:
    mock = OpenAIMock(seed=1, faults=[{"kind": "truncate", "after_bytes": 100}])
    speech = {"model": "tts-1", "voice": "alloy", "input": "Hello"}
    for request in (chat(), replace(chat(), path="/v1/audio/speech", body=json.dumps(speech).encode())):
        got = b"".join(step.chunk for step in mock.handle(request) if isinstance(step, Data))
        entry = mock.journal.entries[-1]
        assert (len(got), b"".join(entry.chunks)) == (100, got)
        assert entry.weight == len(request.body) + 100


def test_every_kind_is_documented_and_can_be_asked_for() -> None:
    for name, kind in KINDS.items():
        assert (kind.wrap is None) != (kind.refuse is None), name
        assert set(kind.needs) <= set(kind.options), name
    assert Fault("reset").concerns("any.operation", "", None)
