"""Accessors that mirror the SDK: attributes named as its resources lead to the route of each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from openai_mock.library.route import Route
from openai_mock.spec.operations import Operation

Names = dict[str, Any]
"""By name: the names below a resource, or an operation's own name."""


class Reach(NamedTuple):
    """What attributes lead to: the route of an operation by its name, and keeping an object of a resource by its."""

    route: Callable[[str], Route]
    put: Callable[..., dict[str, Any]]


def names_of(operations: Iterable[Operation]) -> Names:
    """The tree of all accessor paths, aliases included, with the operation's own name at each end."""
    tree: Names = {}
    for operation in operations:
        for path in (operation.name, *operation.aliases):
            *groups, last = path.split(".")
            node = tree
            for group in groups:
                node = node.setdefault(group, {})
            node.setdefault(last, operation.name)
    return tree


def attribute(names: Mapping[str, Any], path: str, name: str, reach: Reach) -> Any:
    """The route or the namespace of that name. Raises AttributeError, with the nearest name, where there is none."""
    at = names.get(name)
    if at is None:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean '{path}.{near[0]}'?" if near else f"There are {', '.join(sorted(names))}."
        raise AttributeError(f"The SDK has no '{path}.{name}'. {hint}".replace("'mock.", "'"), name=name)
    return reach.route(at) if isinstance(at, str) else Namespace(at, f"{path}.{name}", reach)


def refused(path: str, name: str, names: Mapping[str, Any]) -> None:
    """Raise AttributeError for an attribute that is set where the SDK has resources and operations."""
    if isinstance(names.get(name), str):
        told = f"{path}.{name} is a route. Write {path}.{name}.response = ..."
        raise AttributeError(told, name=name)  # noqa: TRY004 - that is what setting an attribute raises
    routes = [each for each, below in names.items() if isinstance(below, str)]
    near = ("create" if "create" in routes else min(routes)) if routes else "create"
    raise AttributeError(f"{path} has no '{name}' to set. An operation has: {path}.{near}.response = ...", name=name)


class Namespace:
    """One resource of the SDK, such as `mock.chat.completions`."""

    def __init__(self, names: Mapping[str, Any], path: str, reach: Reach) -> None:
        vars(self).update(_names=names, _path=path, _reach=reach)

    def put(self, fields: Mapping[str, Any] | None = None, /, *, session: str = "", **more: Any) -> dict[str, Any]:
        """Keep an object of the resource, completed by an example; returns it whole. See `OpenAIMock.put`.

        >>> mock.files.put(id="file-1", filename="a.txt", content=b"hello")
        """
        reach: Reach = self._reach
        return reach.put(self._path.partition(".")[2], {**(fields or {}), **more}, session=session)

    def __getattr__(self, name: str) -> Any:
        found = attribute(self._names, self._path, name, self._reach)
        vars(self)[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        refused(self._path, name, self._names)

    def __dir__(self) -> list[str]:
        return sorted((*self._names, "put"))

    def __repr__(self) -> str:
        return f"<{self._path}: {', '.join(sorted(self._names))}>"
