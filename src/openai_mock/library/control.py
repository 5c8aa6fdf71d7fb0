"""What answers the mock's own URLs: health, and the control of rules, faults, limits, state, sessions and clock."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.plan import Plan
from openai_mock.config.transit import Told
from openai_mock.doors.punctuality import Punctuality
from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.bodies import read_json
from openai_mock.engine.clock import Clock, in_words, moved
from openai_mock.engine.coverage import Covered, as_json
from openai_mock.engine.errors import ApiError
from openai_mock.engine.journal import Journal
from openai_mock.engine.limits import Limits
from openai_mock.engine.metrics import CONTENT_TYPE, Metrics
from openai_mock.engine.sessions import Sessions
from openai_mock.engine.store import Object, Snapshot
from openai_mock.library.board import Board
from openai_mock.library.endpoints import Endpoint, query_of
from openai_mock.library.limiting import Limiting
from openai_mock.library.outbox import Outbox
from openai_mock.library.punctuality import measured
from openai_mock.library.recall import recalling
from openai_mock.library.webhooks import posting
from openai_mock.spec.operations import Catalogue
from openai_mock.wire import Request

_ANY = {"type": "object"}
_LIST = {"type": "array", "items": {}}
_SESSION = {"session": "The name of a session; left out, the common one."}


class Controlled(Protocol):
    """The mock, as far as it is controlled from outside."""

    plan: Plan
    clock: Clock
    catalogue: Catalogue
    outbox: Outbox

    def adopt(self, plan: Plan) -> None:
        """Answer by another plan, and let what is remembered be."""

    def limits(self, **limits: Any) -> None:
        """Limit callers anew."""

    def reset(self) -> None:
        """Forget answers, rules of `when`, calls and objects."""

    def coverage(self) -> list[Covered]:
        """What answers each operation."""

    def put(self, resource: str, fields: Mapping[str, Any], *, session: str = "") -> Object:
        """Keep an object of a resource."""


class Parts(Struct, frozen=True):
    """What a mock consists of."""

    journal: Journal
    board: Board
    sessions: Sessions
    limiting: Limiting
    punctuality: Punctuality
    told: Told


def endpoints(mock: Controlled, parts: Parts) -> list[Endpoint]:
    """Every URL of the mock's own."""
    metrics = Metrics(parts.journal)
    clock = mock.clock
    return [
        Endpoint("GET", "/health", "Whether the mock is alive.", lambda _: _health(mock), open=True),
        Endpoint("GET", "/_mock/ready", "Whether the mock answers requests.", lambda _: {"status": "ready"}, open=True),
        Endpoint(
            "GET", "/metrics", "Counters, in the text format of Prometheus.",
            lambda _: Raw(metrics.text().encode(), CONTENT_TYPE), open=True, content_type="text/plain",
        ),
        Endpoint("GET", "/_mock/coverage", "What answers each operation.", lambda _: as_json(mock.coverage())),
        Endpoint("GET", "/_mock/clock", "The time.", lambda _: in_words(clock)),
        Endpoint("POST", "/_mock/clock", "Move the clock.", _told(lambda body: _moved(mock, body)), body=_ANY),
        Endpoint("GET", "/_mock/sessions", "The named sessions.", lambda _: {"sessions": [*parts.sessions.names]}),
        Endpoint("POST", "/_mock/reset", "Forget rules made in Python, calls, objects and what limits counted.",
                 lambda _: _done(mock.reset)),
        *_rules(mock, parts),
        *_faults(mock),
        *_limits(mock, parts),
        *_pace(mock, parts.told),
        *_state(mock, parts.sessions),
        *measured(parts.punctuality),
        *posting(mock.outbox),
        *recalling(parts.journal, parts.board, [*mock.catalogue.operations]),
    ]  # fmt: skip


def _health(mock: Controlled) -> Answer:
    return {"status": "ok", "rules": len(mock.plan.scripts), "operations": len(mock.catalogue.operations)}


def _moved(mock: Controlled, order: Any) -> Answer:
    with mock.outbox.elsewhere():  # what is due then holds up no other request
        return moved(mock.clock, order)


