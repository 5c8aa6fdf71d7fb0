"""What happened to a mock, as text: calls, rules, and requests that nothing answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from openai_mock.engine import redact
from openai_mock.engine.journal import Entry
from openai_mock.library.verify import counted


def is_unmatched(entry: Entry) -> bool:
    """Whether no operation or no rule was found for the request."""
    return (entry.operation is None and entry.status in (404, 405)) or bool(entry.nearest)


def report(entries: Sequence[Entry], calls: Mapping[str, int], rules: Sequence[tuple[str, int]]) -> str:
    """Calls by operation, rules with their uses, and what was not matched with the nearest rules."""
    statuses: dict[str, Counter[int]] = {}
    for entry in entries:
        if entry.operation is not None:
            statuses.setdefault(entry.operation, Counter())[entry.status] += 1
    missed = [entry for entry in entries if is_unmatched(entry)]
    made = {name: count for name, count in calls.items() if count}
    told = ((sum(made.values()), "call"), (len(made), "operation"), (len(missed), "unmatched request"))
    calls_, operations, unmatched = (f"{number} {word}{'s' * (number != 1)}" for number, word in told)
    lines = [f"{calls_} of {operations}, {unmatched}"]
    width = max(map(len, made), default=0)
    for name, count in sorted(made.items()):
        seen = ", ".join(f"{status}: {times}" for status, times in sorted(statuses.get(name, Counter()).items()))
        lines.append(f"  {name:<{width}}  {count}  ({seen})")
    used = [*rules, *_of_files(entries, {name for name, _ in rules})]
    if used:
        lines += ["rules:", *(f"  {name}: {counted(times)}" for name, times in used)]
    if missed:
        lines += ["unmatched:", *(line for entry in missed for line in _missed(entry))]
    return "\n".join(lines)


def _of_files(entries: Sequence[Entry], known: set[str]) -> list[tuple[str, int]]:
    return [*Counter(entry.rule for entry in entries if entry.rule and entry.rule not in known).items()]


def _missed(entry: Entry) -> list[str]:
    first = f"  {entry.request.method} {entry.request.path}: {entry.status} {entry.error}"
    lines = [first, *(f"    {miss['id']}: {miss['reason']}" for miss in entry.nearest)]
    return [redact.text(line) for line in lines]
