"""What answers meet between the engine and the client: what a plan says of it, and what a mock was told besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.config.plan import Plan
from openai_mock.engine.faults import KINDS, Fault, Kind
from openai_mock.engine.pace import Pace, Paces
from openai_mock.engine.transit import Readers, Transit

GivenPace: TypeAlias = str | Mapping[str, Any] | Pace
GivenFaults: TypeAlias = str | Mapping[str, Any] | Fault | Sequence[str | Mapping[str, Any] | Fault]


class Told(Struct):
    """What a mock was told besides its plan; the pace may be told anew."""

    pace: GivenPace | None = None
    faults: GivenFaults = ()


def transit(plan: Plan, seed: int, told: Told) -> Transit:
    """The transit of a plan. A pace that was told beats all but that of an entry, told faults come before the plan's.

    Raises ValueError with a sentence for what is no pace or no fault.
    """
    return Transit(
        plan.paces if told.pace is None else replace(_paces(told.pace), rules=plan.paces.rules),
        (*_faults(told.faults), *plan.faults) if told.faults else plan.faults,
        seed=seed,
        readers=Readers(_pace_of, _fault_of if plan.fault_header else None),
        kind=_kind,
    )


# What reads values loads when there is a value to read: most mocks are told nothing of the kind.


def _paces(given: GivenPace) -> Paces:
    from openai_mock.config.formats.timing import paces_of  # noqa: PLC0415

    return paces_of(given)


def _pace_of(text: str) -> Pace:
    from openai_mock.config.formats.timing import pace_of  # noqa: PLC0415

    return pace_of(text)


def _faults(given: GivenFaults) -> tuple[Fault, ...]:
    from openai_mock.config.formats.faults import faults_of  # noqa: PLC0415

    return faults_of([given] if isinstance(given, str | Mapping | Fault) else given)


def _fault_of(text: str) -> Fault:
    from openai_mock.config.formats.faults import fault_of  # noqa: PLC0415

    return fault_of(text)


def _kind(name: str) -> Kind:
    if name in KINDS:
        return KINDS[name]
    from openai_mock.config.formats.faults import kind_named  # noqa: PLC0415

    return kind_named(name)
