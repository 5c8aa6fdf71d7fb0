"""Authors: what is said when no rule speaks. A function of the prompt and a seed, so the same request hears the same.

An author writes freely, a turn for each of `n` choices; `honour` makes the answer what the request asks of any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from zlib import crc32

from openai_mock.turns.tokens import count, encoding_for
from openai_mock.turns.turn import Prompt, Turn

Author: TypeAlias = Callable[[Prompt, int], tuple[Turn, ...]]
"""Writes one turn per choice. The number is the seed of the mock; the request's own `seed` counts too."""

MOST_CHOICES = 128
_QUOTED = 60
_OPENINGS = (
    "This is openai-mock. No rule matched your request, so no model and no rule wrote this answer.",
    "Hello from openai-mock. No model is running here, and no rule matched your request.",
    "You have reached openai-mock, which answers without a model. No rule matched your request.",
    "openai-mock speaking: no rule matched your request, so this is the answer it gives by itself.",
)
_ADVICE = (
    " To choose the answer, write your message and the reply you want under `responses:` in a YAML file and start "
    "`openai-mock --config FILE`."
)
_MORE = (
    " An entry may match a conversation exactly, by a part of it, by a pattern or by likeness, and answer with a text, "
    "with tool calls or with a whole response; without any entry, every request is answered as this one is."
)
_CLOSINGS: Mapping[str, str] = {"low": "", "high": _ADVICE + _MORE}
"""What follows the report, by the verbosity that is asked for."""


def helpful(prompt: Prompt, seed: int) -> tuple[Turn, ...]:
    """Tells a newcomer who speaks, what it heard and how to decide the answer; each choice opens differently."""
    speaker, heard = _heard(prompt)
    first = _variant(prompt, seed, heard)
    quote = _shortened(heard)
    report = f' {speaker} said: "{quote}".' if quote else ""
    closing = _CLOSINGS.get(_verbosity(prompt.body), _ADVICE)
    # A blank behind the end of a sentence always begins a word, so the parts are counted one by one: two are known.
    encoding = encoding_for(prompt.model)
    counted = (count(report, encoding) if report else 0) + (count(closing, encoding) if closing else 0)
    return tuple([
        Turn(opening + report + closing, tokens=count(opening, encoding) + counted)
        for opening in [_OPENINGS[(first + choice) % len(_OPENINGS)] for choice in range(_choices(prompt.body))]
    ])  # fmt: skip


def _verbosity(body: Mapping[str, Any]) -> str:
    said = body.get("verbosity")
    if said is None and (text := body.get("text")):
        said = text.get("verbosity")
    return said or "medium"


def echo(prompt: Prompt, seed: int) -> tuple[Turn, ...]:  # noqa: ARG001  (an author takes a seed; an echo has no choice)
    """Says the last message again, word for word."""
    return (Turn(_heard(prompt)[1]),) * _choices(prompt.body)


def _heard(prompt: Prompt) -> tuple[str, str]:
    """Who spoke last, and what: the last message of a user or a tool that has a text."""
    for message in reversed(prompt.messages):
        if message.text and message.role == "user":
            return "You", message.text
        if message.text and message.role in {"tool", "function"}:
            return "Your tool", message.text
    return "You", ""


def _shortened(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * _QUOTED].split())
    return (
        line
        if len(line) <= _QUOTED and len(text) <= 4 * _QUOTED
        else f"{line[:_QUOTED].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    )


def _variant(prompt: Prompt, seed: int, heard: str) -> int:
    """A number that follows from the seed and the request, the same in every process."""
    own = prompt.body.get("seed")
    text = f"{seed} {own} {prompt.model} {len(prompt.messages)} {len(heard)} {heard[:256]}"
    # A checksum alone is linear: for some texts its last bits are the same whatever the seed.
    return crc32(text.encode("utf-8", "surrogatepass")) * 2_654_435_761 >> 16


def _choices(body: Mapping[str, Any]) -> int:
    wanted = body.get("n")
    return min(wanted, MOST_CHOICES) if isinstance(wanted, int) and wanted > 1 else 1
