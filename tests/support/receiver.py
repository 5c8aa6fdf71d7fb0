"""An endpoint on this machine that takes events: what it got, and what it answers by path."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Got:
    """One request: path, headers and body."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body


class Receiver:
    """What came, oldest first. A path `/503` answers 503, `/302` leads elsewhere, `/slow` never answers, `/drip` does
    so drop by drop, `/gone` hangs up; any other takes what comes.
    """

    def __init__(self, url: str) -> None:
        self.url, self.got = url, list[Got]()
        self.over = threading.Event()
        self.news = threading.Condition()

    def note(self, got: Got) -> None:
        with self.news:
            self.got.append(got)
            self.news.notify_all()

    def until(self, count: int, timeout: float = 10.0) -> list[Got]:
        """What came, once there are so many."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.got) >= count, timeout), self.got
            return [*self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.note(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            name = self.path.partition("?")[0][1:]
            if name == "slow":
                receiver.over.wait(20)
            elif name == "drip":
                for _ in range(200):
                    if receiver.over.wait(0.05):
                        break
                    self.wfile.write(b"H")
            elif name == "gone":
                self.close_connection = True
            else:
                self.send_response(int(name) if name.isdecimal() else 200)
                self.send_header("location", f"{receiver.url}/elsewhere")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
