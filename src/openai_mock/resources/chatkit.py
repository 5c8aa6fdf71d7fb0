"""ChatKit: the sessions in which a widget talks to a workflow. Threads come about there, so none is made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object

_LASTING = 600
_REQUESTS = 10
_FILES, _MEGABYTES = 10, 512

sessions = Resource(
    "ChatKit session",
    keeps="beta.chatkit.sessions.create",
    lifecycle=Lifecycle(
        moves=("active -> cancelled",),
        expiry="active -> expired",
        refusal="Cannot cancel a {kind} with status '{status}'.",
    ),
)


@sessions.on("beta.chatkit.sessions.create")
def create(call: Call) -> Answer:
    """A session with all that is not asked for as documented, and the secret for the widget."""
    body = call.body
    workflow, asked = body["workflow"], body.get("chatkit_configuration") or {}
    titling, upload, history = (_said(asked.get(key)) for key in ("automatic_thread_titling", "file_upload", "history"))
    requests = (body.get("rate_limits") or {}).get("max_requests_per_1_minute") or _REQUESTS
    made: Object = {
        "id": call.world.ids.hexadecimal("cksess_", 48),
        "object": "chatkit.session",
        "client_secret": call.world.ids.letters("ek_", 48),
        "expires_at": call.now + ((body.get("expires_after") or {}).get("seconds") or _LASTING),
        "status": "active",
        "user": body["user"],
        "workflow": {
            "id": workflow["id"],
            "version": workflow.get("version"),
            "state_variables": workflow.get("state_variables"),
            "tracing": {"enabled": _said(workflow.get("tracing")).get("enabled", True)},
        },
        "chatkit_configuration": {
            "automatic_thread_titling": {"enabled": titling.get("enabled", True)},
            "file_upload": {
                "enabled": upload.get("enabled", False),
                "max_file_size": upload.get("max_file_size", _MEGABYTES),
                "max_files": upload.get("max_files", _FILES),
            },
            "history": {"enabled": history.get("enabled", True), "recent_threads": history.get("recent_threads")},
        },
        "max_requests_per_1_minute": requests,
        "rate_limits": {"max_requests_per_1_minute": requests},
    }
    return call.create(made)


def _said(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a part of the request says; null says nothing."""
    return {key: value for key, value in (given or {}).items() if value is not None}


@sessions.on("beta.chatkit.sessions.cancel")
def cancel(call: Call) -> Answer:
    """Give a session up; one that has ended cannot be given up again."""
    return call.move(call.item, "cancelled")
