"""Errors of ours on their way through a client: they reach the test as themselves.

Theory. Clients and the SDK turn every `Exception` of a connection into a connection error of their own and try again.
What went wrong in the test or in the mock is no connection error, so it derives from `BaseException`, which they let
pass. What a responder raises to play a broken connection is the client's to see, and stays an `Exception`.
"""

from __future__ import annotations

from socket import gaierror
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openai_mock.wire import Exchange, Handle, Request

_CLIENTS: Final = frozenset({"aiohttp", "anyio", "httpcore", "httpcore2", "httpx", "httpx2", "requests", "urllib3"})


class Escape(BaseException):
    """A mistake in a test or in the mock, met while a client was being answered."""


class NetworkBlocked(Escape):
    """A request that the mock does not answer wanted to go to the network, which is blocked."""


class AnswerFailed(Escape):
    """What was to answer a request raised an exception, which is the `__cause__`."""


def escaping(handle: Handle, request: Request) -> Exchange:
    """The exchange of a request, whose failures pass the client unharmed."""
    try:
        yield from handle(request)
    except Exception as error:
        if played(error):
            raise
        raise AnswerFailed(
            f"{request.method} {request.path}: what was to answer it raised {type(error).__name__}: {error}"
        ) from error


def played(error: Exception) -> bool:
    """Whether an exception plays a broken connection: one of a client library, or Python's own."""
    return isinstance(error, (ConnectionError, TimeoutError, gaierror)) or any(
        kind.__module__.partition(".")[0] in _CLIENTS for kind in type(error).__mro__
    )
