"""Catalogues of operations: built from the installed `openai` package, kept, compared, and extended by OpenAPI."""

from __future__ import annotations

from typing import Any


def build() -> dict[str, Any]:
    """The catalogue: `{"sdk": version, "operations": [...], "schemas": {name: JSON Schema}}`, sorted by name.

    Raises ImportError where `openai` is not installed, and LookupError or TypeError where the installed one is written
    in a way that is not known here.
    """
    from openai_mock.faces.catalogue.building import build as built  # noqa: PLC0415 - nothing else imports the SDK

    return built()
