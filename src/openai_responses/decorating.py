"""Functions that run with a mock: what they take by name is given to them, and hidden from whoever calls them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Entered: TypeAlias = Callable[[Collection[str], dict[str, Any]], AbstractContextManager[dict[str, Any]]]
"""What is active while a function runs. It gets the parameters to fill and what the caller named, and yields both."""


class Decorator(Protocol):
    """What stands over a function; to type checkers the function stays as it is written."""

    def __call__(self, target: T, /) -> T:
        """The function, with a mock."""


def decorated(target: Any, entered: Entered, names: Collection[str]) -> Any:
    """`target`, sync or async, or each test method of a class, as it runs while `entered` is active.

    Parameters that are in `names` are filled and hidden, so that pytest does not take them for fixtures. Raises
    TypeError for what is no function.
    """
    if isinstance(target, type):
        for name, method in inspect.getmembers(target, inspect.isfunction):
            if name.startswith("test"):
                setattr(target, name, decorated(method, entered, names))
        return target
    if not callable(target):
        raise TypeError(f"A mock decorates functions and classes, not {target!r}.")
    function: Any = target
    signature = inspect.signature(function)
    taken = [name for name in signature.parameters if name in names]

    @wraps(function)
    async def awaited(*given: Any, **named: Any) -> Any:
        with entered(taken, named) as filled:
            return await function(*given, **filled)

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        with entered(taken, named) as filled:
            return function(*given, **filled)

    wrapper = awaited if inspect.iscoroutinefunction(function) else called
    shown = [parameter for name, parameter in signature.parameters.items() if name not in taken]
    vars(wrapper)["__signature__"] = signature.replace(parameters=shown)
    return wrapper
