"""Faults as users write them: a kind, to whom it happens and how often, and the options of the kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from glob import escape
from typing import Any

from openai_mock.config.errors import Report, nearest, one_of
from openai_mock.config.formats.plain import from_text, plainly
from openai_mock.config.formats.timing import DURATION, seconds
from openai_mock.config.node import Path
from openai_mock.config.shapes import Each, Either, Flag, Json, Key, Keys, Number, Text, Whole
from openai_mock.engine.faults import KINDS, Calls, Fault, Kind

ENTRY_POINTS = "openai_mock.faults"
_MOST = 1_000_000_000
_NAME = Text(empty=False)
_WHO = {
    "kind": Key(_NAME, f"What goes wrong: {one_of(tuple(KINDS))}.", required=True),
    "operation": Key(_NAME, "To which operations, by name or glob: `chat.*`. Left out, to all."),
    "model": Key(_NAME, "To which models, by name or glob."),
    "rule": Key(_NAME, "To the answers of which entries, by id or glob."),
    "probability": Key(Number(0, 1), "How likely it is for each of the calls."),
    "calls": Key(
        Either((_NAME, Whole(1, _MOST))),
        "Which calls, counted for each fault and session: `3`, `3rd`, `first 2`, `every 5`, `4-6` or `from 4`.",
    ),
}
_OPTIONS = {
    "status": Key(Whole(400, 599), "The status of an error."),
    "message": Key(Text(), "The words of an error, in place of OpenAI's."),
    "code": Key(Text(), "The code of an error."),
    "type": Key(Text(), "The type of an error."),
    "param": Key(Text(), "The parameter that an error names."),
    "retry_after": Key(DURATION, "After how long an error asks to try again."),
    "should_retry": Key(Flag(), "What the header `x-should-retry` of an error says."),
    "after_events": Key(Whole(0, _MOST), "After how many events of a stream."),
    "after_bytes": Key(Whole(0, _MOST), "After how many bytes of the body."),
    "event": Key(Whole(1, _MOST), "To which event of a stream, counted from 1."),
    "events": Key(Whole(1, _MOST), "How many events come together at most."),
    "for": Key(DURATION, "How long a pause is."),
    "bytes_per_second": Key(Number(1, _MOST), "How fast bytes come."),
    "bytes": Key(Whole(1, _MOST), "How many bytes come together at most."),
    "every": Key(DURATION, "How long after one another pieces come; 1ms when left out."),
    "content_type": Key(Text(), "Which content type the answer has."),
}
_FAULT = Keys("fault", {**_WHO, **_OPTIONS}, others=Json())
FAULTS = Key(Each(_FAULT), "What goes wrong: a list of kinds, with to whom and how often.")
FAULT_HEADER = Key(Flag(), "Whether a request may ask for a fault by the header `x-mock-fault`.")
_NOTED_AS_DURATIONS = frozenset({"retry_after", "for", "every"})
_CALLS = re.compile(r"(?:(?P<nth>\d+)(?:st|nd|rd|th)?|first (?P<first>\d+)|every (?P<every>\d+)|"
                    r"(?P<low>\d+)\s*-\s*(?P<high>\d+)|from (?P<start>\d+))")  # fmt: skip


def faults(settings: Mapping[str, Any], report: Report) -> tuple[Fault, ...]:
    """The faults of a configuration: its own, then those of entries."""
    found = _several(settings.get("faults") or (), ("faults",), report)
    for index, entry in enumerate(settings.get("responses") or ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        path = ("responses", index, "faults")
        for place, given in enumerate(entry.get("faults") or ()):
            if isinstance(given, dict) and "rule" in given:
                report.blame((*path, place, "rule"), "a fault of an entry happens to this entry; remove 'rule'")
        found += _several(entry.get("faults") or (), path, report, rule=escape(entry["id"]))
    return tuple(found)


def faults_of(given: Sequence[Fault | Mapping[str, Any] | str], name: str = "faults") -> tuple[Fault, ...]:
    """The faults of values from outside a file. Raises ValueError with a sentence for each mistake."""
    return tuple(each if isinstance(each, Fault) else _one(each, name) for each in given)


@lru_cache(maxsize=256)
def fault_of(text: str) -> Fault:
    """A fault from `kind,key=value,...`, as a header gives it. Raises ValueError with a sentence for each mistake."""
    return _one(text, "fault")


def kind_named(name: str) -> Kind:
    """The kind of a name, from `KINDS` or from an entry point. Raises KeyError when there is none."""
    if name in KINDS:
        return KINDS[name]
    from importlib.metadata import entry_points  # noqa: PLC0415 - only kinds from elsewhere need it

    for point in entry_points(group=ENTRY_POINTS, name=name):
        kind: Kind = point.load()
        return kind
    raise KeyError(name)


def _one(given: Mapping[str, Any] | str, name: str) -> Fault:
    value = from_text(given, "kind") if isinstance(given, str) else given
    return plainly(value, _FAULT, name, lambda sound, report: _fault(sound, (), report, None))


def _several(given: Sequence[Any], path: Path, report: Report, *, rule: str | None = None) -> list[Fault]:
    return [_fault(each, (*path, index), report, rule) for index, each in enumerate(given) if isinstance(each, dict)]


def _fault(given: Mapping[str, Any], path: Path, report: Report, rule: str | None) -> Fault:
    """The fault that a mapping describes; what is wrong with it is told."""
    name = given.get("kind", "")
    options = {key: value for key, value in given.items() if key not in _WHO}
    try:
        kind = kind_named(name)
    except KeyError:
        if name:
            close = nearest(name, KINDS)
            advice = f"did you mean '{close}'?" if close else f"there are {one_of(tuple(KINDS), 'and')}"
            report.blame((*path, "kind"), f"there is no fault '{name}'; {advice}")
        return Fault(name)
    _check(name, kind, options, path, report)
    return Fault(
        name,
        operation=given.get("operation", "*"),
        model=given.get("model", "*"),
        rule=given.get("rule", rule),
        probability=given.get("probability", 1.0),
        calls=_calls(given["calls"], (*path, "calls"), report) if "calls" in given else Calls(),
        options={
            key: seconds(value, (*path, key), report) if key in _NOTED_AS_DURATIONS else value
            for key, value in options.items()
        },
    )


def _check(name: str, kind: Kind, options: Mapping[str, Any], path: Path, report: Report) -> None:
    for key in options:
        if key not in kind.options:
            close = nearest(key, kind.options)
            has = f"did you mean '{close}'?" if close else f"it has {one_of(kind.options or ('no options',), 'and')}"
            report.blame((*path, key), f"the fault '{name}' has no '{key}'; {has}")
    for key in kind.needs:
        if key not in options and report.sound((*path, key)):
            about = _OPTIONS[key].about if key in _OPTIONS else ""
            report.blame(path, f"the fault '{name}' needs the key '{key}': {about}")


def _calls(given: str | int, path: Path, report: Report) -> Calls:
    match = _CALLS.fullmatch(str(given).strip().lower())
    numbers = {key: int(number) for key, number in match.groupdict().items() if number} if match else {}
    if not numbers or 0 in numbers.values() or numbers.get("high", 0) < numbers.get("low", 0):
        report.blame(path, f"expected calls such as 3, 3rd, first 2, every 5, 4-6 or from 4, but got '{given}'")
        return Calls()
    if "every" in numbers:
        return Calls(numbers["every"], None, numbers["every"])
    start = numbers.get("nth") or numbers.get("low") or numbers.get("start") or 1
    stop = numbers.get("nth") or numbers.get("high") or numbers.get("first")
    return Calls(start, stop)
