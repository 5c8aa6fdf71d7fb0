"""The attributes of a mock that mirror the SDK. The `.pyi` beside this file names them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.library.namespaces import Reach, attribute, refused


class Accessors:
    """Finds routes by attribute. It is a base class so that editors know the attributes from its stub file."""

    def _names(self) -> Mapping[str, Any]:
        """The names of the SDK, as `names_of` makes them."""
        raise NotImplementedError

    def _reach(self) -> Reach:
        """What the attributes lead to."""
        raise NotImplementedError

    def _known(self) -> Mapping[str, Any]:
        try:
            return self._names()
        except AttributeError:  # while the mock is being made
            return {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name)
        found = attribute(self._names(), "mock", name, self._reach())
        vars(self)[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name in (names := self._known()):
            refused("mock", name, names)
        super().__setattr__(name, value)
