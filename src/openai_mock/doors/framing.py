"""HTTP/1.1 as bytes: the text of a head, and how the body behind it is delimited."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from msgspec import Struct

from openai_mock.wire import Head, Headers


class Framed(Struct, frozen=True):
    """A head as text, and the rules for the body that follows it.

    `length` is the announced number of bytes, None for none; `chunked` asks for chunked encoding; `bodiless` means that
    nothing may follow; `keep` is whether the connection may serve another request afterwards.
    """

    text: bytes
    length: int | None
    chunked: bool
    bodiless: bool
    keep: bool


def whole(method: str, head: Head, body: bytes, defaults: Headers, *, keep: bool) -> tuple[bytes, bool]:
    """A complete response, and whether the connection may be kept. Raises ValueError for a header that is none."""
    text, low = _text(head, defaults)
    announced = b"\r\ncontent-length: %d\r\n" % len(body) in low
    if announced and keep and method != "HEAD" and not _special(low):
        return b"%b\r\n%b" % (text, body), True
    framed = framed_head(method, head, defaults, length=len(body), keep=keep)
    if framed.bodiless:
        return framed.text, framed.keep
    if framed.length != len(body):
        raise ValueError(f"The head announces {framed.length} bytes, but the body has {len(body)}.")
    return framed.text + body, framed.keep


def framed_head(
    method: str, head: Head, defaults: Headers, *, length: int | None = None, keep: bool = True, chunks: bool = True
) -> Framed:
    """The head of a response whose body is still to come, or `length` bytes long where that is known.

    `chunks` is whether the client understands chunked encoding; where it does not, the end of the connection is the end
    of the body. Raises ValueError for a header that is none.
    """
    names = {name.lower(): value for name, value in head.headers}
    bodiless = method == "HEAD" or head.status in (204, 304) or head.status < 200
    kept = [pair for pair in head.headers if pair[0].lower() not in (b"transfer-encoding", b"connection")]
    if b"content-length" in names:
        length = int(names[b"content-length"])
    elif length is not None and head.status not in (204, 304):
        kept.append((b"content-length", b"%d" % length))
    chunked = length is None and not bodiless and chunks
    keep = (
        keep and b"close" not in names.get(b"connection", b"").lower() and (length is not None or chunked or bodiless)
    )
    if chunked:
        kept.append((b"transfer-encoding", b"chunked"))
    if not keep:
        kept.append((b"connection", b"close"))
    text = _text(Head(head.status, kept), defaults)[0] + b"\r\n"
    return Framed(text, length, chunked, bodiless, keep)


def framed_body(framed: Framed, body: bytes, *, last: bool) -> bytes:
    """A piece of the body as it goes out, with the end mark where it is the last."""
    if framed.bodiless:
        return b""
    if not framed.chunked:
        return body
    end = b"0\r\n\r\n" if last else b""
    return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end


def _text(head: Head, defaults: Headers) -> tuple[bytes, bytes]:
    """Status line and header lines without the blank line, as they are and in lower case."""
    parts = [_status_line(head.status), *map(b": ".join, defaults), *map(b": ".join, head.headers), b""]
    text, lines = b"\r\n".join(parts), len(parts) - 1
    if text.count(b"\n") != lines or text.count(b"\r") != lines or b"\0" in text:
        raise ValueError("A header of the answer holds a line break or a zero byte.")
    return text, text.lower()


def _special(low: bytes) -> bool:
    """Whether the head wants more than sending: other framing, an end of the connection, no body."""
    return (
        b"\r\nconnection:" in low
        or b"\r\ntransfer-encoding:" in low
        or low[9:12] in (b"204", b"304")
        or low[9:10] == b"1"
    )


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}".encode("ascii")
