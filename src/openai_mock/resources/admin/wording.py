"""The words in which operations on the organization refuse a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openai_mock.engine.errors import ApiError


def refused(name: str, value: Any, expected: str) -> ApiError:
    """A value that a parameter does not take; `expected` says what it does."""
    shown = "null" if value is None else f"'{value}'"
    return ApiError(400, f"Invalid value for '{name}': {shown}. Expected {expected}.", param=name, code="invalid_value")


def one_of(name: str, value: Any, known: Sequence[str]) -> str:
    """The value, which must be one of these; raises OpenAI's 400."""
    if value in known:
        return str(value)
    listed = ", ".join(f"'{each}'" for each in known[:-1]) + f" and '{known[-1]}'"
    message = f"Invalid value: '{value}'. Supported values are: {listed}."
    raise ApiError(400, message, param=name, code="invalid_value")


def missing(name: str) -> ApiError:
    """A parameter that must be there."""
    return ApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
