"""Processes that serve one port ask each other, so that each can answer for all of them.

Theory. Each process listens at a socket of its own in a folder that only its user may enter; whoever has been asked
something that concerns all passes it on there. What is asked that way is answered by the one who was asked alone, so
nothing goes in circles, and nobody waits for another without answering others meanwhile. Counters must never fall: what
a process has told is kept in the folder, and still counts when the process is gone or too busy to answer.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from openai_mock.doors.drive import aframes
from openai_mock.wire import Data, Handle, Head, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

PATIENCE = 5.0
"""Seconds in which another process must answer."""


class Told(Struct, frozen=True):
    """What one process answered. `worker` counts from 1."""

    worker: int
    process: int
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Peers:
    """The processes of one server, seen from one of them: `number` from 1, `sockets` those of all by number."""

    def __init__(self, folder: Path, number: int, sockets: list[socket.socket], lifeline: int) -> None:
        """`lifeline` is a file that ends when the process that began them all is gone."""
        self.number, self.count = number, len(sockets)
        self._folder, self._sockets, self._lifeline = folder, sockets, lifeline

    @asynccontextmanager
    async def attending(self, alone: Handle, leave: Callable[[], object]) -> AsyncIterator[None]:
        """Answer the others by `alone`, and `leave` when nobody looks after this process any more."""

        async def heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                request = msgspec.msgpack.decode(await reader.read(), type=Request)
                writer.write(msgspec.msgpack.encode(await self.alone(alone, request)))
                await writer.drain()
            writer.close()

        def gone() -> None:
            loop.remove_reader(self._lifeline)
            leave()

        loop = asyncio.get_running_loop()
        server = await asyncio.start_unix_server(heard, sock=self._sockets[self.number - 1])
        loop.add_reader(self._lifeline, gone)
        try:
            yield
        finally:
            loop.remove_reader(self._lifeline)
            server.close()

    async def alone(self, handle: Handle, request: Request) -> Told:
        """What this process answers."""
        status, headers, body = 0, [], []
        async for frame in aframes(handle(request)):
            if isinstance(frame, Head):
                status, headers = frame.status, [*frame.headers]
            elif isinstance(frame, Data):
                body.append(frame.chunk)
        return Told(self.number, os.getpid(), status, headers, b"".join(body))

    async def others(self, request: Request) -> list[Told]:
        """What the other processes answer; those that do not are left out."""
        numbers = (number for number in range(1, self.count + 1) if number != self.number)
        answers = await asyncio.gather(*(self._asked(number, request) for number in numbers))
        return [each for each in answers if each is not None]

    async def _asked(self, number: int, request: Request) -> Told | None:
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_unix_connection(place(self._folder, number))
                try:
                    writer.write(msgspec.msgpack.encode(request))
                    writer.write_eof()
                    return msgspec.msgpack.decode(await reader.read(), type=Told)
                finally:
                    writer.close()
        except (OSError, TimeoutError, msgspec.DecodeError):
            return None

    def keep(self, told: Iterable[Told]) -> None:
        """Remember what processes have told, in place of what they told before."""
        for each in told:
            file = self._folder / f"{each.process}.told"
            fresh = file.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(each.body)
            fresh.replace(file)

    def kept(self, *, besides: Iterable[Told]) -> list[bytes]:
        """What all other processes told last, also those that are gone."""
        here = {str(each.process) for each in besides}
        return [file.read_bytes() for file in sorted(self._folder.glob("*.told")) if file.stem not in here]


def place(folder: Path, number: int) -> str:
    """Where a process listens to the others."""
    return str(folder / f"{number}.sock")


def places(folder: Path, count: int) -> list[socket.socket]:
    """Sockets at which as many processes listen to each other. Raises OSError where there can be none."""
    found = []
    for number in range(1, count + 1):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(place(folder, number))
        sock.listen(64)
        sock.setblocking(False)
        found.append(sock)
    return found
