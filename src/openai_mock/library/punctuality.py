"""What the punctuality of a server amounts to: figures, those of several servers added up, and the verdict on them.

Theory. A server measures into buckets (`doors.punctuality`), so figures of several processes come from the sum of their
buckets, as if one had measured it all. The verdict holds each figure against what it may be at most; a mock that was
late was the bottleneck of the test, not the code under test.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from openai_mock.doors.punctuality import Punctuality
from openai_mock.engine.answers import Answer
from openai_mock.engine.clock import duration
from openai_mock.engine.errors import ApiError
from openai_mock.library.endpoints import Endpoint, query_of
from openai_mock.wire import Request

Raw: TypeAlias = Mapping[str, Any]
PATH = "/_mock/load"
_HISTOGRAMS = ("lateness", "gaps", "first", "lag")
_SHARES = (0.5, 0.9, 0.99)
LIMITS: Mapping[str, float] = MappingProxyType({"lateness": 0.01, "first_byte": 0.025, "loop_lag": 0.025, "cpu": 0.95})
"""What a figure may be at most: 99 of 100 measurements of a duration, in seconds, and the share of a core."""
_TOLD: Mapping[str, str] = {
    "lateness": "1 % of the chunks were written more than {} after they were due",
    "first_byte": "1 % of the answers began more than {} after they were due",
    "loop_lag": "its event loop was held up for more than {} in 1 % of the looks at it",
    "cpu": "it used {} of a core while it answered",
}
_QUERY = {"histograms": "`true` adds the buckets, from which the figures of several servers add up."}


def measured(punctuality: Punctuality) -> list[Endpoint]:
    """The endpoints that measure a server."""

    def shown(request: Request) -> Answer:
        wanted = query_of(request, set(_QUERY)).get("histograms", "false")
        if wanted not in {"true", "false"}:
            raise ApiError(400, f"'histograms' is true or false, not '{wanted}'.")
        began_now = not punctuality.measuring
        if began_now:
            punctuality.begin()
        raw = {**punctuality.raw(), "began_now": began_now}
        return {**figures([raw]), **({"histograms": raw} if wanted == "true" else {})}

    def again(_: Request) -> Answer:
        punctuality.begin()
        return {"ok": True}

    def end(_: Request) -> Answer:
        punctuality.end()
        return {"ok": True}

    about = "How punctual the server was; the first look begins to measure."
    return [
        Endpoint("GET", PATH, about, shown, query=_QUERY),
        Endpoint("POST", PATH, "Measure from now on, and forget what was measured before.", again),
        Endpoint("DELETE", PATH, "Measure no more, and forget.", end),
    ]


def figures(raws: Sequence[Raw]) -> dict[str, Any]:
    """The figures of one server, or of several together; durations are in milliseconds."""
    each = {name: _told([raw[name] for raw in raws]) for name in _HISTOGRAMS}
    chunks = sum(sum(raw["lateness"]["counts"].values()) for raw in raws)
    return {
        "object": "load",
        "workers": len(raws),
        "began_now": all(raw.get("began_now", False) for raw in raws),
        "seconds": max(raw["seconds"] for raw in raws),
        **{name: sum(raw[name] for raw in raws) for name in ("answers", "streams")},
        "chunks": chunks,
        "in_flight_peak": sum(raw["peak"] for raw in raws),
        "requests_waited": sum(raw["waited"] for raw in raws),
        "chunks_held_by_clients": sum(raw["held"] for raw in raws),
        "lateness_ms": each["lateness"],
        "gap_deviation_ms": each["gaps"],
        "first_byte_ms": each["first"],
        "loop_lag_ms": each["lag"],
        "cpu": max(raw["cpu"] / raw["busy"] if raw["busy"] else 0.0 for raw in raws),
    }


def _told(histograms: Iterable[Raw]) -> dict[str, float]:
    """Percentiles and the maximum of several histograms together, in milliseconds."""
    counts: Counter[float] = Counter()
    most, servers = 0.0, 0
    for servers, histogram in enumerate(histograms, 1):  # noqa: B007 - how many there were
        most = max(most, histogram["most"])
        for bucket, times in histogram["counts"].items():
            counts[_middle(int(bucket))] += times
    found = {f"p{share * 100:g}": 1000 * percentile(counts, share, servers) for share in _SHARES}
    return {**{name: min(value, 1000 * most) for name, value in found.items()}, "max": 1000 * most}


def percentile(counts: Mapping[float, int], share: float, servers: int = 1) -> float:
    """The value below which this share of the values lies; of few values the highest of each server does not count."""
    number = sum(counts.values())
    rank = max(0, min(int(share * (number - 1)), number - 1 - servers))
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen > rank:
            return value
    return 0.0


def _middle(bucket: int) -> float:
    """The middle of a bucket, in seconds; what came early counts by how much."""
    found: float = struct.unpack("=f", struct.pack("=I", (bucket & 0x7FFF) << 16 | 0x8000))[0]
    return found


def limits_of(given: Iterable[str]) -> dict[str, float]:
    """The limits, with `NAME=VALUE` texts in place of what is usual. Raises ValueError with a sentence."""
    limits = dict(LIMITS)
    for text in given:
        name, equals, value = text.partition("=")
        if name not in LIMITS or not equals:
            raise ValueError(f"'{text}' is no limit. Write one of {', '.join(f'{name}=...' for name in LIMITS)}.")
        try:
            limits[name] = _limit(name, value)
        except ValueError:
            example = "0.95 or 95%" if name == "cpu" else "10ms"
            raise ValueError(f"'{text}' is no limit of {name}. Write one such as {name}={example}.") from None
    return limits


def _limit(name: str, text: str) -> float:
    """A share of a core, or seconds; neither below nothing nor NaN, which nothing exceeds."""
    found = _share(text) if name == "cpu" else duration(text)
    if not found >= 0:
        raise ValueError(text)
    return found


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)


def exceeded(found: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    """What was more than it may be, a sentence for each; the last says what to do. Empty where the mock kept up."""
    if not found["answers"]:
        return []
    values = {name: found[f"{name}_ms"]["p99"] / 1000 for name in ("lateness", "first_byte", "loop_lag")}
    values["cpu"] = found["cpu"]
    over = [name for name, limit in limits.items() if values[name] > limit]
    if not over:
        return []
    sentences = [
        f"The mock was the bottleneck: {_TOLD[name].format(_shown(name, values[name]))}; "
        f"the limit is {_shown(name, limits[name])} ({name}={_shown(name, limits[name]).replace(' ', '')})."
        for name in over
    ]
    return [*sentences, _advice(found)]


def _advice(found: Mapping[str, Any]) -> str:
    share = f"{found['cpu']:.0%} of a core"
    if found["cpu"] >= 0.7:
        more = "Serve with more --workers" if found["workers"] > 1 else "Serve with --workers 2 or more"
        return f"It used {share}: {more[0].lower()}{more[1:]}, or test with fewer streams at a time."
    return (
        f"It used only {share}, so something else on the machine took the time: "
        "give the mock a core of its own, or run the load from another machine."
    )


def _shown(name: str, value: float) -> str:
    return f"{value:.0%}" if name == "cpu" else f"{1000 * value:.3g} ms"


def in_words(found: Mapping[str, Any]) -> str:
    """The figures as lines of text."""
    rows = {
        "lateness of chunks": "lateness_ms",
        "deviation of gaps": "gap_deviation_ms",
        "first byte, beyond its time": "first_byte_ms",
        "lag of the event loop": "loop_lag_ms",
    }
    workers = f", {found['workers']} workers" if found["workers"] > 1 else ""
    counted = f"{found['answers']} answers, {found['streams']} of them in pieces, {found['chunks']} paced chunks"
    lines = [
        f"Load over {found['seconds']:.1f} s{workers}: {counted}",
        f"{'':<34}{'p50':>10}{'p90':>10}{'p99':>10}{'max':>10}",
    ]
    for title, name in rows.items():
        lines.append(
            f"{title + ' (ms)':<34}" + "".join(f"{found[name][of]:>10.2f}" for of in ("p50", "p90", "p99", "max"))
        )
    return "\n".join(
        [
            *lines,
            f"{'answers under way at most':<34}{found['in_flight_peak']:>10}",
            f"{'requests behind another':<34}{found['requests_waited']:>10}",
            f"{'chunks their clients held up':<34}{found['chunks_held_by_clients']:>10}",
            f"{'share of a core while busy':<34}{found['cpu']:>10.0%}",
        ]
    )
