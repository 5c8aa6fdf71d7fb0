"""What a request of the Responses API means: checked with its history, before anything is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_mock.engine.errors import ApiError
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.resource import Call
from openai_mock.resources.responses.context import Context, context_of, is_reference
from openai_mock.resources.responses.whole import DEFAULT_MODEL
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.requests import in_response, is_plain_response
from openai_mock.turns.checks.room import INPUT_TOO_LONG, overflows, pieces
from openai_mock.turns.facts import facts
from openai_mock.turns.items import sent


def misuse(call: Call) -> Iterable[Misuse]:
    """What is wrong with a request; one that refers to nothing and brings one text can hardly be wrong."""
    model = call.model or DEFAULT_MODEL
    return () if is_plain_response(call.body, model, len(call.request.body)) else _misuse(call, model)


def _misuse(call: Call, model: str) -> Iterator[Misuse]:
    context = call.read = _known(call)
    yield from in_response(call.body, model, None if context is None else [*context.before, *context.given])
    yield from unknown_references(call)
    told_by_stream = call.body.get("stream") and not call.world.forgiving
    if context is not None and not told_by_stream and is_too_long(call, context):
        yield INPUT_TOO_LONG


def is_too_long(call: Call, context: Context) -> bool:
    """Whether the input goes beyond the window of the model, and the request does not let the oldest of it go."""
    if call.body.get("truncation") == "auto":
        return False
    model = call.model or DEFAULT_MODEL
    most = facts(model).room
    brought = not context.before and not any(map(is_reference, sent(call.body.get("input"))))
    if brought and len(call.request.body) + pieces(context.messages) < most:
        return False
    return overflows(context.messages, model, call.body.get("tools") or (), most)


def _known(call: Call) -> Context | None:
    """What the request refers to; None for what is not known, as the handler will say."""
    try:
        return context_of(call)
    except ApiError:
        return None
