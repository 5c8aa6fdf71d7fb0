"""The console neither blocks nor fails, whatever stands at the other end."""

from __future__ import annotations

import io
import json
import os
import threading

import pytest

from openai_mock.engine.journal import Entry
from openai_mock.faces.cli import console as module
from openai_mock.faces.cli.console import Console
from openai_mock.wire import Request


def entry(status=200, *, finished=True):
    made = Entry(Request("GET", "/v1/models"), "req_1", 0.0)
    made.status, made.finished, made.seconds = status, finished, 0.001
    return made


def console(out=None, err=None, *, as_json=False):
    return Console(out or io.StringIO(), err or io.StringIO(), as_json=as_json)


def test_lines_come_out_in_order_and_all_before_the_close():
    out = io.StringIO()
    one = console(out)
    listen = one.listener("info")
    one.say("ready", "first")
    for _ in range(100):
        listen(entry())
    one.say("end", "last")
    one.close()
    lines = out.getvalue().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("first", "last", 102)


def test_json_output_is_nothing_but_json():
    out, err = io.StringIO(), io.StringIO()
    one = console(out, err, as_json=True)
    one.say("ready", "prose", url="http://x")
    one.warn("careful")
    one.listener("info")(entry())
    one.close()
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["ready", "warning", "request"]
    assert events[1]["message"] == "careful"
    assert err.getvalue() == ""


def test_warnings_for_people_go_to_standard_error():
    out, err = io.StringIO(), io.StringIO()
    one = console(out, err)
    one.warn("careful")
    one.close()
    assert (out.getvalue(), err.getvalue()) == ("", "openai-mock: careful\n")


@pytest.mark.parametrize(
    ("level", "logged"),
    [("debug", [200, 404, 500, 0]), ("info", [200, 404, 500, 0]), ("warn", [404, 500, 0]), ("error", [500])],
)
def test_levels(level, logged):
    out = io.StringIO()
    one = console(out, as_json=True)
    listen = one.listener(level)
    for each in (entry(200), entry(404), entry(500), entry(0, finished=False)):
        listen(each)
    one.close()
    assert [json.loads(line)["status"] for line in out.getvalue().splitlines()] == logged


def test_off_listens_to_nothing():
    one = console()
    assert one.listener("off") is None
    one.close()


class Stuck(io.StringIO):
    """A reader that reads nothing until it is released."""

    def __init__(self):
        super().__init__()
        self.entered, self.released = threading.Event(), threading.Event()

    def write(self, text):
        self.entered.set()
        assert self.released.wait(10)
        return super().write(text)


def test_a_reader_that_does_not_read_stops_nobody_and_learns_what_it_missed(monkeypatch):
    monkeypatch.setattr(module, "BACKLOG", 5)
    out = Stuck()
    one = console(out)
    one.say("x", "first")
    assert out.entered.wait(10)
    for number in range(8):
        one.say("x", f"line {number}")
    one.close(patience=0)
    out.released.set()
    one.close(patience=10)
    lines = out.getvalue().splitlines()
    assert lines == [
        "first",
        *(f"line {n}" for n in range(5)),
        "3 lines are missing here: the output was not read in time.",
    ]


def test_a_reader_that_is_gone_ends_the_log_and_nothing_else():
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w", encoding="utf-8")
    one = console(out)
    one.say("x", "nobody hears this")
    one.close()
    one.say("x", "nor this")
    out.write("the stream now leads nowhere")
    out.close()


def test_a_console_that_cannot_show_a_character_shows_its_number():
    raw = io.BytesIO()
    one = console(io.TextIOWrapper(raw, encoding="ascii"))
    one.say("x", "grüße")
    one.close()
    assert raw.getvalue() == b"gr\\xfc\\xdfe\n"
