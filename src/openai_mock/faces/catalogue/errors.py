"""What can go wrong with a catalogue, in a module of its own so that a server may name it without loading the rest."""

from __future__ import annotations


class CatalogueError(Exception):
    """A catalogue that cannot be built, kept or read. The text is a sentence for the user."""
