"""All that can be wrong with what a request means, one function for each kind of request.

Theory. A function answers with what it finds, lazily and in the order in which it is told. Nearly every request is a
few plain texts; those are recognised first, and pay for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from openai_mock.turns.checks import choices, formats, models, pairs, room
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.facts import Facts, facts


def in_chat(body: Mapping[str, Any], size: int) -> Iterable[Misuse]:
    """What is wrong with a request of chat of `size` bytes."""
    known = facts(body["model"])
    if size < known.plain and known.in_chat.issuperset(body):
        for message in body["messages"]:
            if len(message) != 2 or "content" not in message or message["content"].__class__ is not str:
                break
        else:
            return ()
    return _in_chat(body, known, size)


def _in_chat(body: Mapping[str, Any], known: Facts, size: int) -> Iterator[Misuse]:
    if not known.in_chat.issuperset(body):
        yield from choices.in_chat(body)
        yield from formats.in_chat(body)
    yield from models.in_chat(body, known)
    yield from pairs.in_messages(body["messages"])
    yield from room.in_chat(body, known, size)


def is_plain_response(body: Mapping[str, Any], model: str, size: int) -> bool:
    """Whether nothing can be wrong with a request of Responses of `size` bytes, wherever it stands."""
    known = facts(model)
    return body.get("input").__class__ is str and size < known.room and known.in_response.issuperset(body)


def in_response(body: Mapping[str, Any], model: str, items: Sequence[Mapping[str, Any]] | None) -> Iterator[Misuse]:
    """What is wrong with a request of Responses, apart from its length.

    `items` are the history and the input; None where the history is not known.
    """
    yield from choices.in_responses(body)
    yield from models.in_responses(body, facts(model))
    yield from formats.in_responses(body, items)
    if items is not None:
        yield from pairs.in_items(items)


def in_run(body: Mapping[str, Any]) -> Iterator[Misuse]:
    """What is wrong with a run, or with an assistant, by the parameters that hold for it."""
    if body.get("tools") and body.get("tool_choice"):
        yield from choices.in_tools(body)
    yield from models.of_assistant(body, facts(str(body.get("model") or "")))
