"""The attributes of a mock that mirror the SDK. The `.pyi` beside this file names them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.library.namespaces import attribute
from openai_mock.library.route import Route


class Accessors:
    """Finds routes by attribute. It is a base class so that editors know the attributes from its stub file."""

    def _names(self) -> Mapping[str, Any]:
        """The names of the SDK, as `names_of` makes them."""
        raise NotImplementedError

    def _route(self, name: str) -> Route:
        """The route of an operation by its name."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name)
        found = attribute(self._names(), "mock", name, self._route)
        vars(self)[name] = found
        return found
