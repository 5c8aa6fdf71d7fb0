"""The prompt cache: how many tokens of a prompt came from earlier prompts that began alike.

Theory. A prompt is cut into units: the tools, then each message in parts of at most 256 characters. A mark stands for
a unit with all before it, and for the session, model and `prompt_cache_key` it belongs to; so the last known mark of
a prompt says how far it begins as an earlier one did. As in the API, prompts of fewer than 1,024 tokens are left alone,
what counts are whole steps of 128 tokens, and what nobody asks for is forgotten in time. At most `most` marks are kept;
beyond that the one that was used least recently goes. Marks are compared within this process only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from re import compile as pattern
from typing import TYPE_CHECKING, Any

from openai_mock.turns.tokens import PER_REPLY, prompt_tokens

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

SHORTEST = 1_024
"""Tokens of the shortest prompt that is cached."""
STEP = 128
MOST_MARKS = 20_000
"""Some 5,000,000 characters of prompts, in about 3 MB."""
_PART = 256
_IN_MEMORY, _LONG = 600.0, 86_400.0
_LIFETIME = pattern(r"(\d+)([smhd])").fullmatch
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_COUNTS_WRITES = pattern(r"(?:ft:)?gpt-(?:5\.(?:[6-9]|\d\d)|[6-9]|\d\d)").match
_BREAKPOINT = "'prompt_cache_breakpoint': {"
Message = Mapping[str, Any]


class PromptCache:
    """The marks of all sessions."""

    def __init__(self, most: int = MOST_MARKS) -> None:
        self._most = most
        self._until: OrderedDict[int, float] = OrderedDict()
        self._salts: dict[str, int] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._until)

    def forget(self, session: str) -> None:
        """Forget what a session has sent."""
        self._salts.pop(session, None)

    def clear(self) -> None:
        """Forget everything."""
        self._salts.clear()
        self._until.clear()

    def read(self, call: Call, messages: Sequence[Message], total: int) -> tuple[int, int]:
        """How many of the `total` tokens of a prompt were known, and how many were not and are from now on."""
        body, now = call.body, call.world.clock.now()
        options = body.get("prompt_cache_options") or {}
        session, tools = call.session, body.get("tools") or ()
        salt = self._salts.get(session)
        if salt is None:
            salt = self._salts.setdefault(session, next(self._numbers))
        mark = hash((salt, call.model, body.get("prompt_cache_key")))
        marked = options.get("mode") == "explicit"
        units = [(mark := hash((mark, unit)), at, end) for unit, at, end in _units(messages, tools, marked=marked)]
        if marked:
            total = _known(messages, units[-1][1], units[-1][2], call.model, tools) if units else 0
        read = 0
        for mark, at, end in reversed(units):
            if self._until.get(mark, now) > now:
                read = _known(messages, at, end, call.model, tools)
                break
        self._keep([mark for mark, _, _ in units], now + _lifetime(body, options))
        cached, most = _counted(min(read, total)), _counted(total)
        return cached, most - cached if _COUNTS_WRITES(call.model) else 0

    def _keep(self, marks: list[int], until: float) -> None:
        for mark in marks[-self._most :]:
            self._until[mark] = until
            with suppress(KeyError):  # another thread may just have forgotten it
                self._until.move_to_end(mark)
        with suppress(KeyError):
            while len(self._until) > self._most:
                self._until.popitem(last=False)


def _counted(tokens: int) -> int:
    return tokens // STEP * STEP if tokens >= SHORTEST else 0


def _lifetime(body: Mapping[str, Any], options: Mapping[str, Any]) -> float:
    """How many seconds a prompt is remembered after its last use."""
    if found := _LIFETIME(str(options.get("ttl") or "")):
        return float(int(found[1]) * _SECONDS[found[2]])
    return _IN_MEMORY if body.get("prompt_cache_retention") == "in_memory" else _LONG


def _units(messages: Sequence[Message], tools: Sequence[Any], *, marked: bool) -> list[tuple[str, int, int]]:
    """The units of a prompt, each with the number of its message and how much of its content stands up to there.

    Of a text that is characters, of parts it is parts; the tools stand before all messages, at -1. Where only what is
    `marked` counts, what follows the last part with a breakpoint is left out.
    """
    units = list(_all_units(messages, tools))
    while marked and units and _BREAKPOINT not in units[-1][0]:
        units.pop()
    return units


def _all_units(messages: Sequence[Message], tools: Sequence[Any]) -> Iterator[tuple[str, int, int]]:
    if tools:
        yield repr(tools), 0, -1
    for at, message in enumerate(messages):
        content = message.get("content")
        yield repr([(key, value) for key, value in message.items() if key != "content"]), at, 0
        if isinstance(content, str):
            yield from ((content[end : end + _PART], at, end + _PART) for end in range(0, len(content), _PART))
        else:
            yield from ((repr(part), at, number) for number, part in enumerate(content or (), 1))


def _known(messages: Sequence[Message], at: int, end: int, model: str, tools: Sequence[Any]) -> int:
    """The tokens of all messages before one, and of that one with as much content as was known."""
    known = [*messages[:at]]
    if end >= 0:
        known.append({**messages[at], "content": (messages[at].get("content") or "")[:end]})
    return prompt_tokens(known, model, tools) - PER_REPLY
