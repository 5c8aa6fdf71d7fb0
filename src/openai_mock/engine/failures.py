"""Failures on request, in OpenAI's words for each status."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from openai_mock.engine.errors import ApiError, server_error, wrong_key
from openai_mock.wire import Headers

RETRY_AFTER = 0.001
"""Seconds a failure tells the client to wait when the user does not say: retries of a test need no real time."""
RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
"""What the SDK tries again."""
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
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
    usual = _usual(status, code, model, request_id)
    return ApiError(
        status,
        usual.message if message is None else message,
        type=kind or usual.type,
        param=param,
        code=code or usual.code,
        headers=_headers(status, retry_after),
    )


def _usual(status: int, code: str | None, model: str, request_id: str) -> ApiError:
    if status == 401:
        return wrong_key("sk-openai-mock-key")
    if status == 429 and code == "insufficient_quota":
        return ApiError(429, _QUOTA, type="insufficient_quota", code=code)
    if status == 429:
        words = (
            f"Rate limit reached for {model or 'the model'} in organization org-openai-mock on requests per min (RPM): "
            "Limit 3, Used 3, Requested 1. Please try again in 20s. "
            "Visit https://platform.openai.com/account/rate-limits to learn more."
        )
        return ApiError(429, words, type="requests", code="rate_limit_exceeded")
    if status in _WORDS:
        said, kind, usual_code = _WORDS[status]
        return ApiError(status, said, type=kind, code=usual_code)
    if status >= 500:
        return server_error(request_id)
    return ApiError(status, f"The request failed with status {status}.")


def _headers(status: int, retry_after: float | None) -> Headers:
    if retry_after is None and status not in RETRIED:
        return ()
    seconds = RETRY_AFTER if retry_after is None else retry_after
    milliseconds = b"%d" % max(1, ceil(seconds * 1000))
    return (b"retry-after", b"%d" % ceil(seconds)), (b"retry-after-ms", milliseconds)
