"""What a request says, before anyone answers it, also where only its handler can tell: a run hears its whole thread.

Theory. A model speaks before its handler keeps anything, because a rule may answer with an error. So a handler can be
asked twice: a first time by someone who only listens and breaks off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from msgspec.structs import replace

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Handler
from openai_mock.library.said import HEARD
from openai_mock.rules.asked import SPEAKING, Asked
from openai_mock.rules.patterns import Budget
from openai_mock.turns.turn import Prompt

_HISTORY = ("previous_response_id", "conversation", "prompt")


class _HeardError(Exception):
    """Somebody has heard enough."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__("The prompt was heard.")
        self.prompt = prompt


def listened(call: Call, usual: Handler) -> Asked | Answer:
    """The request as rules look at it; or the answer, where the handler gives it without asking a model."""
    body = call.body if isinstance(call.body, Mapping) else {}
    fields = {**call.params, **call.query, **body}
    name, headers = call.operation.name, call.request.headers
    heard = HEARD.get(name)
    if name in SPEAKING and (heard is None or not body.keys().isdisjoint(_HISTORY)) and name != "completions.create":
        prompt = _prompt(call, usual)
        if not isinstance(prompt, Prompt):
            return prompt
        return Asked(name, prompt.model, prompt.messages, prompt.body, fields=fields, headers=headers, budget=Budget())
    return Asked(name, call.model, heard(body) if heard else (), body, fields=fields, headers=headers, budget=Budget())


def _prompt(call: Call, usual: Handler) -> Prompt | Answer:
    world = call.world
    call.world = replace(world, speak=_break_off)
    try:
        return usual(call)
    except _HeardError as heard:
        return heard.prompt
    finally:
        call.world = world


def _break_off(prompt: Prompt) -> NoReturn:
    raise _HeardError(prompt)
