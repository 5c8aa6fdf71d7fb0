"""Puts rules before an author: what a script says, the error when none matches, and the author when there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openai_mock.engine.errors import ApiError
from openai_mock.rules.explain import nearest
from openai_mock.rules.index import Found, Index
from openai_mock.rules.script import Script
from openai_mock.turns.turn import Message, Prompt, Reply, Speak

NO_MATCH = "No matching response found for the given conversation"


def speaker(scripts: Sequence[Script], otherwise: Speak, now: Callable[[], float] | None = None) -> Speak:
    """Answers prompts from the scripts; without any, `otherwise` answers. `now` is the index's clock.

    The result raises `ApiError` 400 `no_match`, with the nearest scripts and why they differ, when no script matches.
    """
    if not scripts:
        return otherwise
    index = Index(scripts, now)

    def speak(prompt: Prompt) -> Reply:
        found = index.find(prompt.messages)
        if found is None:
            raise no_match(index, prompt.messages)
        return _reply(found, prompt, otherwise)

    return speak


def no_match(index: Index, messages: Sequence[Message]) -> ApiError:
    """The error of a conversation that no script matches; `nearest` says which scripts come close, and why not."""
    misses = [
        {
            "id": miss.id,
            "where": miss.where,
            "position": miss.position,
            "reason": miss.reason,
            "similarity": miss.similarity,
        }
        for miss in nearest(index, messages)
    ]
    return ApiError(400, NO_MATCH, code="no_match", extra={"nearest": misses})


def _reply(found: Found, prompt: Prompt, otherwise: Speak) -> Reply:
    """A flow's line as a reply, or a full response's own; the author fills in turns that the script leaves out."""
    script = found.script
    if found.turn is not None:
        return Reply(turns=(found.turn,), id=f"chatcmpl-{script.id}", rule=script.id)
    fixed = script.reply or Reply(turns=(), id=None if script.whole else f"chatcmpl-{script.id}")
    turns = fixed.turns or otherwise(prompt).turns
    return Reply(turns=turns, id=fixed.id, fields=fixed.fields, rule=script.id)
