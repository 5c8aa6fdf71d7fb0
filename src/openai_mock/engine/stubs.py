"""What a user puts before the answer of one operation: a generator that may wait, and may ask the user's own code.

Theory. A stub runs after a request is located, admitted and checked, in place of the operation's handler, which it is
given and may call. Its steps before the answer are `Wait` and `Ask` only; the pipeline makes the head. An answer
that brings its own head, or that waits and asks between its chunks, is `Relayed`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Handler
from openai_mock.wire import Exchange, Headers, Step


class Relayed(Struct, frozen=True):
    """An answer with a head of its own. `steps` are what follows the head."""

    status: int
    headers: Headers
    steps: Exchange


Stubbing: TypeAlias = Generator[Step, Any, Answer | Relayed]
"""The steps of a stub before its answer, which it returns. Raises `ApiError` for an error that the client sees."""

Stub: TypeAlias = Callable[[Call, Handler], Stubbing]


class Pending(Struct, frozen=True):
    """A call whose stub has not answered yet; without a call, an answer of the mock's own that takes its time."""

    call: Call | None
    status: int
    steps: Stubbing

    @property
    def rule(self) -> str | None:
        """The rule that spoke, as far as is known."""
        return None if self.call is None else self.call.rule

    @property
    def used(self) -> Mapping[str, Any] | None:
        """What the call used, where a handler was asked that said so."""
        return None if self.call is None else self.call.used
