"""Which operations a server has: the catalogue the options ask for, and the commands around catalogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openai_mock.spec.operations import Catalogue, load

PACKAGED = "packaged"
"""The catalogue that came with this package."""


def catalogue_for(which: str, specs: Sequence[str]) -> Catalogue:
    """The catalogue named `packaged`, `cached` or by a file, with the operations of the OpenAPI documents added.

    Raises `CatalogueError` or `SpecErrors`, whose texts are sentences for the user.
    """
    if which == PACKAGED and not specs:
        return load()
    from openai_mock.faces.catalogue.adding import merged  # noqa: PLC0415 - few servers read documents
    from openai_mock.faces.catalogue.cache import chosen  # noqa: PLC0415
    from openai_mock.faces.catalogue.openapi import read_file  # noqa: PLC0415

    catalogue = chosen(which)
    for spec in specs:
        catalogue = merged(catalogue, read_file(Path(spec)))
    return catalogue


def refreshed() -> str:
    """Make a catalogue from the installed SDK in the user's cache; say where, and how to use it."""
    from openai_mock.faces.catalogue.cache import refresh  # noqa: PLC0415

    path = refresh()
    return f"{path}\nUse it with: openai-mock --catalog cached"


def compared(old: str, new: str, *, as_json: bool) -> str:
    """The difference between two catalogues, each `packaged`, `cached` or a file."""
    from openai_mock.faces.catalogue.cache import chosen  # noqa: PLC0415
    from openai_mock.faces.catalogue.diff import diff, diff_json  # noqa: PLC0415

    before, after = chosen(old), chosen(new)
    return diff_json(before, after) if as_json else "\n".join(diff(before, after)) or "No difference."
