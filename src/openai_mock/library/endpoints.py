"""The mock's own URLs: one description behind what answers, who may ask, and the document that tells of it.

Theory. An endpoint is open, as the health of a server is, or it controls the mock. Those need no key where only this
machine can reach them and a key of their own elsewhere; a key of the API opens nothing here. A page in a browser is not
this machine: a request with a foreign `Origin` is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hmac import compare_digest
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import JSON
from openai_mock.engine.stubs import Pending
from openai_mock.wire import Data, Exchange, Handle, Head, Request

KEY_HEADER = "x-mock-control-key"
_BELOW, _READY = "/_mock/", "/_mock/ready"
Answering: TypeAlias = Callable[[Request], Answer | Pending]
Local: TypeAlias = Mapping[tuple[str, str], Answering]


class Endpoint(Struct, frozen=True):
    """One URL of the mock's own. `query` says what each parameter is, `body` is the JSON Schema of the request."""

    method: str
    path: str
    about: str
    answer: Answering
    query: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None
    open: bool = False
    content_type: str = "application/json"


def local(endpoints: Sequence[Endpoint], *, control: bool, key: str | None) -> Local:
    """What answers each (method, path). Without `control` endpoints that control say why they do not."""
    every = [*endpoints, Endpoint("GET", "/_mock/openapi.json", "This document.", lambda _: described(every))]
    return {
        (each.method, each.path): each.answer if each.open else _guarded(each.answer, control=control, key=key)
        for each in every
    }


def _guarded(answer: Answering, *, control: bool, key: str | None) -> Answering:
    wanted = None if key is None else key.encode()

    def guarded(request: Request) -> Answer | Pending:
        if not control:
            raise _refused("The control API of this mock is off.")
        if wanted is not None:
            if not compare_digest(request.headers.get(KEY_HEADER, "").encode(), wanted):
                raise _refused(f"The control API wants its own key, in the header {KEY_HEADER}.")
        elif not _is_near(request.headers.get("origin")):
            raise _refused("Pages of other hosts may not control the mock.")
        return answer(request)

    return guarded


def _refused(sentence: str) -> ApiError:
    return ApiError(403, sentence, code="control_refused")


def _is_near(origin: str | None) -> bool:
    try:
        return origin is None or is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False


def reachable(handle: Handle, host: str, key: str | None) -> Handle:
    """What a server at an address may hand its requests to: beyond this machine, control takes a key."""
    return handle if key is not None or is_loopback(host) else partial(_from_afar, handle)


def _from_afar(handle: Handle, request: Request) -> Exchange:
    return _refusal() if _BELOW in request.path and not request.path.endswith(_READY) else handle(request)


def _refusal() -> Exchange:
    error = _refused("The control API is closed: others than this machine reach it. Serve with --control-key KEY.")
    body = msgspec.json.encode(error.body())
    yield Head(error.status, (JSON, (b"content-length", b"%d" % len(body))))
    yield Data(body)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def described(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of the endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        operation: dict[str, Any] = {
            "summary": each.about,
            "parameters": [
                {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
                for name, about in each.query.items()
            ],
            "responses": {"200": {"description": "Done.", "content": {each.content_type: {"schema": {}}}}},
            "security": [] if each.open else [{"control": []}, {}],
        }
        if each.body is not None:
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": each.body}}}
        paths.setdefault(each.path, {})[each.method.lower()] = operation
    scheme = {"type": "apiKey", "in": "header", "name": KEY_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The control API of openai-mock", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"control": scheme}},
    }
