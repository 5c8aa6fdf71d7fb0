"""Request bodies, decoded once."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import msgspec

from openai_mock.engine.errors import not_json, wrong_content_type
from openai_mock.wire import Request

_decode = msgspec.json.Decoder().decode
_JSON = "application/json"
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_DEEP = 100
"""Levels beyond which a body may be what exhausts the stack."""


def read_json(request: Request) -> Any:
    """The JSON value of the body; an empty body is an empty object. Raises the 400 for anything else."""
    content_type = request.headers.get("content-type", _JSON)
    if content_type != _JSON and not is_json(content_type) and request.body:
        raise wrong_content_type(content_type, _JSON)
    if not request.body:
        return {}
    try:
        return _decode(request.body)
    except (ValueError, RecursionError):
        raise not_json() from None


def is_deep(body: bytes) -> bool:
    """Whether JSON is nested so deeply that handling it can exhaust the stack."""
    steps = (1 if mark[0] in b"[{" else -1 if mark[0] in b"]}" else 0 for mark in _MARKS.findall(body))
    return max(accumulate(steps), default=0) > _DEEP


def is_json(content_type: str) -> bool:
    """Whether a content type announces JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == _JSON or media_type.endswith("+json")
