"""Who may call: the key, in the forms OpenAI and Azure accept, and the headers an operation insists on."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from typing import Literal, TypeAlias

from openai_mock.engine.errors import bad_client_request_id, missing_scope, no_beta_header, no_key, wrong_key
from openai_mock.spec.families import insists_on_beta, is_older
from openai_mock.spec.operations import Operation

_LONGEST_CLIENT_ID = 512
Issued: TypeAlias = Callable[[Mapping[str, str], str], Literal["project", "admin", ""]]
"""What a key of the request with these headers is, if the organization's own operations issued it; else empty."""


def admit(
    headers: Mapping[str, str],
    operation: Operation,
    keys: Sequence[bytes],
    admin_keys: Sequence[bytes] = (),
    issued: Issued = lambda _, __: "",
) -> None:
    """Raise OpenAI's error unless the request may call the operation.

    A key is needed always, and one of `keys` where there are any. With `admin_keys`, operations on the organization
    take only those, and other operations refuse them; keys that were `issued` count as well. An operation of a beta
    wants its OpenAI-Beta header.
    """
    key = presented(headers)
    if not key:
        raise no_key(older=is_older(operation.name))
    if keys or admin_keys:
        _judge(key, operation, keys, admin_keys, lambda: issued(headers, key))
    if operation.beta is not None and "openai-beta" not in headers and (api := insists_on_beta(operation.name)):
        raise no_beta_header(api, operation.beta)
    if "x-client-request-id" in headers:
        sent = headers["x-client-request-id"]
        if len(sent) > _LONGEST_CLIENT_ID or not sent.isascii():
            raise bad_client_request_id()


def _judge(
    key: str, operation: Operation, keys: Sequence[bytes], admin_keys: Sequence[bytes], issued: Callable[[], str]
) -> None:
    of_admin, of_user = _among(key, admin_keys), _among(key, keys)
    if not of_admin and not of_user:
        kind = issued()
        of_admin, of_user = kind == "admin", kind == "project"
    if operation.security == "admin" and admin_keys:
        if of_admin:
            return
        if of_user:
            raise missing_scope(f"api.management.{'read' if operation.method == 'GET' else 'write'}")
    elif of_admin:
        raise missing_scope("model.request")
    elif of_user or not keys:
        return
    raise wrong_key(key)


def _among(key: str, known: Sequence[bytes]) -> bool:
    """Whether the key is one of these. All are compared, so that the time taken tells nothing about a near miss."""
    given = key.encode()
    return bool(sum([compare_digest(given, each) for each in known]))


def presented(headers: Mapping[str, str]) -> str:
    """The key as sent: `Authorization: Bearer KEY`, the password of Basic, or Azure's `api-key`; empty for none."""
    authorization = headers.get("authorization")
    if authorization is None:
        return headers.get("api-key", "")
    if authorization.startswith("Bearer "):
        return authorization[7:].strip()
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            return _password(rest.strip())
        case _:
            return ""


def _password(encoded: str) -> str:
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[2]
    except (NotBase64, ValueError):
        return ""
