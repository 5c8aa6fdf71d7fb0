"""Frameworks as they are installed here, or a skip, and an environment in which they keep to themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")
    monkeypatch.delenv("LANGSMITH_TRACING", raising=False)


@pytest.fixture
def installed() -> Callable[[str], Any]:
    """A module by its name. Where it is not installed the test is skipped, unless RECIPES names it."""

    def wanted(name: str) -> Any:
        package = name.partition(".")[0]
        if find_spec(package) is None and package not in os.environ.get("RECIPES", "").split():
            pytest.skip(f"{name} is not installed here")
        return import_module(name)

    return wanted
