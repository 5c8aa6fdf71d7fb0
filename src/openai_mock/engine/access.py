"""Who may call: the key, in the forms OpenAI and Azure accept."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from hmac import compare_digest

from openai_mock.engine.errors import no_key, wrong_key


def admit(headers: Mapping[str, str], keys: Sequence[bytes], *, older: bool) -> None:
    """Raise a 401 unless the request carries a key, and one of `keys` where there are any.

    `older` chooses between the two wordings OpenAI has for a missing key.
    """
    key = presented(headers)
    if not key:
        raise no_key(older=older)
    if keys:
        given = key.encode()
        # Every key is compared, so that the time taken tells nothing about which one came close.
        if not sum([compare_digest(given, known) for known in keys]):
            raise wrong_key(key)


def presented(headers: Mapping[str, str]) -> str:
    """The key as sent: `Authorization: Bearer KEY`, the password of Basic, or Azure's `api-key`; empty for none."""
    authorization = headers.get("authorization")
    if authorization is None:
        return headers.get("api-key", "")
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
