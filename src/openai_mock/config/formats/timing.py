"""How fast answers come, as users write it: durations, paces, and presets for families of models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from openai_mock.config.errors import Report, nearest, one_of
from openai_mock.config.formats.plain import from_text, plainly
from openai_mock.config.node import Path
from openai_mock.config.shapes import Choice, Either, Key, Keys, Number, Text
from openai_mock.engine.clock import duration
from openai_mock.engine.pace import AT_ONCE, OfRule, Pace, Paces, Spread

LONGEST = 86_400.0
DURATION = Either((Text(empty=False), Number(0, LONGEST)))
NONE, REALISTIC = "none", "realistic"
_MODEL_PACES: Mapping[str, tuple[str, float]] = {
    "gpt-4o-mini": ("400ms", 90),
    "gpt-4o": ("500ms", 80),
    "gpt-4.1-nano": ("350ms", 130),
    "gpt-4.1-mini": ("450ms", 75),
    "gpt-4.1": ("600ms", 60),
    "gpt-4-turbo": ("700ms", 35),
    "gpt-4": ("800ms", 25),
    "gpt-3.5": ("400ms", 90),
    "gpt-5-nano": ("1s", 150),
    "gpt-5-mini": ("1.5s", 90),
    "gpt-5": ("3s", 70),
    "o1": ("6s", 80),
    "o3-mini": ("4s", 120),
    "o3": ("6s", 80),
    "o4-mini": ("4s", 110),
}
"""First token and tokens per second by family: approximate orders of magnitude to test against, not measurements."""
PRESETS: Mapping[str, Mapping[str, Any]] = {
    NONE: {},
    **{
        name: {"first_token": first, "tokens_per_second": rate, "jitter": 0.3}
        for name, (first, rate) in _MODEL_PACES.items()
    },
}
"""Paces by name, in the form in which users write them."""

_SPREAD = Either(
    (
        *DURATION.shapes,
        Keys(
            "percentiles",
            {
                "p50": Key(DURATION, "Half of the draws are below.", required=True),
                "p90": Key(DURATION, "Nine of ten draws are below.", required=True),
                "p99": Key(DURATION, "99 of 100 draws are below.", required=True),
            },
        ),
    )
)
_SIGMA = Number(0, 5)
_JITTER = Either(
    (
        _SIGMA,
        Keys(
            "jitter",
            {
                "distribution": Key(
                    Choice(("uniform", "normal", "lognormal")), "How times scatter.  Default: lognormal."
                ),
                "sigma": Key(_SIGMA, "By how much, as a share of the time.", required=True),
            },
        ),
    )
)
_KEYS = {
    "preset": Key(Text(empty=False), f"What to start from: {one_of(tuple(PRESETS))}."),
    "first_token": Key(_SPREAD, "The time to the first token, such as 300ms, or its percentiles."),
    "between_tokens": Key(_SPREAD, "The time from each token to the next, such as 20ms or 0.75ms, or its percentiles."),
    "tokens_per_second": Key(Number(0.001, 1_000_000), "The same as a rate."),
    "jitter": Key(_JITTER, "How both times scatter: a share such as 0.3, or a distribution and its sigma."),
    "load": Key(Number(0, 1000), "How much longer both take for each other answer under way, as a share: 0.01."),
    "delay": Key(DURATION, "What passes before every answer, also where no model speaks."),
}
PACE = Either((Text(empty=False), Keys("pace", _KEYS)))
PACE_KEY = Key(PACE, "How fast a model speaks: a preset, or times.")
DELAY_KEY = Key(DURATION, "What passes before this answer, such as 200ms.")
PACES = Key(
    Either(
        (
            Text(empty=False),
            Keys("pace", {**_KEYS, "models": Key(Keys("paces by model", {}, others=PACE), "Paces by model: globs.")}),
        )
    ),
    f"How fast models speak: a preset, times, or `{REALISTIC}` for the preset of each model's family.",
)


def seconds(value: str | float, path: Path, report: Report) -> float:
    """A duration in seconds; a wrong one is told and is 0."""
    try:
        found = duration(value)
    except ValueError as error:
        report.blame(path, str(error))
        return 0.0
    if not 0 <= found <= LONGEST:
        report.blame(path, f"expected a duration from 0 to a day, but got '{value}'")
        return 0.0
    return found


def paces(settings: Mapping[str, Any], report: Report) -> Paces:
    """The paces of a configuration: its own, those of models and those of entries."""
    given, path = settings.get("pace", {}), ("pace",)
    rules = {}
    for index, entry in enumerate(settings.get("responses") or ()):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and ("pace" in entry or "delay" in entry):
            rules[entry["id"]] = _of_rule(entry, ("responses", index), report)
    if given == REALISTIC:
        return Paces(_pace(PRESETS["gpt-4o"], path, report), realistic(), rules)
    models = given.get("models", {}) if isinstance(given, dict) else {}
    by_model = tuple((glob, pace(each, (*path, "models", glob), report)) for glob, each in models.items())
    return Paces(pace(given, path, report), by_model, rules)


def realistic() -> tuple[tuple[str, Pace], ...]:
    """The presets as paces of the models of each family."""
    return tuple((f"{name}*", pace_of(name)) for name in sorted(_MODEL_PACES, key=len, reverse=True))


def _of_rule(entry: Mapping[str, Any], path: Path, report: Report) -> OfRule:
    return OfRule(
        pace(entry["pace"], (*path, "pace"), report) if "pace" in entry else None,
        seconds(entry["delay"], (*path, "delay"), report) if "delay" in entry else None,
    )


def pace(given: str | Mapping[str, Any], path: Path, report: Report) -> Pace:
    """The pace that a sound value describes; what is wrong with it is told."""
    if not isinstance(given, str):
        return _pace(given, path, report)
    if "=" not in given:
        return _preset(given, path, report)
    try:
        return pace_of(given)
    except ValueError as error:
        report.blame(path, str(error))
        return AT_ONCE


def paces_of(given: str | Mapping[str, Any] | Pace, name: str = "pace") -> Paces:
    """The paces of a value from outside a file. Raises ValueError with a sentence for each mistake."""
    if isinstance(given, Pace):
        return Paces(given)
    if isinstance(given, str):
        return Paces(pace_of("gpt-4o"), realistic()) if given == REALISTIC else Paces(pace_of(given))
    return plainly(given, PACES.shape, name, lambda value, report: paces({"pace": value}, report))


@lru_cache(maxsize=256)
def pace_of(text: str) -> Pace:
    """A pace from a preset's name or from `key=value,...`, as a header or a command line gives it.

    Raises ValueError with a sentence for each mistake.
    """
    if "=" not in text:
        return plainly(text.strip(), PACE, "pace", lambda value, report: _preset(value, (), report))
    return plainly(from_text(text, "preset"), PACE, "pace", lambda value, report: _pace(value, (), report))


def _preset(name: str, path: Path, report: Report) -> Pace:
    if name in PRESETS:
        return _pace(PRESETS[name], path, report)
    close = nearest(name, PRESETS)
    advice = f"did you mean '{close}'?" if close else f"there are {one_of(tuple(PRESETS), 'and')}"
    report.blame(path, f"there is no preset '{name}'; {advice}")
    return AT_ONCE


def _pace(given: Mapping[str, Any], path: Path, report: Report) -> Pace:
    start = given.get("preset", NONE)
    if start not in PRESETS:
        return _preset(start, (*path, "preset"), report)
    if "between_tokens" in given and "tokens_per_second" in given:
        sentence = "'between_tokens' and 'tokens_per_second' say the same; remove one"
        report.blame((*path, "tokens_per_second"), sentence)
    beginning = dict(PRESETS[start])
    if "between_tokens" in given:
        beginning.pop("tokens_per_second", None)
    told = {**beginning, **given}
    jitter = told.get("jitter", 0)
    scatter = jitter if isinstance(jitter, dict) else {"sigma": jitter}
    found = AT_ONCE
    if "tokens_per_second" in told:
        found = replace(found, between_tokens=_scattered(1 / told["tokens_per_second"], scatter))
    for key in ("first_token", "between_tokens"):
        if key in told:
            found = replace(found, **{key: _spread(told[key], scatter, (*path, key), report)})
    delay = seconds(told["delay"], (*path, "delay"), report) if "delay" in told else 0.0
    return replace(found, delay=delay, load=told.get("load", 0.0))


def _spread(given: Any, scatter: Mapping[str, Any], path: Path, report: Report) -> Spread:
    if not isinstance(given, dict):
        return _scattered(seconds(given, path, report), scatter)
    values = tuple(seconds(given[key], (*path, key), report) for key in ("p50", "p90", "p99") if key in given)
    if len(values) < 3 or not report.sound(path):
        return Spread("fixed", (0.0,))
    if not 0 < values[0] <= values[1] <= values[2]:
        report.blame(path, "percentiles must grow and lie above 0: p50 <= p90 <= p99")
        return Spread("fixed", (0.0,))
    return Spread("percentiles", values)


def _scattered(middle: float, scatter: Mapping[str, Any]) -> Spread:
    sigma = scatter.get("sigma", 0)
    if not sigma or math.isclose(middle, 0):
        return Spread("fixed", (middle,))
    return Spread(scatter.get("distribution", "lognormal"), (middle, float(sigma)))
