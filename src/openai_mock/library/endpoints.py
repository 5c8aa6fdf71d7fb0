"""The mock's own URLs: one description behind what answers, who may ask, and the document that tells of it.

Theory. An endpoint is open, as the health of a server is, or it controls the mock. Those need no key where only this
machine can reach them and a key of their own elsewhere; a key of the API opens nothing here. A page in a browser is not
this machine: a request with a foreign `Origin` is refused. So is a name that someone else may point at this machine, by
which a page gets around its origin.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hmac import compare_digest
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

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


def reachable(handle: Handle, host: str, key: str | None, names: Sequence[str] = ()) -> Handle:
    """What a server at an address may hand its requests to: beyond this machine, control takes a key, and on it a name
    of this machine or one of `names`.
    """
    if key is not None:
        return handle
    if is_loopback(host):
        return partial(_by_name, handle, frozenset(name.lower() for name in names))
    return partial(_from_afar, handle)


def _from_afar(handle: Handle, request: Request) -> Exchange:
    if not _controls(request):
        return handle(request)
    return _refusal("The control API is closed: others than this machine reach it. Serve with --control-key KEY.")


def _by_name(handle: Handle, names: frozenset[str], request: Request) -> Exchange:
    if not _controls(request) or _is_ours(request.headers.get("host"), names):
        return handle(request)
    return _refusal(
        f"The control API does not answer to the name {request.headers['host']}. Use 127.0.0.1 or localhost, "
        "or serve with --control-host NAME or --control-key KEY."
    )


def _controls(request: Request) -> bool:
    return _BELOW in request.path and not request.path.endswith(_READY)


def _is_ours(host: str | None, names: frozenset[str]) -> bool:
    """Whether nobody else can have given this name: an address, `localhost`, or one that the user knows."""
    if not host:
        return True
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in names or name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refusal(sentence: str) -> Exchange:
    error = _refused(sentence)
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


def query_of(request: Request, known: set[str]) -> dict[str, str]:
    """The parameters of the query by name. Raises a 400 for one that is not known."""
    given = dict(parse_qsl(request.query, keep_blank_values=True))
    if unknown := sorted(given.keys() - known):
        raise ApiError(400, f"There is no parameter '{unknown[0]}' here; there are {', '.join(sorted(known))}.")
    return given
