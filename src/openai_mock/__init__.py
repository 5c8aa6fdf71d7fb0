"""The OpenAI API without OpenAI: offline, deterministic, fast, in a test or as a server.

>>> from openai_mock import OpenAIMock
>>> with OpenAIMock(seed=1) as mock:
...     mock.chat.completions.create.reply("Hello!")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai_mock.config.errors import ConfigErrors
    from openai_mock.doors.escape import AnswerFailed, Escape, NetworkBlocked
    from openai_mock.engine.dictionaries import Dictionaries
    from openai_mock.engine.store import Store
    from openai_mock.library.answering import MockError
    from openai_mock.library.calls import Calls
    from openai_mock.library.route import Route
    from openai_mock.library.views import GivenResponse, MadeCall, SentRequest
    from openai_mock.mock import OpenAIMock

__all__ = [
    "AnswerFailed", "Calls", "ConfigErrors", "Dictionaries", "Escape", "GivenResponse", "MadeCall", "MockError",
    "NetworkBlocked", "OpenAIMock", "Route", "SentRequest", "Store", "__version__",
]  # fmt: skip
__version__ = "0.1.0"

_HOME = {
    "AnswerFailed": "openai_mock.doors.escape",
    "Calls": "openai_mock.library.calls",
    "ConfigErrors": "openai_mock.config.errors",
    "Dictionaries": "openai_mock.engine.dictionaries",
    "Escape": "openai_mock.doors.escape",
    "GivenResponse": "openai_mock.library.views",
    "MadeCall": "openai_mock.library.views",
    "MockError": "openai_mock.library.answering",
    "NetworkBlocked": "openai_mock.doors.escape",
    "OpenAIMock": "openai_mock.mock",
    "Route": "openai_mock.library.route",
    "SentRequest": "openai_mock.library.views",
    "Store": "openai_mock.engine.store",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package costs almost nothing."""
    from importlib import import_module  # noqa: PLC0415

    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'openai_mock' has no attribute {name!r}")
