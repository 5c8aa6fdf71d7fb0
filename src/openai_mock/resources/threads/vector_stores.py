"""The vector stores that a request has made along with an assistant or a thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call
from openai_mock.wire import Request

_CREATE = "vector_stores.create"
_CARRIED = ("authorization", "api-key", "openai-organization", "openai-project", "x-mock-session")


def with_stores(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with the ids of new vector stores in place of their descriptions. Raises what refuses one."""
    resources = body.get("tool_resources") or {}
    search = resources.get("file_search") or {}
    if "vector_stores" not in search:
        return body
    made = [_created(call, given) for given in search["vector_stores"]]
    ids = [*(search.get("vector_store_ids") or ()), *made]
    return {**body, "tool_resources": {**resources, "file_search": {"vector_store_ids": ids}}}


def _created(call: Call, given: Mapping[str, Any]) -> str:
    sent = call.request.headers
    headers = {name: sent[name] for name in _CARRIED if name in sent}
    path = call.world.shapes[_CREATE].collection
    body = msgspec.json.encode(given)
    answer = call.perform(Request("POST", path, headers={**headers, "content-type": "application/json"}, body=body))
    told = msgspec.json.decode(answer.body or b"{}")
    if answer.status >= 400 or "id" not in told:
        error = told.get("error") or {}
        raise ApiError(answer.status, error.get("message") or "", param=error.get("param"), code=error.get("code"))
    return str(told["id"])
