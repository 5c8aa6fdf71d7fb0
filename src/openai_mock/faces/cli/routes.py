"""`openai-mock routes`: the catalogue of operations, and what answers each."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from openai_mock.mock import handlers
from openai_mock.spec.operations import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openai_mock.spec.operations import Operation

_BY_RESOURCE, _BY_NOTHING = "resource", "not answered yet"


class Route(msgspec.Struct, frozen=True):
    """One line of the list."""

    method: str
    path: str
    operation: str
    answered: str


def listing(word: str, *, as_json: bool) -> tuple[bool, str]:
    """Whether any operation contains `word`, and the text to print either way."""
    operations = load().operations
    found = routes(operations, handlers(), word)
    if not found:
        near = get_close_matches(word, operations, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else "Leave the word away to see them all."
        return False, f"No operation contains '{word}'. {hint}"
    return True, _as_json(found) if as_json else _as_text(found)


def routes(operations: Mapping[str, Operation], answered: Iterable[str], word: str) -> list[Route]:
    """The operations whose method, path or name contains `word` in any case, by path."""
    names, wanted = frozenset(answered), word.lower()
    every = (
        Route(each.method, each.path, name, _BY_RESOURCE if name in names else _BY_NOTHING)
        for name, each in operations.items()
    )
    return sorted(
        (route for route in every if wanted in f"{route.method} {route.path} {route.operation}".lower()),
        key=lambda route: (route.path, route.method),
    )


def _as_json(found: list[Route]) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def _as_text(found: list[Route]) -> str:
    path, name = max(len(route.path) for route in found), max(len(route.operation) for route in found)
    return "\n".join(
        f"{route.method:<6} {route.path:<{path}}  {route.operation:<{name}}  {route.answered}" for route in found
    )
