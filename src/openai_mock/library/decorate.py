"""A mock as a decorator: functions, coroutines, generators and test classes run while it answers.

A function that takes `openai_mock` gets the mock; the parameter is hidden from whoever looks at the signature, so that
pytest does not take it for a fixture.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])
NAME = "openai_mock"
Active = Callable[[], AbstractContextManager[Any]]
Saved = Callable[[], Callable[[], None]]
"""Notes how something is; the result makes it so again."""


@contextmanager
def afresh(mock: AbstractContextManager[Any], saved: Sequence[Saved], forget: Callable[[], None]) -> Iterator[Any]:
    """The mock active without earlier calls, and afterwards as before: but for the calls, which stay readable until
    the next time.
    """
    restores = [save() for save in saved]
    forget()
    try:
        with mock:
            yield mock
    finally:
        for restore in restores:
            restore()


def decorated(target: T, active: Active) -> T:
    """`target` as it runs inside `active()`, once for each call; of a class, each of its test methods."""
    if isinstance(target, type):
        for name, method in inspect.getmembers(target, inspect.isfunction):
            if name.startswith("test"):
                setattr(target, name, _wrapped(method, active))
        return target
    if not callable(target):
        raise TypeError(f"A mock decorates functions and classes, not {target!r}.")
    wrapped: T = _wrapped(target, active)
    return wrapped


def _wrapped(function: Any, active: Active) -> Any:
    signature = inspect.signature(function)
    takes_it = NAME in signature.parameters

    @contextmanager
    def entered(named: dict[str, Any]) -> Iterator[dict[str, Any]]:
        with active() as mock:
            yield {NAME: mock, **named} if takes_it else named

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def wrapper(*given: Any, **named: Any) -> Any:
            with entered(named) as filled:
                return await function(*given, **filled)

    elif inspect.isasyncgenfunction(function):

        @wraps(function)
        async def wrapper(*given: Any, **named: Any) -> AsyncGenerator[Any, None]:
            with entered(named) as filled:
                async for value in function(*given, **filled):
                    yield value

    elif inspect.isgeneratorfunction(function):

        @wraps(function)
        def wrapper(*given: Any, **named: Any) -> Generator[Any, Any, Any]:
            with entered(named) as filled:
                return (yield from function(*given, **filled))

    else:

        @wraps(function)
        def wrapper(*given: Any, **named: Any) -> Any:
            with entered(named) as filled:
                return function(*given, **filled)

    shown = [parameter for name, parameter in signature.parameters.items() if name != NAME]
    vars(wrapper)["__signature__"] = signature.replace(parameters=shown)
    return wrapper
