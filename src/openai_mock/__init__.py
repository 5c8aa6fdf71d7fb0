"""The OpenAI API without OpenAI: offline, deterministic, fast, in a test or as a server.

>>> from openai_mock import OpenAIMock
>>> mock = OpenAIMock.load("examples/flows.yaml", seed=1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai_mock.config.errors import ConfigErrors
    from openai_mock.mock import OpenAIMock

__all__ = ["ConfigErrors", "OpenAIMock", "__version__"]
__version__ = "0.1.0"

_HOME = {"ConfigErrors": "openai_mock.config.errors", "OpenAIMock": "openai_mock.mock"}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package costs almost nothing."""
    from importlib import import_module  # noqa: PLC0415

    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'openai_mock' has no attribute {name!r}")
