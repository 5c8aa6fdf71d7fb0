"""The types of routes and their calls."""

from __future__ import annotations

from openai_responses.calls import Call, Calls
from openai_responses.calls import Calls as CallList
from openai_responses.router import OtherRoute, Router
from openai_responses.router import Router as MockRouter
from openai_responses.routes import Route

__all__ = ["Call", "CallList", "Calls", "MockRouter", "OtherRoute", "Route", "Router"]
