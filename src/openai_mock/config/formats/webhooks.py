"""Webhooks as users write them: a URL, the events it wants, the secret that signs, and what goes wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from msgspec.structs import replace

from openai_mock.config.errors import Report, nearest
from openai_mock.config.formats.plain import plainly
from openai_mock.config.formats.timing import DURATION, seconds
from openai_mock.config.node import Path
from openai_mock.config.shapes import Choice, Each, Either, Key, Keys, Number, Text
from openai_mock.engine.webhooks import DELAY, MODES, Mode, Subscription, key_of, sound_url
from openai_mock.resources.webhooks import EVENT_TYPES

_NAME = Text(empty=False)
_ABOUT = {
    "late": "How likely an event comes only after the delay.",
    "duplicate": "How likely an event comes twice, with the same webhook-id.",
    "out_of_order": "How likely an event comes behind the next one, or after the delay.",
    "drop": "How likely an event never comes.",
    "forged": "How likely the signature is wrong.",
    "stale": "How likely the timestamp is too old.",
}
_WEBHOOK = Keys(
    "webhook",
    {
        "url": Key(_NAME, "Where events are sent.", required=True),
        "secret": Key(_NAME, "What signs them: `whsec_` and Base64, or any text. Left out, one is made."),
        "events": Key(
            Either((_NAME, Each(_NAME, least=1))),
            "Which events, by type or glob such as `response.*`, one or a list. Left out, all.",
        ),
        "mode": Key(
            Either((Choice(MODES), Keys("mode", {name: Key(Number(0, 1), about) for name, about in _ABOUT.items()}))),
            "What goes wrong on purpose: always one of these, or how likely each is.",
        ),
        "delay": Key(DURATION, f"How late what is late comes; {DELAY:g} seconds when left out."),
    },
)
WEBHOOKS = Key(
    Each(_WEBHOOK), "Who is told when a response in the background, a batch, a job, a run or a video comes to its end."
)
One: TypeAlias = str | Mapping[str, Any] | Callable[[Any], Any]
GivenWebhooks: TypeAlias = One | Sequence[One]


def webhooks(given: Sequence[Any], report: Report) -> tuple[Subscription, ...]:
    """The webhooks of a configuration."""
    return tuple(
        _webhook(each, ("webhooks", index), report) for index, each in enumerate(given) if isinstance(each, dict)
    )


def webhooks_of(given: GivenWebhooks | None, name: str = "webhooks") -> tuple[Subscription, ...]:
    """The webhooks of values from outside a file: URLs, functions and mappings. Raises ValueError with a sentence."""
    if given is None:
        return ()
    several = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    return tuple(webhook_of(each, name) for each in several)


def webhook_of(given: One, name: str = "webhook", **more: Any) -> Subscription:
    """The webhook of one value; `more` are further keys. Raises ValueError with a sentence for each mistake."""
    function = None if isinstance(given, str | Mapping) or not callable(given) else given
    if isinstance(given, Mapping):
        value: Any = {**given, **more}
    else:
        value = {"url": given if function is None else "https://localhost/", **more}
    found = plainly(value, _WEBHOOK, name, lambda sound, report: _webhook(sound, (), report))
    return found if function is None else replace(found, url="", call=function)


def _webhook(given: Mapping[str, Any], path: Path, report: Report) -> Subscription:
    url, secret = given.get("url", ""), given.get("secret")
    if url:
        _judged(sound_url, url, (*path, "url"), report)
    if secret is not None:
        _judged(key_of, secret, (*path, "secret"), report)
    events = given.get("events", "*")
    patterns = (events,) if isinstance(events, str) else tuple(each for each in events if isinstance(each, str))
    for pattern in patterns:
        if not any(fnmatchcase(type_, pattern) for type_ in EVENT_TYPES):
            near = nearest(pattern, (*EVENT_TYPES, *(f"{each.partition('.')[0]}.*" for each in EVENT_TYPES)))
            advice = f"did you mean '{near}'?" if near else "write one such as response.completed, batch.* or *"
            report.blame((*path, "events"), f"there is no event '{pattern}'; {advice}")
    mode: Any = given.get("mode", {})
    chances: Any = {mode: 1.0} if isinstance(mode, str) else mode
    delay = seconds(given["delay"], (*path, "delay"), report) if "delay" in given else DELAY
    return Subscription(url, secret, patterns, Mode(chances, delay))


def _judged(judge: Callable[[str], Any], text: str, path: Path, report: Report) -> None:
    try:
        judge(text)
    except ValueError as error:
        report.blame(path, str(error))
