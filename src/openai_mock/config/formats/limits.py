"""Limits as users write them: requests and tokens in a minute and a day, a quota, and answers at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.config.formats.plain import plainly
from openai_mock.config.shapes import Choice, Each, Either, Key, Keys, Whole
from openai_mock.engine.limits import PER, Limits, Quota, Rates

_MOST = 1_000_000_000_000
_MANY, _SOME = Whole(0, _MOST), Whole(1, _MOST)
_RATES = {
    "requests_per_minute": Key(_SOME, "How many requests a caller may make in a minute."),
    "tokens_per_minute": Key(_SOME, "How many tokens a caller may use in a minute."),
    "requests_per_day": Key(_SOME, "How many requests a caller may make in a day."),
    "tokens_per_day": Key(_SOME, "How many tokens a caller may use in a day."),
}
_LIMITS = Keys(
    "limits",
    {
        **_RATES,
        "models": Key(
            Keys("limits by model", {}, others=Keys("limits of a model", _RATES)),
            "Rates by model, or by glob; the first that fits counts, before those for all.",
        ),
        "per": Key(
            Either((Choice(PER), Each(Choice(PER), least=1))),
            "What tells callers apart, one or a list of it.  Default: model and organization.",
        ),
        "quota": Key(
            Keys(
                "quota",
                {
                    "requests": Key(_MANY, "How many requests a caller may make at all."),
                    "tokens": Key(_MANY, "How many tokens a caller may use at all."),
                },
            ),
            "What there is credit for; then comes OpenAI's insufficient_quota.",
        ),
        "concurrency": Key(_SOME, "How many answers of one caller may be under way."),
    },
)
LIMITS = Key(_LIMITS, "How much callers may use; more of it gets OpenAI's 429.")


def limits(given: Mapping[str, Any] | None) -> Limits | None:
    """The limits that a sound value describes."""
    if given is None:
        return None
    per: Any = given.get("per", Limits().per)
    names: list[Any] = [per] if isinstance(per, str) else list(dict.fromkeys(per))
    return Limits(
        _rates(given),
        tuple((glob, _rates(rates)) for glob, rates in given.get("models", {}).items()),
        tuple(names),
        Quota(**given.get("quota", {})),
        given.get("concurrency"),
    )


def limits_of(given: Limits | Mapping[str, Any], name: str = "limits") -> Limits:
    """The limits of a value from outside a file. Raises ValueError with a sentence for each mistake."""
    if isinstance(given, Limits):
        return given
    return plainly(given, _LIMITS, name, lambda value, _: limits(value) or Limits())


def _rates(given: Mapping[str, Any]) -> Rates:
    return Rates(**{name: given[name] for name in _RATES if name in given})
