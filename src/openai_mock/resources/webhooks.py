"""Webhook endpoints that clients make for themselves, and which events the API has.

Theory. An endpoint belongs to its session and hears of nothing else. Its secrets are bytes beside it: an object is
shown to everyone, a secret to whoever makes or rotates it, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, cast

import msgspec

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object, Store
from openai_mock.engine.stubs import Pending, Stubbing
from openai_mock.engine.webhooks import SECRET_BYTES, Announced, Endpoint, hint, secret_of, sound_url
from openai_mock.wire import Ask

webhooks = Resource("webhook_endpoint", keeps="webhooks.retrieve")
COLLECTION = "/webhook_endpoints"
_SECRETS = "secrets"
_DAY = 86_400

EVENTS: Mapping[str, Announced] = MappingProxyType(
    {
        "batches": Announced({each: f"batch.{each}" for each in ("completed", "failed", "expired", "cancelled")}),
        "responses": Announced(
            {each: f"response.{each}" for each in ("completed", "failed", "cancelled", "incomplete")}, "background"
        ),
        "fine_tuning.jobs": Announced(
            {each: f"fine_tuning.job.{each}" for each in ("succeeded", "failed", "cancelled")}
        ),
        "evals.runs": Announced(
            {
                "completed": "eval.run.succeeded", "succeeded": "eval.run.succeeded", "failed": "eval.run.failed",
                "canceled": "eval.run.canceled",
            }
        ),
        "videos": Announced({each: f"video.{each}" for each in ("completed", "failed")}),
    }
)  # fmt: skip
"""Which states of which resources are events; of responses only those of one that runs in the background."""
SUBSCRIBABLE = (
    *(type_ for announced in EVENTS.values() for type_ in dict.fromkeys(announced.types.values())),
    "realtime.call.incoming", "agent.environment.ready", "agent.environment.failed", "agent.environment.suspended",
    "agent.environment.expired", "agent.session.created", "agent.session.action_required", "agent.session.in_progress",
    "agent.session.idle", "agent.session.failed", "safety.alert.created",
)  # fmt: skip
"""What an endpoint of the API may ask for."""
EVENT_TYPES = (
    *SUBSCRIBABLE, "live.call.incoming", "live.transport.connected", "live.transport.incoming",
    "safety.deactivation_issued", "safety.org_alert.created", "safety.warning_issued", "safety_identifier.blocked",
)  # fmt: skip
"""Every type that the SDK knows."""
_PREFIXES = MappingProxyType(
    {
        "batch": "batch_", "response": "resp_", "eval": "evalrun_", "fine_tuning": "ftjob-", "video": "video_",
        "agent": "agent_", "safety": "alert_",
    }
)  # fmt: skip


@webhooks.on("webhooks.create")
def create(call: Call) -> Answer:
    """Make an endpoint and its secret, which only this answer shows."""
    body, now = call.body, call.now
    secret = _secret(call)
    made: Object = {
        "id": call.world.ids.hexadecimal("we_"),
        "object": "webhook_endpoint",
        "created_at": now,
        "event_types": _types(body["event_types"]),
        "name": body["name"],
        "signing_secret_hint": hint(secret),
        "url": _url(body["url"]),
        "updated_at": now,
    }
    call.create(made)
    _keep(call, made["id"], [(secret, None)])
    if call.world.outgoing is not None:
        call.world.outgoing.opened(call)
    return {**made, "signing_secret": secret}


@webhooks.on("webhooks.update")
def update(call: Call) -> Answer:
    """Change name, URL or events; only what is a change moves `updated_at`."""
    item, body = call.item, call.body
    changed = dict(item)
    if body.get("event_types") is not None:
        changed["event_types"] = _types(body["event_types"])
    if body.get("url") is not None:
        changed["url"] = _url(body["url"])
    if body.get("name") is not None:
        changed["name"] = body["name"]
    if changed == item:
        return item
    call.collection().save({**changed, "updated_at": call.now}, call.id)
    if call.world.outgoing is not None:
        call.world.outgoing.opened(call)
    return call.item


@webhooks.on("webhooks.rotate_secret")
def rotate_secret(call: Call) -> Answer:
    """Make another secret; the old one signs for another day beside it, if that is asked for."""
    item, secret = call.item, _secret(call)
    lasting = isinstance(call.body, dict) and call.body.get("keep_old_secret_active_for_24_hours")
    old = _secrets(call.store, call.id)[:1] if lasting else []
    _keep(call, call.id, [(secret, None), *((each, call.now + _DAY) for each, _ in old)])
    rotated = {**item, "signing_secret_hint": hint(secret), "updated_at": call.now}
    call.collection().save(rotated, call.id)
    return {**rotated, "signing_secret": secret}


@webhooks.on("webhooks.test")
def test(call: Call) -> Answer:
    """Send a sample now, once; the answer tells what the endpoint said."""
    endpoint = _endpoint(call.store, call.item, call.now)
    return cast("Answer", Pending(call, 200, _tried(call, endpoint, call.body["event_type"])))


def _tried(call: Call, endpoint: Endpoint, type_: str) -> Stubbing:
    assert call.world.outgoing is not None, "a mock with endpoints has a way out"
    ask, wait = call.world.outgoing.tried(endpoint, type_, call)
    try:
        status, error = yield Ask(ask)
    except TypeError:  # a synchronous client on the thread of an event loop waits where it stands
        status, error = yield Ask(wait)
    if status is None:
        raise ApiError(400, f"The webhook endpoint could not be reached: {error}.", code="webhook_delivery_failed")
    return {
        "object": "webhook_endpoint.test",
        "event_type": type_,
        "status_code": status,
        "success": True,
        "webhook_endpoint_id": endpoint.id,
    }


@webhooks.on("webhooks.event_types.list")
def list_event_types(_: Call) -> Answer:
    """What an endpoint may ask for."""
    return {"object": "list", "data": [*SUBSCRIBABLE]}


def endpoints_of(store: Store, now: float) -> list[Endpoint]:
    """The endpoints that clients of a session made, oldest first."""
    return [_endpoint(store, item, now) for _, item in store.list(COLLECTION)] if store.count(COLLECTION) else []


def sample(type_: str, id_: str) -> Mapping[str, Any]:
    """The data of an event that nothing happened for; `id_` is what ids end in."""
    match type_.split("."):
        case ["realtime", *_]:
            return {"call_id": f"rtc_{id_}", "sip_headers": [{"name": "From", "value": "sip:+15550100@example.com"}]}
        case ["live", "transport", "connected"]:
            return {"session_id": f"sess_{id_}", "type": "webrtc"}
        case ["live", "transport", _]:
            return {"session_id": f"sess_{id_}", "sip_headers": [], "type": "sip"}
        case ["live", *_]:
            return {"session_id": f"sess_{id_}", "sip_headers": []}
        case ["agent", "session", "action_required"]:
            return {"id": f"sess_{id_}", "required_action": {"type": "function_call"}}
        case ["agent", "session", *_]:
            return {"id": f"sess_{id_}", "environment_type": "none"}
        case ["safety_identifier", *_]:
            return {"safety_category": "cyber", "safety_identifier": f"user_{id_}"}
        case [first, *_]:
            return {"id": _PREFIXES.get(first, "") + id_}
    return {}


def _endpoint(store: Store, item: Object, now: float) -> Endpoint:
    secrets = (secret for secret, until in _secrets(store, item["id"]) if until is None or until > now)
    return Endpoint(item["id"], item["url"], tuple(secrets), tuple(item["event_types"]))


def _secrets(store: Store, id_: str) -> list[tuple[str, int | None]]:
    held = store.blob(COLLECTION, id_, _SECRETS)
    return msgspec.json.decode(held, type=list[tuple[str, int | None]]) if held else []


def _keep(call: Call, id_: str, secrets: Iterable[tuple[str, int | None]]) -> None:
    call.store.put_blob(COLLECTION, id_, msgspec.json.encode([*secrets]), _SECRETS)


def _secret(call: Call) -> str:
    return secret_of(bytes.fromhex(call.world.ids.hexadecimal("", 2 * SECRET_BYTES)))


def _types(given: Iterable[str]) -> list[str]:
    types = list(dict.fromkeys(given))
    if not types:
        words = "Invalid 'event_types': empty array. Expected an array with minimum length 1, but got an empty array"
        raise ApiError(400, f"{words} instead.", param="event_types", code="empty_array")
    return types


def _url(url: str) -> str:
    try:
        return sound_url(url)
    except ValueError as error:
        raise ApiError(400, f"Invalid 'url': {error}.", param="url", code="invalid_value") from None
