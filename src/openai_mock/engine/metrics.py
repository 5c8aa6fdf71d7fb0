"""Metrics in the text format of Prometheus: counters of finished exchanges, and what is under way.

Theory. Nothing is counted before somebody asks for the first time; that first answer tells of what the journal still
holds, and from then on every exchange counts as it ends.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.recorded import tokens

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper ends of the histogram's buckets."""


class Latency:
    """How long the exchanges of one operation took, by bucket."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.total = 0.0


class Metrics:
    """What is counted of one journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._counting = False
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._faults: Counter[str] = Counter()
        self._latency: dict[str, Latency] = {}
        self._unmatched = 0

    def text(self) -> str:
        """Everything, as Prometheus reads it."""
        entries = tuple(self._journal.entries)
        if not self._counting:
            self._counting = True
            self._journal.listeners.append(self._count)
            for entry in entries:
                if entry.seconds is not None:
                    self._count(entry)
        flowing = sum(entry.stream and entry.seconds is None for entry in entries)
        return "".join(f"{line}\n" for line in self._lines(flowing))

    def _count(self, entry: Entry) -> None:
        if not entry.number:
            return
        operation = entry.operation or ""
        self._requests[operation, str(entry.status), entry.rule or ""] += 1
        latency = self._latency.setdefault(operation, Latency())
        latency.buckets[bisect_left(SECONDS, entry.seconds or 0.0)] += 1
        latency.total += entry.seconds or 0.0
        self._faults.update(entry.faults)
        self._unmatched += (entry.operation is None and entry.status in {404, 405}) or bool(entry.nearest)
        used = None if _tells_again(entry) else tokens(entry)
        if used is not None:
            self._tokens[operation, "prompt"] += used.prompt
            self._tokens[operation, "completion"] += used.completion

    def _lines(self, flowing: int) -> Iterator[str]:
        yield from _family("openai_mock_requests_total", "counter", "Finished requests.")
        for (operation, status, rule), times in sorted(self._requests.items()):
            yield _sample("openai_mock_requests_total", times, operation=operation, status=status, rule=rule)
        yield from self._histogram()
        yield from _family("openai_mock_tokens_total", "counter", "Tokens that answers said they used.")
        for (operation, kind), number in sorted(self._tokens.items()):
            yield _sample("openai_mock_tokens_total", number, operation=operation, kind=kind)
        yield from _family("openai_mock_faults_total", "counter", "Faults that happened to answers.")
        for kind, times in sorted(self._faults.items()):
            yield _sample("openai_mock_faults_total", times, kind=kind)
        yield from _family("openai_mock_unmatched_total", "counter", "Requests without an operation or a rule.")
        yield _sample("openai_mock_unmatched_total", self._unmatched)
        yield from _family("openai_mock_streams_in_flight", "gauge", "Streams under way.")
        yield _sample("openai_mock_streams_in_flight", flowing)

    def _histogram(self) -> Iterator[str]:
        name = "openai_mock_request_seconds"
        yield from _family(name, "histogram", "How long answers took, in seconds.")
        for operation, latency in sorted(self._latency.items()):
            seen = 0
            for end, times in zip((*SECONDS, None), latency.buckets, strict=True):
                seen += times
                yield _sample(f"{name}_bucket", seen, operation=operation, le="+Inf" if end is None else f"{end:g}")
            yield _sample(f"{name}_sum", latency.total, operation=operation)
            yield _sample(f"{name}_count", seen, operation=operation)


def _tells_again(entry: Entry) -> bool:
    """Whether an answer is an object of earlier, whose tokens were used once however often it is looked at."""
    return entry.request.method == "GET" or (entry.operation or "").endswith(".update")


def _family(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _sample(name: str, value: float, **labels: str) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value!r}" if shown else f"{name} {value!r}"


def _escaped(text: str) -> str:
    escapes: Mapping[str, str] = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
    return "".join(escapes.get(each, each) for each in text)
