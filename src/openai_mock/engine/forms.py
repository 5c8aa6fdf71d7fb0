"""Decodes multipart and urlencoded bodies, and query strings, into the pairs and nested values a client flattened.

Theory. A body is whole before it is read, so a part is what lies between two delimiters, found by `bytes.find`: the
content of a file is cut out once and is the only copy. A delimiter is CRLF, two hyphens and the boundary, followed by
blanks and a line end, or by two more hyphens where the body ends; the boundary inside longer text is content.

    body := [preamble] delimiter part (CRLF delimiter part)* CRLF delimiter "--" [epilogue]
    part := header-lines CRLF content

Values stay text: the schema of the operation decides later what `"1"` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

from msgspec import Struct

from openai_mock.spec.forms import nest

MAX_FIELDS: Final = 1_000
"""A form or query has at most this many fields."""
MAX_HEADERS: Final = 16_384
"""The headers of one part have at most this many bytes."""
_MAX_BOUNDARY: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
# A quote that is never closed reaches to the end, so that no text is looked at twice.
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^;"]*))', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])|%(22|[01][0-9A-F])')
_LATIN: Final = ("iso-8859-1", "latin-1", "latin1")
_PLAIN_ENCODINGS: Final = ("", "binary", "7bit", "8bit")


class FilePart(Struct, frozen=True):
    """One uploaded file. `filename` has no directories and may be empty; `path` is what was sent, where it has some."""

    filename: str
    content_type: str
    content: bytes
    path: str = ""


Pair: TypeAlias = tuple[str, str | FilePart]


def read_form(body: bytes, content_type: str) -> dict[str, Any]:
    """The nested values of a form body: texts, `FilePart`s, lists and dictionaries.

    Raises ValueError with a sentence for the client where the body is not what the Content-Type header says.
    """
    return nest(form_pairs(body, content_type))


def form_pairs(body: bytes, content_type: str) -> list[Pair]:
    """The fields of a form body in their order, names as sent. Raises ValueError like `read_form`."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _MULTIPART:
        return list(_parts(body, _boundary(content_type)))
    if media_type == _FORM:
        return list(_urlencoded(_text(body, "The form body")))
    raise ValueError(f"The Content-Type header is '{content_type[:100]}'; send the form as '{_MULTIPART}'.")


def _urlencoded(text: str) -> list[tuple[str, str]]:
    if text.count("&") >= MAX_FIELDS:
        raise ValueError(f"There are more than {MAX_FIELDS:,} parameters; send fewer.")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("A percent-encoded parameter is not UTF-8; encode it as UTF-8.") from None


def _boundary(content_type: str) -> bytes:
    boundary = _parameters(content_type).get("boundary", "")
    if not boundary:
        raise ValueError(
            "The Content-Type header of the multipart body names no boundary; "
            "let the HTTP client write the header, or add '; boundary=...'."
        )
    if len(boundary) > _MAX_BOUNDARY or not boundary.isascii():
        raise ValueError(f"The boundary of the multipart body is not ASCII text of at most {_MAX_BOUNDARY} characters.")
    return boundary.encode()


def _parts(body: bytes, boundary: bytes) -> Iterator[Pair]:
    delimiter = b"\r\n--" + boundary
    # The first delimiter needs no line end before it, so the search may begin two bytes before the body.
    at = 0 if body.startswith(delimiter[2:]) else body.find(delimiter) + 2
    start, last = (None, False) if at == 1 else _line_end(body, at + len(delimiter) - 2)
    if start is None:
        raise ValueError("The multipart body does not begin with the boundary that its Content-Type header names.")
    count = 0
    while not last:
        count += 1
        if count > MAX_FIELDS:
            raise ValueError(f"The multipart body has more than {MAX_FIELDS:,} parts; send fewer.")
        # An empty part may share its line end with the delimiter that closes it.
        end, after, last = _next(body, delimiter, start - 2)
        yield _part(body, start, end)
        start = after


def _next(body: bytes, delimiter: bytes, start: int) -> tuple[int, int, bool]:
    """Where the next delimiter begins, where the line after it begins, and whether it is the last one."""
    at = body.find(delimiter, start)
    while at >= 0:
        after, last = _line_end(body, at + len(delimiter))
        if after is not None:
            return at, after, last
        at = body.find(delimiter, at + 1)
    raise ValueError("The multipart body ends before its last boundary; it was cut off, or the boundary is wrong.")


def _line_end(body: bytes, at: int) -> tuple[int | None, bool]:
    """Where the line behind a boundary ends and whether the body ends with it; None where it is no delimiter."""
    last = body.startswith(b"--", at)
    at += 2 if last else 0
    while body[at : at + 1] in (b" ", b"\t"):
        at += 1
    ended = body.startswith(b"\r\n", at) or (last and at >= len(body))
    return (at + 2 if ended else None), last


def _part(body: bytes, start: int, end: int) -> Pair:
    blank = start - 2 if body.startswith(b"\r\n", start) else body.find(b"\r\n\r\n", start, start + MAX_HEADERS)
    if not start - 2 <= blank < end:
        raise ValueError(
            f"A part of the multipart body has no blank line behind its headers, or more than {MAX_HEADERS:,} bytes "
            "of them."
        )
    headers = _headers(body[start : max(start, blank)])
    name, filename = _disposition(headers.get("content-disposition", ""))
    encoding = headers.get("content-transfer-encoding", "").lower()
    if encoding not in _PLAIN_ENCODINGS:
        raise ValueError(f"The part '{name}' is encoded as {encoding[:40]}; send its bytes as they are.")
    content = body[blank + 4 : end]
    if filename is None:
        return name, _text(content, f"The form field '{name}'")
    last = re.split(r"[/\\]", filename)[-1]
    path = filename if filename != last else ""
    return name, FilePart(last, headers.get("content-type", "application/octet-stream"), content, path)


def _headers(block: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in block.split(b"\r\n"):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _disposition(header: str) -> tuple[str, str | None]:
    """The name of a field, and the file's name with its directories if it is a file."""
    parameters = _parameters(header)
    if header.partition(";")[0].strip().lower() != "form-data" or "name" not in parameters:
        raise ValueError(
            "A part of the multipart body has no name; begin it with the header "
            "'Content-Disposition: form-data; name=\"...\"'."
        )
    filename = parameters.get("filename")
    if "filename*" in parameters:
        filename = _extended(parameters["filename*"])
    return parameters["name"], filename


def _parameters(header: str) -> dict[str, str]:
    """The parameters behind a header's value; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(header, max(header.find(";"), 0)):
        quoted, plain = match[2], match[3]
        found.setdefault(match[1].lower(), plain.strip() if quoted is None else _ESCAPED.sub(_unescaped, quoted))
    return found


def _unescaped(match: re.Match[str]) -> str:
    """A backslash and the percent-encoding of browsers and httpx: both ways to write a quote inside quotes."""
    return match[1] or chr(int(match[2], 16))


def _extended(value: str) -> str:
    """The text of RFC 8187's `UTF-8'language'percent-encoded`."""
    charset, _, rest = value.partition("'")
    data = unquote_to_bytes(rest.partition("'")[2])
    if charset.lower() in _LATIN:
        return data.decode("latin-1")
    if charset.lower() != "utf-8":
        raise ValueError(f"A filename is encoded as '{charset[:40]}'; write filename*=UTF-8''... instead.")
    return _text(data, "A filename")


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{what} is not UTF-8 (byte {error.start}); send files with a filename.") from None
