"""An answer as the bytes of HTTP/1.1, for clients inside the process that read bytes by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_mock.doors.framing import Framed, framed_body, framed_head
from openai_mock.wire import Data, Head, Step

if TYPE_CHECKING:
    from collections.abc import Sequence


class Written:
    """Turns the frames of one answer into bytes. `opened` is the opening, from which a whole answer has its length."""

    def __init__(self, method: str, opened: Sequence[Step | None]) -> None:
        self.method = method
        self.length = sum(len(step.chunk) for step in opened if isinstance(step, Data)) if opened[-1] is None else None
        self.framed: Framed | None = None

    def head(self, head: Head) -> bytes:
        """Status line and headers."""
        self.framed = framed_head(self.method, head, (), length=self.length)
        return self.framed.text

    def data(self, data: Data) -> bytes:
        """A piece of the body."""
        return framed_body(self.framed, data.chunk, last=False) if self.framed is not None else b""

    def end(self) -> bytes:
        """What says that nothing follows."""
        return framed_body(self.framed, b"", last=True) if self.framed is not None else b""
