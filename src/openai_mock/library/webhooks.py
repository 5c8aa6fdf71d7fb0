"""Webhooks from outside: who is told, what was delivered, and events sent by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.bodies import read_json
from openai_mock.engine.clock import duration
from openai_mock.engine.deliveries import Delivery
from openai_mock.engine.errors import ApiError
from openai_mock.engine.stubs import Pending, Stubbing
from openai_mock.library.endpoints import Endpoint, query_of
from openai_mock.library.outbox import Outbox
from openai_mock.wire import Request, Wait

_TICK = 0.05
"""Seconds between looks at what is still under way."""
_LONGEST = 60.0
_ANY = {"type": "object"}
_SESSION = {"session": "The name of a session; left out, the common one."}
_FILTERS = {
    "session": "Only those of a session.",
    "state": "waiting, delivered, failed or dropped.",
    "type": "The event's type, or a glob such as batch.*.",
    "endpoint": "The id of the endpoint.",
    "wait": "For how long to wait, at most, until nothing is due: 5s.",
}


def posting(outbox: Outbox) -> list[Endpoint]:
    """The endpoints of an outbox."""

    def listed(request: Request) -> Answer:
        session = query_of(request, set(_SESSION)).get("session", "")
        return {"object": "list", "data": [each.shown() for each in outbox.endpoints(session)]}

    def add(request: Request) -> Answer:
        session, body = query_of(request, set(_SESSION)).get("session"), read_json(request)
        if not isinstance(body, dict):
            raise ApiError(400, 'Write a webhook as a configuration has it: {"url": "http://localhost:8000/events"}.')
        made = _obeyed(lambda: outbox.add(body, session=session))
        return {**made.shown(), "signing_secret": made.secrets[0]}

    def delete(request: Request) -> Answer:
        wanted = query_of(request, {"id"}).get("id")
        deleted = outbox.remove(wanted)
        if wanted is not None and not deleted:
            raise ApiError(404, f"There is no webhook '{wanted}' here.", code="unknown_webhook")
        return {"deleted": deleted}

    def send(request: Request) -> Answer:
        session, body = query_of(request, set(_SESSION)).get("session", ""), read_json(request)
        if not isinstance(body, dict) or body.keys() - {"type", "data"} or not isinstance(body.get("type"), str):
            raise ApiError(400, 'Write {"type": "batch.completed"}, and "data" where it is to be your own.')
        data = body.get("data")
        if data is not None and not isinstance(data, Mapping):
            raise ApiError(400, "'data' is an object.")
        return {"id": _obeyed(lambda: outbox.send(body["type"], data, session=session)), "object": "event"}

    def delivered(request: Request) -> Answer | Pending:
        wanted = query_of(request, set(_FILTERS))
        if "wait" not in wanted:
            return _log(outbox, wanted)
        seconds = min(_obeyed(lambda: duration(wanted["wait"])), _LONGEST)
        return Pending(None, 200, _awaited(outbox, wanted, seconds))

    path = "/_mock/webhooks"
    return [
        Endpoint("GET", path, "Who is told of events.", listed, query=_SESSION),
        Endpoint(
            "POST", path, "Add a webhook, as `webhooks` of a configuration has it; the answer shows its secret.", add,
            query={"session": "Only what happens in this session is told."}, body=_ANY,
        ),
        Endpoint("DELETE", path, "Delete a webhook, or all but those of the API.", delete, query={"id": "Which one."}),
        Endpoint("GET", f"{path}/deliveries", "The latest deliveries, oldest first.", delivered, query=_FILTERS),
        Endpoint("POST", f"{path}/events", "Send an event that nothing happened for.", send, query=_SESSION, body=_ANY),
    ]  # fmt: skip


def _awaited(outbox: Outbox, wanted: Mapping[str, str], seconds: float) -> Stubbing:
    ticks = 0
    while not outbox.settled and ticks * _TICK < seconds:
        ticks += 1
        yield Wait(ticks * _TICK)
    return _log(outbox, wanted)


def _log(outbox: Outbox, wanted: Mapping[str, str]) -> Answer:
    return {"object": "list", "data": [each.shown() for each in outbox.deliveries if _fits(each, wanted)]}


def _fits(delivery: Delivery, wanted: Mapping[str, str]) -> bool:
    return (
        wanted.get("session", delivery.session) == delivery.session
        and wanted.get("state", delivery.state) == delivery.state
        and wanted.get("endpoint", delivery.endpoint.id) == delivery.endpoint.id
        and fnmatchcase(delivery.type, wanted.get("type", "*"))
    )


def _obeyed(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ValueError as error:
        raise ApiError(400, str(error)) from None
