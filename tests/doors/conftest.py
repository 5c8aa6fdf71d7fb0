"""One HTTP/1.1 connection for tests: its transport keeps what is written, and its clock is moved by hand."""

from types import SimpleNamespace

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from openai_mock.doors.asgi import app
from openai_mock.doors.http11 import Http11


class Timers:
    """The event loop's clock and timers, moved by hand; all else is the running loop."""

    def __init__(self):
        self.now = 50.0
        self.due = []

    def time(self):
        return self.now

    def call_at(self, when, call, *args):
        timer = SimpleNamespace(when=when, call=call, args=args, cancelled=False)
        timer.cancel = lambda: setattr(timer, "cancelled", True)
        self.due.append(timer)
        return timer

    def call_later(self, delay, call, *args):
        return self.call_at(self.now + delay, call, *args)

    def advance(self, seconds):
        end = self.now + seconds
        while ready := sorted((t for t in self.due if t.when <= end and not t.cancelled), key=lambda t: t.when):
            self.due.remove(ready[0])
            self.now = max(self.now, ready[0].when)
            ready[0].call(*ready[0].args)
        self.now = end

    def waiting(self):
        return [t for t in self.due if not t.cancelled]


class Wire:
    """A transport that keeps what is written, one entry per write."""

    def __init__(self):
        self.writes = []
        self.closing = self.reading_paused = self.ended = False

    def write(self, data):
        if not self.closing:
            self.writes.append(data)

    def close(self):
        self.closing = True

    def is_closing(self):
        return self.closing

    def can_write_eof(self):
        return True

    def write_eof(self):
        self.ended = True

    def pause_reading(self):
        self.reading_paused = True

    def resume_reading(self):
        self.reading_paused = False

    def get_extra_info(self, _name, default=None):
        return default


class Talk(SimpleNamespace):
    def send(self, *parts):
        for part in parts:
            self.protocol.data_received(part)

    def bodies(self):
        return b"".join(self.wire.writes)


@pytest.fixture
def talk():
    def start(handle, *, max_body=1000, **options):
        config = Config(
            app(handle, max_body=max_body), log_config=None, ws="none", lifespan="off", interface="asgi3", **options
        )
        config.load()
        timers, wire = Timers(), Wire()
        protocol = Http11(handle, max_body, config, ServerState(), {}, timers)
        protocol.connection_made(wire)
        return Talk(protocol=protocol, wire=wire, timers=timers)

    return start
