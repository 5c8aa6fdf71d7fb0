"""What is made of a catalogue and never changes, so that any number of mocks may share it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from openai_mock.engine.shapes import Shape, shapes
from openai_mock.library.namespaces import Names, names_of
from openai_mock.resources import family_of
from openai_mock.spec.operations import Catalogue, load
from openai_mock.spec.router import Router
from openai_mock.spec.validate import Validators


class Compiled(NamedTuple):
    """The router, the validators (each made at its first use), the names of the SDK, what operations do to
    collections, and the families of operations that work on each collection.
    """

    router: Router
    validators: Validators
    names: Names
    shapes: Mapping[str, Shape]
    families: Mapping[str, frozenset[str]]


def compiled(catalogue: Catalogue) -> Compiled:
    """Compile any catalogue."""
    operations = catalogue.operations.values()
    shaped = shapes(operations)
    return Compiled(
        Router(operations), Validators(catalogue), names_of(operations), shaped, _working_on_collections(shaped)
    )


def _working_on_collections(shaped: Mapping[str, Shape]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, shape in shaped.items():
        found.setdefault(shape.collection, set()).add(family_of(name))
    return {collection: frozenset(families) for collection, families in found.items()}


@lru_cache(maxsize=1)
def packaged() -> Compiled:
    """The package's own catalogue, compiled once."""
    return compiled(load())
