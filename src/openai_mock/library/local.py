"""The mock's own URLs, which need no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from openai_mock.engine.answers import Answer
from openai_mock.engine.bodies import read_json
from openai_mock.engine.clock import Clock, in_words, moved
from openai_mock.engine.coverage import Covered, as_json
from openai_mock.engine.errors import ApiError
from openai_mock.wire import Request

Local = Mapping[tuple[str, str], Callable[[Request], Answer]]


def local(clock: Clock, *, health: Callable[[], Answer], coverage: Callable[[], list[Covered]]) -> Local:
    """What answers the mock's own (method, path) pairs."""

    def move(request: Request) -> Answer:
        try:
            return moved(clock, read_json(request))
        except ValueError as error:
            raise ApiError(400, str(error)) from None

    return {
        ("GET", "/health"): lambda _: health(),
        ("GET", "/_mock/coverage"): lambda _: as_json(coverage()),
        ("GET", "/_mock/clock"): lambda _: in_words(clock),
        ("POST", "/_mock/clock"): move,
    }
