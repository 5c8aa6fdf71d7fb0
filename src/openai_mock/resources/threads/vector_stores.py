"""The files that the tools of a thread work on: vector stores that a request has made, and what messages attach.

Theory. Stores that come with a thread or with an attachment last for a week after their last use, those of an assistant
until they are deleted. A file that is attached for file search joins the thread's one vector store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call
from openai_mock.engine.search import FILES, usable
from openai_mock.engine.store import Object
from openai_mock.wire import Request

_CREATE = "vector_stores.create"
_CARRIED = ("authorization", "api-key", "openai-organization", "openai-project", "x-mock-session")
_WEEK: Mapping[str, Any] = {"expires_after": {"anchor": "last_active_at", "days": 7}}


def with_stores(call: Call, body: Mapping[str, Any], *, lasting: bool = False) -> Mapping[str, Any]:
    """The request with the ids of new vector stores in place of their descriptions; those of assistants are `lasting`.

    Raises what refuses one.
    """
    resources = body.get("tool_resources") or {}
    search = resources.get("file_search") or {}
    if search.get("vector_stores") is None:
        return body
    made = [_created(call, given if lasting else {**_WEEK, **given}) for given in search["vector_stores"]]
    ids = [*(search.get("vector_store_ids") or ()), *made]
    return {**body, "tool_resources": {**resources, "file_search": {"vector_store_ids": ids}}}


def with_attachments(call: Call, resources: Mapping[str, Any] | None, said: Iterable[Object]) -> dict[str, Any]:
    """The `tool_resources` of a thread with the files that these messages attach, each for the tools that it is for."""
    attached = _attached(call, said)
    given = dict(resources or {})
    if ids := attached["code_interpreter"]:
        known = (given.get("code_interpreter") or {}).get("file_ids") or ()
        given["code_interpreter"] = {"file_ids": list(dict.fromkeys([*known, *ids]))}
    if (ids := attached["file_search"]) and _CREATE in call.world.shapes:
        stores = usable(call, (given.get("file_search") or {}).get("vector_store_ids") or ())
        if stores:
            _join(call, stores[0]["id"], ids)
        else:
            given["file_search"] = {"vector_store_ids": [_created(call, {"file_ids": ids, **_WEEK})]}
    return given


def _attached(call: Call, said: Iterable[Object]) -> dict[str, list[str]]:
    """The files that messages attach, by tool; what is no file is left out, where the request was let through."""
    found: dict[str, list[str]] = {"code_interpreter": [], "file_search": []}
    for message in said:
        for attachment in message["attachments"]:
            id_ = attachment.get("file_id")
            if id_ and call.collection("files.retrieve").find(id_) is not None:
                for tool in attachment.get("tools") or ():
                    found[tool["type"]].append(id_)
    return {kind: list(dict.fromkeys(ids)) for kind, ids in found.items()}


def _join(call: Call, store: str, ids: Iterable[str]) -> None:
    files = call.collection(FILES, vector_store_id=store)
    for id_ in ids:
        if files.find(id_) is None:
            _asked(call, files.path, {"file_id": id_})


def _created(call: Call, given: Mapping[str, Any]) -> str:
    return str(_asked(call, call.world.shapes[_CREATE].collection, given)["id"])


def _asked(call: Call, path: str, body: Mapping[str, Any]) -> Object:
    sent = call.request.headers
    headers = {name: sent[name] for name in _CARRIED if name in sent}
    encoded = msgspec.json.encode(body)
    answer = call.perform(Request("POST", path, headers={**headers, "content-type": "application/json"}, body=encoded))
    told: Object = msgspec.json.decode(answer.body or b"{}")
    if answer.status >= 400 or "id" not in told:
        error = told.get("error") or {}
        raise ApiError(answer.status, error.get("message") or "", param=error.get("param"), code=error.get("code"))
    return told
