"""What a configuration may hold, as values: the one description behind the loader and the editor's JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct


class Text(Struct, frozen=True):
    """A string. With `empty` false it needs a character."""

    empty: bool = True


class Choice(Struct, frozen=True):
    """One of these strings."""

    values: tuple[str, ...]


class Whole(Struct, frozen=True):
    """An integer from `low` to `high`, both included."""

    low: int
    high: int


class Number(Struct, frozen=True):
    """A number from `low` to `high`, both included."""

    low: float
    high: float


class Flag(Struct, frozen=True):
    """True or false."""


class Null(Struct, frozen=True):
    """Nothing: `null`."""


class Json(Struct, frozen=True):
    """Any JSON, taken as it stands; `only` narrows it to these kinds."""

    only: tuple[str, ...] = ()


class Each(Struct, frozen=True):
    """A list of at least `least` items of one shape."""

    item: Shape
    least: int = 0


class Key(Struct, frozen=True):
    """A key of a mapping: the shape of its value, and a sentence for people who write it."""

    shape: Shape
    about: str
    required: bool = False


class Keys(Struct, frozen=True):
    """A mapping. `title` is its name in sentences.

    With `rest`, keys that are not described are taken as they stand, with `others` their values have that shape; keys
    that start with `own` belong to the user and are left alone.
    """

    title: str
    keys: Mapping[str, Key]
    rest: bool = False
    own: str = ""
    others: Shape | None = None


class Either(Struct, frozen=True):
    """One of several shapes, told apart by the kind of the value."""

    shapes: tuple[Shape, ...]


class Fork(Struct, frozen=True):
    """One of several mappings, told apart by the key that only it has."""

    title: str
    forms: Mapping[str, Keys]


Shape: TypeAlias = Text | Choice | Whole | Number | Flag | Null | Json | Each | Keys | Either | Fork

KINDS: Mapping[type, str] = {
    str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", list: "list", dict: "mapping",
}  # fmt: skip


def kinds(shape: Shape) -> tuple[str, ...]:
    """The kinds of value that the shape can take."""
    match shape:
        case Text() | Choice():
            return ("string",)
        case Whole():
            return ("integer",)
        case Number():
            return ("integer", "number")
        case Flag():
            return ("boolean",)
        case Null():
            return ("null",)
        case Json(only=only):
            return only or tuple(KINDS.values())
        case Each():
            return ("list",)
        case Either(shapes=shapes):
            return tuple(kind for each in shapes for kind in kinds(each))
        case _:
            return ("mapping",)
