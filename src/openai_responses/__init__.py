"""Tests written for the library `openai-responses` run on openai-mock as they stand: the same names, the same forms.

Theory. This package translates and never decides. What answers is an `openai_mock.OpenAIMock`; here its parts get the
names and the shapes that such tests use, in the HTTP library and the models of whichever SDK is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from openai_responses.decorators import mock

if TYPE_CHECKING:
    from openai_responses import ext, helpers, state, stores, streaming
    from openai_responses.facade import OpenAIMock
    from openai_responses.mockers import (
        AssistantsMock,
        ChatCompletionMock,
        EmbeddingsMock,
        FilesMock,
        MessagesMock,
        RunsMock,
        RunStepsMock,
        ThreadsMock,
    )

__all__ = [
    "AssistantsMock", "ChatCompletionMock", "EmbeddingsMock", "FilesMock", "MessagesMock", "OpenAIMock",
    "RunStepsMock", "RunsMock", "ThreadsMock", "ext", "helpers", "mock", "state", "stores", "streaming",
]  # fmt: skip
_MODULES = frozenset({"ext", "helpers", "state", "stores", "streaming"})


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package costs almost nothing."""
    if name in _MODULES:
        return import_module(f"openai_responses.{name}")
    if name in __all__:
        return getattr(
            import_module("openai_responses.facade" if name == "OpenAIMock" else "openai_responses.mockers"), name
        )
    raise AttributeError(f"module 'openai_responses' has no attribute {name!r}")
