"""Which handler answers each operation of a mock."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import UnknownIdError
from openai_mock.engine.resource import Call, Handler, Meaning
from openai_mock.resources import ALL
from openai_mock.resources.admin.oversight import is_overseen, overseen


def handlers(remembers: Handler | None, *, lenient_ids: bool) -> dict[str, Handler]:
    """Which operations the resources answer, by name. `remembers` answers from memory, None where there is none.

    Without memory, resources that keep a collection answer nothing; with lenient ids they give way where an id is
    unknown.
    """
    chosen = [resource for resource in ALL if remembers or not resource.keeps]
    return {
        name: _giving_way(overseen(handler), remembers)
        if lenient_ids and remembers and resource.keeps
        else (overseen(handler) if remembers and is_overseen(name) else handler)
        for resource in chosen
        for name, handler in resource.handlers.items()
    }


def meanings(*, remembers: bool) -> dict[str, Meaning]:
    """What is asked about the meaning of calls, by operation; see `handlers`."""
    chosen = [resource for resource in ALL if remembers or not resource.keeps]
    return {name: meaning for resource in chosen for name, meaning in resource.meanings.items()}


def _giving_way(handler: Handler, remembers: Handler) -> Handler:
    def answer(call: Call) -> Answer:
        try:
            return handler(call)
        except UnknownIdError:
            return remembers(call)

    return answer
