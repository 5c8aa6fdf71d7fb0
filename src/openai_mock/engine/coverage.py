"""Coverage: what answers each operation, and how often it was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from openai_mock.spec.operations import Operation

Answered: TypeAlias = Literal["resource", "memory", "example"]


class Covered(Struct, frozen=True):
    """One operation. A *resource* is written for it; *memory* keeps what is created; an *example* is made each time."""

    operation: str
    method: str
    path: str
    answered: Answered
    calls: int = 0


def coverage(
    operations: Mapping[str, Operation],
    handled: Container[str],
    remembered: Container[str],
    calls: Mapping[str, int],
) -> list[Covered]:
    """Every operation by path and method; `handled` and `remembered` are the names a resource and memory answer."""
    found = (
        Covered(name, each.method, each.path, _answered(name, handled, remembered), calls.get(name, 0))
        for name, each in operations.items()
    )
    return sorted(found, key=lambda covered: (covered.path, covered.method, covered.operation))


def counts(covered: list[Covered]) -> dict[str, int]:
    """How many operations each kind answers, how many there are, and how many were called."""
    kinds = Counter(each.answered for each in covered)
    called = sum(each.calls > 0 for each in covered)
    return {
        "operations": len(covered),
        **{kind: kinds[kind] for kind in ("resource", "memory", "example")},
        "called": called,
    }


def as_json(covered: list[Covered]) -> dict[str, Any]:
    """The report that GET /_mock/coverage answers."""
    rows = [{field: getattr(each, field) for field in each.__struct_fields__} for each in covered]
    return {"object": "coverage", "counts": counts(covered), "operations": rows}


def _answered(name: str, handled: Container[str], remembered: Container[str]) -> Answered:
    if name in handled:
        return "resource"
    return "memory" if name in remembered else "example"
