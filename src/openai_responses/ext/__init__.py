"""The HTTP library and the routes, under the names that tests import them by."""

from __future__ import annotations

from openai_responses.ext import httpx, respx

__all__ = ["httpx", "respx"]
