"""The service tier: which one serves a request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_SERVED: Mapping[str, str] = MappingProxyType({"auto": "default", "fast": "priority"})


def service_tier(body: Mapping[str, Any]) -> str:
    """The tier that a request is served by: the one it asks for, where `auto` is `default` and `fast` is `priority`."""
    asked: str = body.get("service_tier") or "auto"
    return _SERVED.get(asked, asked)
