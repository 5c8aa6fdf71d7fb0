"""What an uploaded X.509 certificate says of itself: its subject's name, and from when until when it is valid.

Theory. PEM is base64 of DER between two lines. DER is a tree of values, each a tag, a length and its content; the few
that are wanted stand at known places: TBSCertificate = version?, serial, algorithm, issuer, validity, subject.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(\s[A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_COMMON_NAME = bytes.fromhex("550403")
_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18


class Certificate(NamedTuple):
    """`name` is the subject's common name, empty for none; the times are Unix seconds."""

    name: str
    valid_at: int
    expires_at: int


def read_certificate(text: str) -> Certificate | None:
    """The first certificate of a PEM text, or None where there is none that can be read."""
    found = _PEM.search(text)
    if found is None:
        return None
    try:
        (_, whole), *_ = _values(b64decode("".join(found[1].split()), validate=True))
        (_, signed), *_ = _values(whole)
        fields = [each for each in _values(signed) if each[0] != _VERSION]
        start, end = (_time(tag, content) for tag, content in _values(fields[3][1]))
        return Certificate(_common_name(fields[4][1]), start, end)
    except (ValueError, IndexError):
        return None


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and the content of each value. Raises ValueError where one is cut off."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("a value without a length")
        tag, size, start = data[at], data[at + 1], at + 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        at = start + size
        if at > len(data):
            raise ValueError("a value that is cut off")
        yield tag, data[start:at]


def _time(tag: int, content: bytes) -> int:
    if tag not in {_UTC_TIME, _GENERALIZED_TIME}:
        raise ValueError("no time")
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # two digits of the year: 50 to 99 are of the last century
        text = ("19" if text[:2] >= "50" else "20") + text
    return int(datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp())


def _common_name(subject: bytes) -> str:
    for _, entries in _values(subject):
        for _, entry in _values(entries):
            (_, kind), (_, value), *_ = _values(entry)
            if kind == _COMMON_NAME:
                return value.decode("utf-8", "replace")
    return ""
