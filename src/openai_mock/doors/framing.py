"""HTTP/1.1 as bytes: the text of a head, and how the body behind it is delimited.

Theory. The answers of one operation differ in the values of their headers, hardly ever in the names. So what follows
from the names (their text, whether the head wants more than sending) is a `_Shape`, worked out once.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from msgspec import Struct

from openai_mock.wire import Head, Headers

_BROKEN = "A header of the answer holds a line break or a zero byte."


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


class _Shape(Struct, frozen=True):
    """What heads with the same status and names have in common.

    `text` has a `%b` for each value and ends behind the last header; `length` is the place of content-length, None
    where it is missing; `plain` means that nothing else of the head decides how the body is framed.
    """

    text: bytes
    length: int | None
    plain: bool


def whole(method: str, head: Head, body: bytes, defaults: Headers, *, keep: bool) -> tuple[bytes, bool]:
    """A complete response, and whether the connection may be kept. Raises ValueError for a header that is none."""
    shape, values = _shaped(head, defaults)
    if keep and shape.plain and method != "HEAD":
        length = b"%d" % len(body)
        if shape.length is None:
            return b"%bcontent-length: %b\r\n\r\n%b" % (_filled(shape, values), length, body), True
        if values[shape.length] == length:
            return b"%b\r\n%b" % (_filled(shape, values), body), True
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
    text = _filled(*_shaped(Head(head.status, kept), defaults)) + b"\r\n"
    return Framed(text, length, chunked, bodiless, keep)


def framed_body(framed: Framed, body: bytes, *, last: bool) -> bytes:
    """A piece of the body as it goes out, with the end mark where it is the last."""
    if framed.bodiless:
        return b""
    if not framed.chunked:
        return body
    end = b"0\r\n\r\n" if last else b""
    return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end


def _shaped(head: Head, defaults: Headers) -> tuple[_Shape, tuple[bytes, ...]]:
    """The shape of a head, and the values that fill it."""
    pairs = (*defaults, *head.headers)
    names, values = zip(*pairs, strict=True) if pairs else ((), ())
    return _shape(head.status, names), values


@lru_cache(maxsize=256)
def _shape(status: int, names: tuple[bytes, ...]) -> _Shape:
    if _breaks(b"".join(names)):
        raise ValueError(_BROKEN)
    lines = [name.replace(b"%", b"%%") + b": %b" for name in names]
    low = [name.lower() for name in names]
    framing = low.count(b"content-length") > 1 or b"connection" in low or b"transfer-encoding" in low
    return _Shape(
        b"\r\n".join([_status_line(status), *lines, b""]),
        low.index(b"content-length") if b"content-length" in low else None,
        not framing and status >= 200 and status not in (204, 304),
    )


def _filled(shape: _Shape, values: tuple[bytes, ...]) -> bytes:
    """Status line and header lines without the blank line."""
    if _breaks(b"".join(values)):
        raise ValueError(_BROKEN)
    return shape.text % values


def _breaks(text: bytes) -> bool:
    """Whether a header with this in it would be another header, or none."""
    return b"\n" in text or b"\r" in text or b"\0" in text


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}".encode("ascii")