def _rules(mock: Controlled, parts: Parts) -> list[Endpoint]:
    def listed(_: Request) -> Answer:
        calls = [entry.rule for entry in tuple(parts.journal.entries)]
        files = [{"id": each.id, "where": each.where, "calls": calls.count(each.id)} for each in mock.plan.scripts]
        made = [{"id": label, "where": "when", "calls": used} for label, used in parts.board.rules()]
        return {"rules": files + made}

    def add(body: Any) -> Answer:
        more = _plan_of(body)
        taken = {script.id for script in mock.plan.scripts}
        if twice := sorted(script.id for script in more.scripts if script.id in taken):
            raise ValueError(f"There is a rule '{twice[0]}' already. Use PUT to replace all, or DELETE it first.")
        mock.adopt(_with_scripts(mock.plan, (*mock.plan.scripts, *more.scripts), more))
        return {"rules": [script.id for script in more.scripts]}

    def put(body: Any) -> Answer:
        more = _plan_of(body)
        mock.adopt(_with_scripts(mock.plan, more.scripts, more))
        return {"rules": [script.id for script in more.scripts]}

    def delete(request: Request) -> Answer:
        wanted = query_of(request, {"id"}).get("id")
        kept = tuple(script for script in mock.plan.scripts if wanted is not None and script.id != wanted)
        if wanted is not None and len(kept) == len(mock.plan.scripts):
            raise ApiError(404, f"There is no rule '{wanted}' of a configuration.", code="unknown_rule")
        deleted = len(mock.plan.scripts) - len(kept)
        mock.adopt(replace(mock.plan, scripts=kept))
        return {"deleted": deleted}

    path = "/_mock/rules"
    return [
        Endpoint("GET", path, "The rules, and how often each answered the calls that are kept.", listed),
        Endpoint("POST", path, "Add entries, as `responses` of a configuration has them.", _told(add), body=_LIST),
        Endpoint("PUT", path, "Replace all entries.", _told(put), body=_LIST),
        Endpoint("DELETE", path, "Delete an entry, or all.", delete, query={"id": "Which entry."}),
    ]


def _plan_of(entries: Any) -> Plan:
    """The plan of a list of entries. Nothing of the environment is read: who controls a mock may not see it."""
    from openai_mock.config.load import load  # noqa: PLC0415 - YAML is heavy, and few mocks are controlled

    given = entries.get("responses", [entries]) if isinstance(entries, dict) else entries
    return load(msgspec.json.encode({"responses": given}).decode(), name="request", env={})


def _with_scripts(plan: Plan, scripts: tuple[Any, ...], more: Plan) -> Plan:
    paces = replace(plan.paces, rules={**plan.paces.rules, **more.paces.rules})
    named = tuple(dict.fromkeys((*plan.named_models, *more.named_models)))
    return replace(plan, scripts=scripts, faults=(*plan.faults, *more.faults), paces=paces, named_models=named)


def _faults(mock: Controlled) -> list[Endpoint]:
    def listed(_: Request) -> Answer:
        return {"faults": [{name: msgspec.to_builtins(getattr(each, name)) for name in each.__struct_fields__}
                           for each in mock.plan.faults]}  # fmt: skip

    def put(body: Any) -> Answer:
        from openai_mock.config.formats.faults import faults_of  # noqa: PLC0415 - few mocks are told so

        if not isinstance(body, list):
            raise ApiError(400, 'Write a list of faults: [{"kind": "rate_limit", "calls": "first 2"}].')
        mock.adopt(replace(mock.plan, faults=faults_of(body)))
        return {"faults": len(body)}

    path = "/_mock/faults"
    return [
        Endpoint("GET", path, "What goes wrong.", listed),
        Endpoint("PUT", path, "Replace all faults, as `faults` of a configuration has them.", _told(put), body=_LIST),
        Endpoint("DELETE", path, "Let nothing go wrong.", lambda _: put([])),
    ]


def _limits(mock: Controlled, parts: Parts) -> list[Endpoint]:
    def shown(_: Request) -> Answer:
        limiter = parts.limiting.of(mock.plan.limits)
        limits = Limits() if limiter is None else limiter.limits
        return {"limits": msgspec.to_builtins(limits), "callers": [*limiter.callers()] if limiter else []}

    def put(body: Any) -> Answer:
        if not isinstance(body, dict):
            raise ApiError(400, 'Write limits as a configuration has them: {"requests_per_minute": 3}.')
        return _done(lambda: mock.limits(**body))

    path = "/_mock/limits"
    return [
        Endpoint("GET", path, "The limits, and what each caller has left.", shown),
        Endpoint("PUT", path, "Limit callers anew, as `limits` of a configuration does.", _told(put), body=_ANY),
        Endpoint("DELETE", path, "Lift all limits.", lambda _: put({})),
    ]


