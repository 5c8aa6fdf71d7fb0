"""Failures on request, in OpenAI's words for each status."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from openai_mock.engine.errors import ApiError, server_error, wrong_key
from openai_mock.engine.headers import ORGANIZATION, RATE_LIMITS
from openai_mock.wire import Headers

RETRY_AFTER = 0.001
"""Seconds a failure tells the client to wait when the user does not say: retries of a test need no real time."""
RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
"""What the SDK tries again."""
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
VISIT = "Visit https://platform.openai.com/account/rate-limits to learn more."
_WORDS: Mapping[int, tuple[str, str, str | None]] = {
    400: ("Your request could not be processed.", "invalid_request_error", None),
    403: ("You are not allowed to do this.", "invalid_request_error", "insufficient_permissions"),
    404: ("The requested resource was not found.", "invalid_request_error", None),
    408: ("The request took too long.", "server_error", None),
    409: ("The resource was changed by another request.", "invalid_request_error", None),
    422: ("The request was well formed but could not be processed.", "invalid_request_error", None),
    502: ("Bad gateway.", "server_error", None),
    503: ("The server is currently overloaded with other requests. Sorry about that!", "server_error", None),
    504: ("The request timed out.", "server_error", None),
}
"""Message, type and code by status, where no request is named in the words."""


class LimitError(ApiError):
    """A request that was not let in. `rates` are the headers that announce what is left."""

    rates: Headers = ()


def failure(
    status: int,
    *,
    model: str = "",
    request_id: str = "",
    code: str | None = None,
    message: str | None = None,
    kind: str | None = None,
    param: str | None = None,
    retry_after: float | None = None,
) -> ApiError:
    """The error of a status from 400 on. What is given replaces OpenAI's own; `retry_after` is in seconds."""
    wait = RETRY_AFTER if retry_after is None else retry_after
    usual = _usual(status, code, model, request_id, wait)
    error = (LimitError if status == 429 else ApiError)(
        status,
        usual.message if message is None else message,
        type=kind or usual.type,
        param=param,
        code=code or usual.code,
        headers=_headers(status, retry_after),
    )
    if isinstance(error, LimitError) and error.code == "rate_limit_exceeded":
        error.rates = _announced(_milliseconds(wait))
    return error


def _usual(status: int, code: str | None, model: str, request_id: str, wait: float) -> ApiError:
    if status == 401:
        return wrong_key("sk-openai-mock-key")
    if status == 429 and code == "insufficient_quota":
        return ApiError(429, _QUOTA, type="insufficient_quota", code=code)
    if status == 429:
        return ApiError(429, _reached(model, wait), type="requests", code="rate_limit_exceeded")
    if status in _WORDS:
        said, kind, usual_code = _WORDS[status]
        return ApiError(status, said, type=kind, code=usual_code)
    if status >= 500:
        return server_error(request_id)
    return ApiError(status, f"The request failed with status {status}.")


def _reached(model: str, wait: float) -> str:
    """The words of a limit of which nothing is left for so many seconds: the highest one that leaves a caller waiting
    that long for a request, by the minute or, beyond one, by the day.
    """
    milliseconds = _milliseconds(wait)
    limit, of = _limit(milliseconds)
    return (
        f"Rate limit reached for {model or 'the model'} in organization {ORGANIZATION} on requests per {of}: "
        f"Limit {limit}, Used {limit}, Requested 1. Please try again in {spelled(milliseconds)}. {VISIT}"
    )


def _limit(milliseconds: int) -> tuple[int, str]:
    window, of = (60_000, "min (RPM)") if milliseconds <= 60_000 else (86_400_000, "day (RPD)")
    return max(1, window // milliseconds), of


def _announced(milliseconds: int) -> Headers:
    """The headers of that limit, and of tokens, of which there are enough."""
    limit, _ = _limit(milliseconds)
    window = 60_000 if milliseconds <= 60_000 else 86_400_000
    return (
        (b"x-ratelimit-limit-requests", b"%d" % limit),
        (b"x-ratelimit-remaining-requests", b"0"),
        (b"x-ratelimit-reset-requests", spelled(window).encode()),
        *((name, value) for name, value in RATE_LIMITS if name.endswith(b"-tokens")),
    )


def _headers(status: int, retry_after: float | None) -> Headers:
    if retry_after is None and status not in RETRIED:
        return ()
    seconds = RETRY_AFTER if retry_after is None else retry_after
    return (b"retry-after", b"%d" % ceil(seconds)), (b"retry-after-ms", b"%d" % _milliseconds(seconds))


def _milliseconds(seconds: float) -> int:
    return max(1, ceil(seconds * 1000))


def spelled(milliseconds: int) -> str:
    """A duration as OpenAI spells it: `17ms`, `1.574s`, `6m0s`, `23h59m51.36s`."""
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    seconds = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if not minutes:
        return seconds
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}"
