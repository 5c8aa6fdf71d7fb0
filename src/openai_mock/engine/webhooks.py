"""Webhooks as values: who is told of what, the event itself, and the signature that proves who sent it.

The signature is that of Standard Webhooks: HMAC-SHA256 over id, timestamp and body, which `client.webhooks.unwrap` of
the SDK checks.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from openai_mock.engine.chance import stream
from openai_mock.engine.redact import query

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call
    from openai_mock.engine.store import Object

PREFIX = "whsec_"
"""What stands before the Base64 of a secret; any other secret is taken as the text that it is."""
SECRET_BYTES = 32
HINT = 4
"""Letters at the end of a secret that may be shown."""
TOLERANCE = 300
"""Seconds beyond which a receiver refuses a timestamp."""
ModeName: TypeAlias = Literal["late", "duplicate", "out_of_order", "drop", "forged", "stale"]
MODES: tuple[ModeName, ...] = ("late", "duplicate", "out_of_order", "drop", "forged", "stale")
DELAY = 60.0
_encode = msgspec.json.Encoder().encode


class Mode(Struct, frozen=True):
    """What goes wrong with deliveries on purpose: how likely each kind is, and how late is late, in seconds.

    `late` comes after the delay, `duplicate` twice, `out_of_order` behind the next event, `drop` never, `forged` with a
    signature that is wrong, `stale` with a timestamp that is too old.
    """

    chances: Mapping[ModeName, float] = {}
    delay: float = DELAY

    def drawn(self, chance: Random) -> frozenset[ModeName]:
        """What happens to one event; every kind draws, so that none changes another's luck."""
        return frozenset(name for name in MODES if chance.random() < self.chances.get(name, 0.0))


class Subscription(Struct, frozen=True):
    """An endpoint as a user writes it; without a secret it gets one. `call` stands in place of a URL."""

    url: str = ""
    secret: str | None = None
    events: tuple[str, ...] = ("*",)
    mode: Mode = Mode()
    call: Callable[[Any], Any] | None = None


class Endpoint(Struct, frozen=True):
    """Who is told: a URL, or with `call` a function of this process. `events` are types or globs.

    `secrets` sign, the newest first. `session` None hears of every session.
    """

    id: str
    url: str
    secrets: tuple[str, ...]
    events: tuple[str, ...] = ("*",)
    mode: Mode = Mode()
    session: str | None = None
    call: Callable[[Any], Any] | None = None

    def wants(self, type_: str) -> bool:
        """Whether it is told of events of this type."""
        return any(fnmatchcase(type_, pattern) for pattern in self.events)

    def shown(self) -> dict[str, Any]:
        """The endpoint as JSON, without what proves who sent an event."""
        return {
            "object": "webhook_endpoint",
            "id": self.id,
            "url": shown_url(self.url),
            "events": [*self.events],
            "session": self.session,
            "mode": {**self.mode.chances},
            "delay": self.mode.delay,
            "signing_secret_hint": hint(self.secrets[0]) if self.secrets else None,
        }


class Announced(Struct, frozen=True):
    """Which event it is when an object enters a state. With `only` its field of that name must be true."""

    types: Mapping[str, str]
    only: str = ""

    def of(self, status: str, item: Object) -> str | None:
        """The event's type, or None where it is none."""
        type_ = self.types.get(status)
        return type_ if type_ is None or not self.only or item.get(self.only) else None


class Outgoing(Protocol):
    """What the engine tells of objects that change, where anybody may want to hear of it."""

    def happened(self, call: Call, type_: str, id_: str, at: float) -> None:
        """An object came to a state that is an event, at a Unix second."""

    def walking(self, call: Call, announced: Announced, place: tuple[str, str, str], due: float) -> None:
        """The object at a place (path template, path, id) may next change by itself at `due`."""

    def opened(self, call: Call) -> None:
        """The session of a call has an endpoint more."""

    def tried(self, endpoint: Endpoint, type_: str, call: Call) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """What sends a sample to an endpoint and gives the status of its answer, or None, and what is wrong: to be
        awaited where an event loop runs; and the same waiting in any case.
        """


def event_body(event_id: str, type_: str, data: Mapping[str, Any], at: float) -> bytes:
    """The body of an event."""
    return _encode({"object": "event", "id": event_id, "created_at": int(at), "type": type_, "data": data})


def headers(webhook_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of one delivery, with a signature for each secret."""
    signatures = [signature(secret, webhook_id, timestamp, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        **({"webhook-signature": " ".join(signatures)} if signatures else {}),
    }


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the Base64 of the HMAC. Raises ValueError with a sentence for what is no secret."""
    digest = hmac.digest(key_of(secret), b"%b.%d.%b" % (webhook_id.encode(), timestamp, body), "sha256")
    return f"v1,{b64encode(digest).decode()}"


def key_of(secret: str) -> bytes:
    """The bytes that a secret signs with. Raises ValueError with a sentence that does not repeat the secret."""
    if not secret.startswith(PREFIX):
        if not secret.strip():
            raise ValueError(f"the secret is empty; write {PREFIX} and Base64, or leave it out to get one")
        return secret.encode()
    try:
        key = b64decode(secret[len(PREFIX) :], validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError(f"behind {PREFIX} a secret has Base64, with its `=` at the end; leave it out to get one")
    return key


def secret_of(key: bytes) -> str:
    """The secret that signs with these bytes."""
    return PREFIX + b64encode(key).decode()


def made_for(url: str, number: int) -> tuple[str, str]:
    """The id and the secret of the n-th endpoint of a mock that was given none: the same from start to start, so that
    who checks signatures need not be told each time.
    """
    chance = stream(0, "webhook endpoint", url, number)
    return f"we_{chance.getrandbits(128):032x}", secret_of(chance.randbytes(SECRET_BYTES))


def hint(secret: str) -> str:
    """As much of a secret as may be shown."""
    return f"{PREFIX if secret.startswith(PREFIX) else ''}...{secret[-HINT:] if len(secret) > 4 * HINT else ''}"


def sound_url(url: str) -> str:
    """The URL, if events can be sent there. Raises ValueError with a sentence."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError(
            f"'{shown_url(url)}' is no URL to send events to; write one such as https://example.com/events"
        )
    if "@" in parts.netloc:
        raise ValueError("a webhook's URL carries no name and password; the signature shows who sent an event")
    return url


def shown_url(url: str) -> str:
    """The URL without what may be a credential in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query(parts.query), ""))
