"""Which requests of a client are OpenAI's, by base URL, and the path that the router knows them by.

Theory. A base URL catches its scheme, host and port, and every path at or below its own. The router knows the ends of
OpenAI's and Azure's base paths; whatever a gateway puts before such an end is cut off, so that `https://gateway/llm/v1`
and `https://api.openai.com/v1` lead to the same operations. A leading `*.` of a host stands for one label or more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

DEFAULT_BASE_URLS: Final = (
    "https://api.openai.com",
    "https://*.api.openai.com",
    "https://*.openai.azure.com",
    "https://*.cognitiveservices.azure.com",
    "https://*.services.ai.azure.com",
    "https://*.openai.azure.us",
)
"""OpenAI with its data residency hosts, and the hosts of Azure."""

NAMED_BY_ENVIRONMENT: Final = ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT")
"""Variables from which the SDK takes a base URL."""

_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_KNOWN_END: Final = re.compile(r"(?:/openai/deployments/[^/]+|/openai/v1|/openai|/v1)?$")


class Place(Struct, frozen=True, gc=False):
    """Where a request goes: lower-case host without brackets, port as written or None, path without the query."""

    scheme: str
    host: str
    port: int | None
    path: str


class _Base(Struct, frozen=True):
    """One base URL. `cut` is how many characters of a path below `path` the router does not know."""

    scheme: str
    host: str
    port: int | None
    path: str
    cut: int


class Addresses(Struct, frozen=True):
    """Base URLs, read: those of one host by (scheme, host, port), and those with a `*`. The longest path goes first."""

    exact: Mapping[tuple[str, str, int | None], Sequence[_Base]]
    wild: Sequence[_Base]
    urls: tuple[str, ...]

    def path_of(self, place: Place) -> str | None:
        """The path as the router knows it; None where no base URL catches the place."""
        port = _port(place.scheme, place.port)
        for base in self.exact.get((place.scheme, place.host, port), ()):
            if _below(base.path, place.path):
                return place.path[base.cut :]
        for base in self.wild:
            if (
                place.host.endswith(base.host)
                and (base.scheme, base.port) == (place.scheme, port)
                and _below(base.path, place.path)
            ):
                return place.path[base.cut :]
        return None


@lru_cache(maxsize=64)
def addresses(base_urls: tuple[str, ...]) -> Addresses:
    """Read base URLs. Raises ValueError, which says what to write, for one that is none."""
    bases = sorted((_read(url) for url in base_urls), key=lambda base: -len(base.path))
    exact: dict[tuple[str, str, int | None], list[_Base]] = {}
    for base in bases:
        if not base.host.startswith("."):
            exact.setdefault((base.scheme, base.host, base.port), []).append(base)
    return Addresses(exact, tuple(base for base in bases if base.host.startswith(".")), base_urls)


def allowed(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host is one of `hosts`, each a name, an address, or a name with a leading `*.`."""
    return any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in hosts)


def _read(url: str) -> _Base:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no base URL: {error}.") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError(f"{url!r} is no base URL; write it with scheme and host, like 'https://gateway.test/v1'.")
    if "*" in host.removeprefix("*."):
        raise ValueError(f"{url!r}: a '*' can only be the first label of the host, like 'https://*.gateway.test'.")
    path = parts.path.rstrip("/")
    known = _KNOWN_END.search(path)
    cut = known.start() if known else len(path)
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return _Base(parts.scheme, host.removeprefix("*"), _port(parts.scheme, port), path, cut)


def _port(scheme: str, port: int | None) -> int | None:
    return _PORTS.get(scheme) if port is None else port


def _below(base: str, path: str) -> bool:
    return not base or path == base or path.startswith(base + "/")
