"""The load client that is always there: raw sockets, requests built beforehand, answers measured but not read.

    python -m bench.client PORT BODIES CONNECTIONS SECONDS FIRST_SERIAL

prints one JSON object: `requests`, `seconds`, and `failures`, the number of answers other than 200.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import cast

from bench import traffic


def main() -> None:
    """Run one load, as the command line says."""
    port, bodies, connections, seconds, first = sys.argv[1:]
    framed = [traffic.framed(body, f"127.0.0.1:{port}") for body in Path(bodies).read_text("utf-8").splitlines()]
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        print(json.dumps(runner.run(_load(int(port), framed, int(connections), float(seconds), int(first)))))


async def _load(
    port: int, framed: list[tuple[bytes, bytes]], connections: int, seconds: float, first: int
) -> dict[str, float]:
    requests = _requests(framed, first)
    loop = asyncio.get_running_loop()
    sent = [Connection(requests) for _ in range(connections)]
    for connection in sent:
        await loop.create_connection(partial(_as_it_is, connection), "127.0.0.1", port)
    started = time.perf_counter()
    for connection in sent:
        connection.ask()
    await asyncio.sleep(seconds)
    answered = sum(connection.answered for connection in sent)
    elapsed = time.perf_counter() - started
    for connection in sent:
        connection.close()
    lost = sum(connection.lost for connection in sent)
    return {
        "requests": answered,
        "seconds": elapsed,
        "failures": lost + sum(connection.failures for connection in sent),
    }


def _requests(framed: list[tuple[bytes, bytes]], first: int) -> Iterator[bytes]:
    for serial, (before, after) in zip(count(first), cycle(framed), strict=False):
        yield b"%b%012d%b" % (before, serial, after)


class Connection(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it is answered."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.answered = self.failures = self.lost = 0
        self._requests = requests
        self._pending = b""
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def ask(self) -> None:
        """Send the next request."""
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Count a whole answer and ask again."""
        if self._pending:
            data = self._pending + data
        if not traffic.whole(data):
            self._pending = data
            return
        self._pending = b""
        self.answered += 1
        if data[9:12] != b"200":
            self.failures += 1
        if not self._closing:
            self._transport.write(next(self._requests))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever the reason, it is lost
        """Count a connection that the server closed."""
        self.lost += not self._closing

    def close(self) -> None:
        """Stop asking and hang up."""
        self._closing = True
        self._transport.abort()


def _as_it_is(connection: Connection) -> Connection:
    return connection


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
