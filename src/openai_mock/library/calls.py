"""The calls of one route, oldest first: a live list, and what a test may assert of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from openai_mock.library import verify
from openai_mock.library.views import MadeCall


class Calls(Sequence[MadeCall]):
    """The calls that are kept, oldest first. It follows what happens; `call_count` also counts what is forgotten."""

    def __init__(self, name: str, kept: Callable[[], Sequence[MadeCall]], count: Callable[[], int]) -> None:
        self._name, self._kept, self._count = name, kept, count

    @overload
    def __getitem__(self, index: int) -> MadeCall: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[MadeCall]: ...
    def __getitem__(self, index: int | slice) -> MadeCall | Sequence[MadeCall]:
        return self._kept()[index]

    def __len__(self) -> int:
        return len(self._kept())

    @property
    def call_count(self) -> int:
        """How many calls were made, exactly."""
        return self._count()

    @property
    def called(self) -> bool:
        """Whether any was made."""
        return self._count() > 0

    @property
    def last(self) -> MadeCall:
        """The latest call. Raises AssertionError where there is none."""
        kept = self._kept()
        if not kept:
            raise AssertionError(verify.nothing_called(self._name))
        return kept[-1]

    def assert_called(self, times: int | None = None) -> None:
        """Raise AssertionError unless there was a call, or exactly `times` of them."""
        __tracebackhide__ = True
        count = self._count()
        if times is None and not count:
            raise AssertionError(verify.nothing_called(self._name))
        if times is not None and times != count:
            raise AssertionError(verify.wrong_count(self._name, times, count, self._kept()))

    def assert_called_once(self) -> None:
        """Raise AssertionError unless there was exactly one call."""
        __tracebackhide__ = True
        self.assert_called(times=1)

    def assert_not_called(self) -> None:
        """Raise AssertionError if there was a call."""
        __tracebackhide__ = True
        self.assert_called(times=0)

    def assert_called_with(self, **fields: Any) -> None:
        """Raise AssertionError unless some call was made with these values; it shows how the closest one differs.

        Names are fields of the body, query or path, or paths into them: `messages__last__content`. A value is compared;
        a function is asked; a compiled pattern is searched for.
        """
        __tracebackhide__ = True
        kept = self._kept()
        self.assert_called()
        count = self._count()
        if not kept:
            raise AssertionError(verify.nothing_kept(self._name, count))
        if all(verify.misfits(call, fields) for call in kept):
            raise AssertionError(verify.difference(self._name, kept, fields, count))

    def assert_called_once_with(self, **fields: Any) -> None:
        """Raise AssertionError unless there was exactly one call and it had these values."""
        __tracebackhide__ = True
        self.assert_called_once()
        self.assert_called_with(**fields)

    def __repr__(self) -> str:
        return f"<Calls of {self._name}: {self._count()}>"
