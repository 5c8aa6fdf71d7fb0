"""What must never be printed: one list of credential names, and the ways they appear in headers, queries and bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIALS = (
    "authorization", "apikey", "accesskey", "privatekey", "password", "passwd", "secret", "token", "cookie",
    "credential", "credentials",
)  # fmt: skip
"""A header, parameter or field is a credential when its name, lower-case without `-` and `_`, ends in one of these."""
HIDDEN = "****"
_PAIR = re.compile(r'(?<!\\)"((?:[^"\\]|\\.)*)"(\s*:\s*)"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_QUOTED = re.compile(
    r'(?<!\\)(\\+)"([^"\\]*)(?<!\\)\1"(\s*:\s*)\1"(.*?(?<!\\)(?:\1\1\\\\)*(?=\1")|.*)(\1"|\Z)',
    re.DOTALL,
)
"""A pair of JSON that stands in a text of JSON, as the arguments of a tool call do. Where n backslashes stand before a
quote, each backslash of the value itself is 2n + 2 of them.
"""
_LOOSE = re.compile(
    r"\bsk-[\w-]{6,}|\bek_[\w-]{20,}|\bwhsec_[\w+/=-]{6,}|(?<=\bbearer )[\w.~+/=-]{6,}|(?<=\bbasic )[\w.~+/=-]{6,}",
    re.IGNORECASE,
)


def is_credential(name: str) -> bool:
    """Whether what stands under this name must be hidden."""
    return name.lower().replace("-", "").replace("_", "").endswith(CREDENTIALS)


def headers(sent: Mapping[str, str]) -> dict[str, str]:
    """The headers, with hidden credentials; the scheme of an Authorization header stays."""
    return {name: _value(value) if is_credential(name) else text(value) for name, value in sent.items()}


def _value(value: str) -> str:
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if blank and scheme.lower() in {"bearer", "basic"} else HIDDEN


def query(raw: str) -> str:
    """The query as sent, with hidden credentials."""
    return "&".join(_parameter(pair) for pair in raw.split("&"))


def _parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={HIDDEN}" if equals and is_credential(name) else text(pair)


def text(body: str) -> str:
    """Any text, with hidden JSON fields that are credentials and hidden words that look like one."""
    return _LOOSE.sub(HIDDEN, _QUOTED.sub(_quoted, _PAIR.sub(_field, body)))


def _quoted(found: re.Match[str]) -> str:
    quote, name, colon, value, close = found.groups()
    shown = HIDDEN if is_credential(name) else _QUOTED.sub(_quoted, value)
    return f'{quote}"{name}{quote}"{colon}{quote}"{shown}{close}'


def _field(found: re.Match[str]) -> str:
    name, colon, _, close = found.groups()
    return f'"{name}"{colon}"{HIDDEN}{close}' if is_credential(name) else found[0]
