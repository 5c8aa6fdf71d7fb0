"""The text in a file: as it is, without the tags of HTML, or as far as it can be found in PDF, Office and binary files.

Theory. Nothing here fails: a file that is broken, encrypted or of an unknown kind has the text that was found, perhaps
none. Every way through takes time in proportion to the file, and what is packed is unpacked up to a limit.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from zipfile import BadZipFile, ZipFile
from zlib import decompressobj
from zlib import error as ZlibError  # noqa: N812 - it is a class

_MOST = 16 * 2**20
"""Bytes of one packed part that are looked at."""
_HEAD = 4_096
_HTML = (".html", ".htm", ".xhtml")
_NAME = re.compile(r"[/!?]?([A-Za-z][\w:-]*)")
_HIDDEN = ("script", "style")
_BLOCKS = frozenset({
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td", "th", "title", "tr", "ul",
    "a:p", "si", "w:p", "w:br", "w:tab",
})  # fmt: skip
_READABLE = re.compile(rb"[\x20-\x7e\t]{8,}")
_OFFICE = re.compile(r"word/document\.xml|ppt/slides/slide\d+\.xml|xl/sharedStrings\.xml|content\.xml")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_SHOWN = re.compile(rb"\((?:[^()\\]|\\.)*\)|-\d{3,}|T[dDm*]|ET|['\"]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"", b"\n": b""}


def document_text(content: bytes, filename: str = "") -> str:
    """The text in a file; its name tells HTML that begins like anything else."""
    if content.startswith(b"%PDF"):
        return "\n".join(_pdf(content))
    if content.startswith(b"PK\x03\x04"):
        return "\n".join(_office(content))
    if content.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:_HEAD]:
        return "\n".join(run.decode("ascii") for run in _READABLE.findall(content))
    text = content.removeprefix(BOM_UTF8).decode("utf-8", "replace")
    start = text[:_HEAD].lstrip()[:14].lower()
    tagged = filename.lower().endswith(_HTML) or start.startswith(("<!doctype html", "<html"))
    return untagged(text) if tagged else text


def untagged(text: str) -> str:
    """HTML or XML without tags, comments, scripts and styles; blocks begin new lines."""
    first, *commented = text.split("<!--")
    whole = first + "".join(part.partition("-->")[2] for part in commented)
    lines = (" ".join(line.split()) for line in unescape("".join(_said(whole))).splitlines())
    return "\n".join(line for line in lines if line)


def _said(text: str) -> Iterator[str]:
    first, *pieces = text.split("<")
    yield first
    hidden = ""
    for piece in pieces:
        tag, closed, after = piece.partition(">")
        named = _NAME.match(tag)
        name = named[1].lower() if named else ""
        if hidden:
            if name != hidden or not tag.startswith("/"):
                continue
            hidden = ""
        elif name in _HIDDEN and not tag.endswith("/"):
            hidden = name
            continue
        if not closed or not name:
            yield f"<{piece}"
            continue
        yield f"\n{after}" if name in _BLOCKS else after


def _office(content: bytes) -> Iterator[str]:
    """The texts of a Word, PowerPoint, Excel or OpenDocument file."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                if _OFFICE.fullmatch(name):
                    with archive.open(name) as part:
                        yield untagged(part.read(_MOST).decode("utf-8", "replace"))
    except (BadZipFile, ZlibError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return


def _pdf(content: bytes) -> Iterator[str]:
    """The strings that the pages of a PDF show, where its fonts write letters as letters."""
    for found in _STREAM.finditer(content):
        end = content.find(b"endstream", found.end())
        if end < 0:
            return
        page = _unpacked(content[found.end() : end])
        if b"BT" in page and (text := "".join(_drawn(page)).strip()):
            yield text


def _unpacked(stream: bytes) -> bytes:
    try:
        return decompressobj().decompress(stream, _MOST)
    except ZlibError:
        return stream


def _drawn(page: bytes) -> Iterator[str]:
    for token in _SHOWN.findall(page):
        if token.startswith(b"("):
            said = _ESCAPE.sub(_unescaped, token[1:-1])
            yield said.decode("utf-16" if said.startswith(BOM_UTF16_BE) else "latin-1", "replace")
        else:
            yield " " if token.startswith(b"-") else "\n"


def _unescaped(found: re.Match[bytes]) -> bytes:
    letter = found[1]
    return bytes([int(letter, 8) & 255]) if letter.isdigit() else _ESCAPED.get(letter, letter)