def _pace(mock: Controlled, told: Told) -> list[Endpoint]:
    def shown(_: Request) -> Answer:
        from openai_mock.config.formats.timing import paces_of  # noqa: PLC0415 - few mocks are told so

        paces = mock.plan.paces if told.pace is None else paces_of(told.pace)
        models = [{"model": glob, **msgspec.to_builtins(pace)} for glob, pace in paces.models]
        return {"pace": msgspec.to_builtins(paces.usual), "models": models}

    def put(body: Any) -> Answer:
        from openai_mock.config.formats.timing import paces_of  # noqa: PLC0415 - as above

        if not isinstance(body, str | dict):
            raise ApiError(400, 'Write a preset, such as "gpt-4o", or a pace: {"first_token": "300ms"}.')
        paces_of(body)
        told.pace = body
        mock.adopt(mock.plan)
        return shown(Request("GET", path, "", {}, b""))

    path = "/_mock/pace"
    return [
        Endpoint("GET", path, "How long answers take; entries may have a pace of their own.", shown),
        Endpoint("PUT", path, "Set the pace, as `pace` of a configuration does.", _told(put), body=_ANY),
        Endpoint("DELETE", path, "Let every answer come at once.", lambda _: put("none")),
    ]


def _state(mock: Controlled, sessions: Sessions) -> list[Endpoint]:
    def session(request: Request) -> str:
        return query_of(request, set(_SESSION)).get("session", "")

    def snapshot(request: Request) -> Answer:
        taken = sessions.store(session(request)).snapshot()
        return {
            "objects": [[collection, id_, msgspec.json.decode(text)] for collection, id_, text in taken.objects],
            "contents": [[*where, b64encode(content).decode()] for *where, content in taken.blobs],
        }

    def restore(request: Request) -> Answer:
        try:
            given = msgspec.convert(read_json(request), _Kept)
        except msgspec.ValidationError as error:
            raise ApiError(400, f"Give what GET /_mock/state answered: {error}.") from None
        objects = [(collection, id_, msgspec.json.encode(each)) for collection, id_, each in given.objects]
        try:
            blobs = [
                (collection, id_, name, b64decode(text, validate=True))
                for collection, id_, name, text in given.contents
            ]
        except ValueError:
            raise ApiError(400, "The last item of each of 'contents' is bytes in Base64.") from None
        return _done(lambda: sessions.store(session(request)).restore(Snapshot(objects, blobs)))

    def add(request: Request) -> Answer:
        name, body = session(request), read_json(request)
        if not isinstance(body, dict) or not all(isinstance(each, list) for each in body.values()):
            raise ApiError(400, 'Write lists of objects by resource: {"files": [{"id": "file-1"}]}.')
        try:
            made = {
                resource: [mock.put(resource, each, session=name) for each in given] for resource, given in body.items()
            }
        except (ValueError, TypeError, AttributeError) as error:
            raise ApiError(400, str(error)) from None
        return made

    path = "/_mock/state"
    return [
        Endpoint("GET", path, "A snapshot of all objects and their contents.", snapshot, query=_SESSION),
        Endpoint("PUT", path, "Remember a snapshot instead.", restore, query=_SESSION, body=_ANY),
        Endpoint("POST", path, "Add objects, as `state` of a configuration has them.", add, query=_SESSION, body=_ANY),
        Endpoint("DELETE", path, "Begin again, with the objects of the configuration.",
                 lambda request: _done(lambda: sessions.restart(session(request))), query=_SESSION),
    ]  # fmt: skip


class _Kept(Struct, frozen=True):
    objects: list[tuple[str, str, dict[str, Any]]]
    contents: list[tuple[str, str, str, str]] = []


def _told(obey: Callable[[Any], Answer]) -> Callable[[Request], Answer]:
    """What obeys the JSON of a request; a mistake in it becomes a 400 with its sentence."""

    def answer(request: Request) -> Answer:
        try:
            return obey(read_json(request))
        except (ValueError, ConfigErrors) as error:
            raise ApiError(400, str(error)) from None

    return answer


def _done(act: Callable[[], Any]) -> Answer:
    act()
    return {"ok": True}
