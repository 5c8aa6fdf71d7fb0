"""Paced streams: how well many streams at once keep their time, against a server that does nothing but keep time.

    python -m bench.pace PORT STREAMS TOKENS FIRST GAP

is the client: it prints one JSON object with what it saw, in milliseconds. With FIRST and GAP (seconds) behind `serve`
instead of a port, it is the reference: a server that writes constant frames when they are due.

The client goes by the time at which the system received each piece, so that it is not measured itself. The best of the
rounds counts: a machine that stalls for some milliseconds, as virtual ones do, lengthens the gaps of
both servers and never shortens them.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from bench import report, servers, traffic
from bench.throughput import flow

_FIRST = 1.5
"""Seconds until the first token: longer than it takes to begin all streams."""
_SPREAD = 0.5
"""Seconds over which the streams begin."""
_STAMPS = 35 if sys.platform == "linux" else 0
"""The socket option SO_TIMESTAMPNS, for which `socket` has no name."""
_TIMESPEC = struct.Struct("@ll")
_ROOM = 64
"""Bytes for what the system says beside the data."""
_TOKEN = b'"delta":{"content"'
_ENDS = (b"0\r\n\r\n", b"[DONE]\n\n")
_BODY = traffic.chat(f"Please count for listener {traffic.MARK}.", stream=True)
_FRAME = b'data: {"choices":[{"delta":{"content":" word"},"index":0,"logprobs":null,"finish_reason":null}]}\n\n'


def pace(rounds: int, seconds: float, folder: Path) -> Iterator[report.Figure]:
    """1,000 streams at 20 ms, and 50 at 0.75 ms."""
    yield from _figures("1,000 streams at 20 ms", 1000, 0.020, rounds, seconds, folder, {"gap": 3.0, "end": 5.0})
    yield from _figures("50 streams at 0.75 ms", 50, 0.00075, rounds, seconds, folder, {"mean": 0.1})


def _figures(
    name: str, streams: int, gap: float, rounds: int, seconds: float, folder: Path, targets: dict[str, float]
) -> Iterator[report.Figure]:
    tokens = max(50, round(seconds / gap))
    seen: list[list[dict[str, float]]] = [[], []]
    for _ in range(rounds):
        for server, results in zip((_reference(tokens, gap), _ours(tokens, gap, folder)), seen, strict=True):
            with server as port:
                results.append(_watched(port, streams, tokens, gap))
    told = {"gap": "p99 of |gap - due|", "end": "p99 of the end's lateness", "mean": "error of the mean gap"}
    for key, about in told.items():
        reference, ours = (min(each[key] for each in results) for results in seen)
        unit = "share" if key == "mean" else "ms"
        yield report.Figure(f"{name}: {about}", unit, reference, ours, None, targets.get(key))


@contextmanager
def _ours(tokens: int, gap: float, folder: Path) -> Iterator[int]:
    config = folder / "pace.json"
    rules = [flow("count", "count", "contains", " ".join(["word"] * tokens))]
    config.write_text(json.dumps({"pace": {"first_token": _FIRST, "between_tokens": gap}, "responses": rules}), "utf-8")
    with servers.ours(config) as server:
        yield server.port


@contextmanager
def _reference(tokens: int, gap: float) -> Iterator[int]:
    port = servers.free_port()
    arguments = ("serve", str(port), str(tokens), str(_FIRST), str(gap))
    with servers.spawned("the reference", port, (sys.executable, "-m", "bench.pace", *arguments)) as server:
        servers.pin(server.process.pid, 0)
        servers.until_connected(server)
        yield port


def _watched(port: int, streams: int, tokens: int, gap: float) -> dict[str, float]:
    command = (sys.executable, "-m", "bench.pace", str(port), str(streams), str(tokens), str(_FIRST), str(gap))
    process = subprocess.Popen(command, cwd=servers.ROOT, env=servers.environment(), stdout=subprocess.PIPE)
    servers.pin(process.pid, 1)
    out, _ = process.communicate()
    if process.returncode:
        raise servers.BrokenError(f"the client of paced streams ended with status {process.returncode}")
    found: dict[str, float] = json.loads(out)
    if found["tokens"] != streams * tokens:
        raise servers.BrokenError(f"{streams} streams of {tokens} tokens brought {found['tokens']:.0f}")
    return found


class Stream:
    """One stream: when it was asked for, and when each piece of it came, in Unix seconds."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        if _STAMPS:
            self.socket.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
        self.reads: list[tuple[float, bytes]] = []
        self.asked = 0.0

    def ask(self, request: bytes) -> None:
        """Send the request."""
        self.asked = time.time()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Note what came, to be looked at when all is over; whether more is to come."""
        data, said, _, _ = self.socket.recvmsg(65_536, _ROOM)
        if not data:
            raise ConnectionError("a stream broke")
        self.reads.append((_stamp(said[0][2]) if said else time.time(), data))
        return not data.endswith(_ENDS)

    def times(self) -> list[float]:
        """When each token came: with the read that brought the end of its mark."""
        found: list[float] = []
        tail = b""
        for when, data in self.reads:
            text = tail + data
            found += [when] * text.count(_TOKEN)
            tail = text[max(text.rfind(_TOKEN) + len(_TOKEN), len(text) - len(_TOKEN) + 1) :]
        return found


def _stamp(timespec: bytes) -> float:
    seconds, nanoseconds = _TIMESPEC.unpack(timespec[: _TIMESPEC.size])
    return float(seconds + nanoseconds / 1e9)


def _watch(port: int, count: int, tokens: int, first: float, gap: float) -> dict[str, float]:
    before, after = traffic.framed(_BODY, f"127.0.0.1:{port}")
    first_of_all = Stream(port)
    first_of_all.ask((b"%b%012d%b" % (before, 0, after)).replace(b"\r\n\r\n", b"\r\nx-mock-pace: none\r\n\r\n"))
    while first_of_all.read():
        pass
    streams = [Stream(port) for _ in range(count)]
    running, asked, began = count, 0, time.time() + 0.1
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream.socket, selectors.EVENT_READ, stream)
        while running:
            due = began + _SPREAD * asked / count - time.time() if asked < count else None
            for key, _ in selector.select(None if due is None else max(0.0, due)):
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    running -= 1
            while asked < count and began + _SPREAD * asked / count <= time.time():
                streams[asked].ask(b"%b%012d%b" % (before, asked, after))
                asked += 1
    return _told(streams, tokens, first, gap)


def _told(streams: list[Stream], tokens: int, first: float, gap: float) -> dict[str, float]:
    off: list[float] = []
    late, means = [], []
    seen = 0
    for stream in streams:
        times = stream.times()
        seen += len(times)
        off += [abs(later - earlier - gap) for earlier, later in pairwise(times)]
        late.append(times[-1] - stream.asked - first - gap * (tokens - 1))
        means.append((times[-1] - times[0]) / (len(times) - 1))
    return {
        "tokens": seen,
        "gap": 1000 * _percentile(off, 0.99),
        "gap_median": 1000 * _percentile(off, 0.5),
        "end": 1000 * _percentile(late, 0.99),
        "end_median": 1000 * _percentile(late, 0.5),
        "mean": abs(sum(means) / len(means) / gap - 1),
    }


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Reference(asyncio.Protocol):
    """Answers anything by constant frames, each when it is due."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tokens: int, first: float, gap: float) -> None:
        self._loop, self._tokens, self._first, self._gap = loop, tokens, first, gap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - whatever was asked
        """Begin."""
        self._began, self._sent = self._loop.time(), 0
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
        self._loop.call_at(self._began + self._first, self._write, head)

    def _write(self, head: bytes = b"") -> None:
        now, frames = self._loop.time(), []
        while self._sent < self._tokens and (due := self._began + self._first + self._gap * self._sent) <= now:
            frames.append(_FRAME)
            self._sent += 1
        if self._sent < self._tokens:
            self._loop.call_at(due if self._sent else now, self._write)
        else:
            frames.append(b"data: [DONE]\n\n")
        self._transport.write(head + b"".join(frames))


async def _serve(port: int, tokens: int, first: float, gap: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Reference(loop, tokens, first, gap), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


def main() -> None:
    """Run the client or the reference, as the command line says."""
    serves = sys.argv[1] == "serve"
    port, *numbers = sys.argv[2:] if serves else sys.argv[1:]
    first, gap = map(float, numbers[-2:])
    whole = [int(number) for number in numbers[:-2]]
    if not serves:
        print(json.dumps(_watch(int(port), whole[0], whole[1], first, gap)))
        return
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(int(port), whole[0], first, gap))


def _loop_factory() -> Callable[[], Any] | None:
    try:
        import uvloop  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
