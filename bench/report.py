"""Figures and how they are shown: nearly every figure is a ratio of two things measured here, under the same load."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version

from bench.load import Outcome, client_name

SATURATED = 0.9
"""A server that uses less of its core than this was not the bottleneck; then its processor time decides."""


@dataclass(frozen=True)
class Figure:
    """One line of the report.

    `reference` is what `ours` is compared with: the floor, or our own smaller case. `ratio` is as `target` wants it:
    with `at_least` the share of the reference's speed, otherwise how many times its cost. `target` is None where a
    figure is only told, and holds `ours` itself where there is no ratio. `note` says what qualifies the figure.
    """

    name: str
    unit: str
    reference: float | None
    ours: float
    ratio: float | None = None
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met` or `missed`, or nothing without a target."""
        judged = self.ours if self.ratio is None else self.ratio
        if self.target is None:
            return ""
        return "met" if (judged >= self.target if self.at_least else judged <= self.target) else "missed"


def median(values: Iterable[float]) -> float:
    """The median, which one disturbed round does not move."""
    return statistics.median(values)


def paired(ours: Sequence[float], reference: Sequence[float]) -> float:
    """The median over the rounds of ours to the reference's of the same round."""
    return median(mine / theirs for mine, theirs in zip(ours, reference, strict=True))


def of_costs(
    name: str, unit: str, reference: Sequence[float], ours: Sequence[float], target: float | None = None
) -> Figure:
    """A cost of which less is better, round by round."""
    return Figure(name, unit, median(reference), median(ours), paired(ours, reference), target)


def of_loads(name: str, reference: Sequence[Outcome], ours: Sequence[Outcome], target: float) -> list[Figure]:
    """Requests per second, and the server's processor time for a request where the system tells it.

    The target holds the rates if both servers were busy all the time, otherwise the processor times: the rates of an
    idling server only show how fast its client was.
    """
    rates = [[one.rate for one in outcomes] for outcomes in (reference, ours)]
    speed = Figure(
        name, "requests/s", median(rates[0]), median(rates[1]), paired(rates[1], rates[0]), target, at_least=True
    )
    cpu = [[one.cpu for one in outcomes if one.cpu is not None] for outcomes in (reference, ours)]
    busy = [[one.busy for one in outcomes if one.busy is not None] for outcomes in (reference, ours)]
    if not (cpu[0] and cpu[1]):
        return [replace(speed, note="processor time unknown here")]
    cores = [median(shares) for shares in busy]
    times = Figure(
        f"{name}: CPU of the server",
        "us/request",
        median(cpu[0]),
        median(cpu[1]),
        paired(cpu[0], cpu[1]),
        at_least=True,
    )
    told = f"server busy {cores[0]:.0%} and {cores[1]:.0%}"
    if min(cores) >= SATURATED:
        return [replace(speed, note=told), times]
    return [replace(speed, target=None, note=told), replace(times, target=target, note="not saturated: CPU decides")]


def heading() -> str:
    """What the figures depend on, in one line."""
    return (
        f"openai-mock {version('openai-mock')}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, load by {client_name()}"
    )


def row(figure: Figure) -> str:
    """One line of the table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    if figure.target is None:
        target = ""
    else:
        unit = f" {figure.unit}" if figure.ratio is None else ""
        target = f"{'>=' if figure.at_least else '<='} {figure.target:g}{unit}"
    reference = "" if figure.reference is None else _number(figure.reference)
    return (
        f"{figure.name:<52} {figure.unit:>11} {reference:>10} {_number(figure.ours):>10} {ratio:>6} {target:>9} "
        f"{figure.verdict:<6} {figure.note}"
    ).rstrip()


def titles() -> str:
    """The line above the table."""
    return f"{'':<52} {'unit':>11} {'reference':>10} {'ours':>10} {'ratio':>6} {'target':>9}"


def as_json(figures: Sequence[Figure]) -> str:
    """All figures as one JSON document."""
    rows = [{**asdict(figure), "verdict": figure.verdict or None} for figure in figures]
    return json.dumps({"heading": heading(), "figures": rows}, indent=2)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"
