"""Accessors that mirror the SDK: attributes named as its resources lead to the route of each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from openai_mock.library.route import Route
from openai_mock.spec.operations import Operation

Names = dict[str, Any]
"""By name: the names below a resource, or an operation's own name."""


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


def attribute(names: Mapping[str, Any], path: str, name: str, route: Callable[[str], Route]) -> Any:
    """The route or the namespace of that name. Raises AttributeError, with the nearest name, where there is none."""
    at = names.get(name)
    if at is None:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean '{path}.{near[0]}'?" if near else f"There are {', '.join(sorted(names))}."
        raise AttributeError(f"The SDK has no '{path}.{name}'. {hint}".replace("'mock.", "'"), name=name)
    return route(at) if isinstance(at, str) else Namespace(at, f"{path}.{name}", route)


class Namespace:
    """One resource of the SDK, such as `mock.chat.completions`."""

    def __init__(self, names: Mapping[str, Any], path: str, route: Callable[[str], Route]) -> None:
        self._names, self._path, self._route = names, path, route

    def __getattr__(self, name: str) -> Any:
        found = attribute(self._names, self._path, name, self._route)
        vars(self)[name] = found
        return found

    def __dir__(self) -> list[str]:
        return sorted(self._names)

    def __repr__(self) -> str:
        return f"<{self._path}: {', '.join(sorted(self._names))}>"
