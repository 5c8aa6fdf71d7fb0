"""The headers OpenAI puts on its answers."""

from __future__ import annotations

from collections.abc import Mapping

from openai_mock.wire import Headers

ORGANIZATION = "org-mock"
PROJECT = "proj_mock"

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
_VERSION = (b"openai-version", b"2020-10-01")

RATE_LIMITS: Headers = (
    (b"x-ratelimit-limit-requests", b"30000"),
    (b"x-ratelimit-limit-tokens", b"150000000"),
    (b"x-ratelimit-remaining-requests", b"29999"),
    (b"x-ratelimit-remaining-tokens", b"149999999"),
    (b"x-ratelimit-reset-requests", b"2ms"),
    (b"x-ratelimit-reset-tokens", b"0s"),
)
"""What is announced where nothing is limited."""
_CALLER_DEFAULT: Headers = (
    _VERSION,
    (b"openai-organization", ORGANIZATION.encode()),
    (b"openai-project", PROJECT.encode()),
)
_CALLER_DEFAULT_MODEL: Headers = (*_CALLER_DEFAULT, *RATE_LIMITS)


def standard(
    sent: Mapping[str, str],
    *,
    request_id: str,
    seconds: float,
    status: int,
    model_call: bool,
) -> list[tuple[bytes, bytes]]:
    """What every answer carries, before its content headers. `sent` are the request's headers, `seconds` what it took.

    A 401 names neither organization nor project, since the caller is nobody yet.
    """
    taken = b"1" if seconds < 0.002 else b"%d" % (seconds * 1000)
    headers = [(b"x-request-id", request_id.encode()), (b"openai-processing-ms", taken)]
    if status == 401:
        headers.append(_VERSION)
    elif "openai-organization" in sent or "openai-project" in sent:
        headers.append(_VERSION)
        headers.append((b"openai-organization", _latin(sent.get("openai-organization", ORGANIZATION))))
        headers.append((b"openai-project", _latin(sent.get("openai-project", PROJECT))))
        if model_call:
            headers += RATE_LIMITS
    else:
        headers += _CALLER_DEFAULT_MODEL if model_call else _CALLER_DEFAULT
    if "origin" in sent:
        headers.append((b"access-control-allow-origin", b"*"))
        headers.append((b"access-control-expose-headers", b"*"))
    return headers


def is_stream(sent: Headers) -> bool:
    """Whether an answer with these headers is a stream of events."""
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in sent)


def preflight(sent: Mapping[str, str], allowed: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """The answer to OPTIONS: what a browser may send here."""
    methods = ", ".join(allowed).encode()
    headers = [(b"allow", methods), (b"content-length", b"0")]
    if "origin" in sent:
        asked = sent.get("access-control-request-headers", "*")
        headers += [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", _latin(asked)),
            (b"access-control-max-age", b"600"),
        ]
    return headers


def _latin(text: str) -> bytes:
    return text.encode("latin-1", "replace")
