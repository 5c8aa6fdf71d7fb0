"""The HTTP library of the installed SDK, httpx2 or httpx, with a `MockTransport` that carries streams and waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai_responses.router import Router
from openai_responses.sdk import client_library


def MockTransport(handler: Callable[..., Any]) -> Any:  # noqa: N802 - it stands for the library's class
    """A transport for sync and async clients that asks `handler`, which is `openai_mock.router.handler` or any function
    from a request to a response.
    """
    router = getattr(handler, "__self__", None)
    return router.transport() if isinstance(router, Router) else client_library().MockTransport(handler)


def __getattr__(name: str) -> Any:
    """Everything else is the library's own."""
    if name == "__all__":
        return ["MockTransport", *(each for each in client_library().__all__ if each != "MockTransport")]
    return getattr(client_library(), name)
