"""What is made of a catalogue and never changes, so that any number of mocks may share it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from openai_mock.engine.shapes import Shape, shapes
from openai_mock.library.namespaces import Names, names_of
from openai_mock.spec.operations import Catalogue, load
from openai_mock.spec.router import Router
from openai_mock.spec.validate import Validators


class Compiled(NamedTuple):
    """The router, the validators (each made at its first use), the names of the SDK, and what operations do to
    collections.
    """

    router: Router
    validators: Validators
    names: Names
    shapes: Mapping[str, Shape]


def compiled(catalogue: Catalogue) -> Compiled:
    """Compile any catalogue."""
    operations = catalogue.operations.values()
    return Compiled(Router(operations), Validators(catalogue), names_of(operations), shapes(operations))


@lru_cache(maxsize=1)
def packaged() -> Compiled:
    """The package's own catalogue, compiled once."""
    return compiled(load())
