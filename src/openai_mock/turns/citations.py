"""Citations of web pages: found in a text, and written as chat or as the Responses API writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

_LINK = re.compile(
    r"\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>]+)\)|(https?://[^\s()<>\[\]\"']*[^\s()<>\[\]\"'.,;:!?])"
)
_KIND = "url_citation"


def citations(text: str) -> list[dict[str, Any]]:
    """A citation for each link of a text, in Markdown or bare, from its first character to behind its last."""
    return [
        {
            "type": _KIND,
            "start_index": found.start(),
            "end_index": found.end(),
            "title": found[1] or urlsplit(found[3]).netloc,
            "url": found[2] or found[3],
        }
        for found in _LINK.finditer(text)
    ]


def nested(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Annotations as chat writes them; it knows those of web pages only."""
    return [_nested(each) for each in annotations if each.get("type", _KIND) == _KIND]


def flat(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Annotations as the Responses API writes them."""
    return [{"type": _KIND, **each[_KIND]} if _KIND in each else dict(each) for each in annotations]


def _nested(annotation: Mapping[str, Any]) -> dict[str, Any]:
    inner = annotation.get(_KIND) or {key: value for key, value in annotation.items() if key != "type"}
    return {"type": _KIND, _KIND: dict(inner)}
