"""The work a template may do: every step and every character is charged, and what is too much ends it.

Theory. Values of a template are those of JSON. Whatever looks into a value or makes one pays for its weight before it
does so: a text for its characters, a list or an object for all that it holds, however often it holds it. So no
expression, however nested, takes more than a bounded time or memory, whatever it multiplies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MOST = 2_000_000
"""What a template may use up in all: a character is 1, a step is `STEP`."""
STEP = 40
LONGEST = 1_000_000
"""Characters of what a template may write."""
MOST_BITS = 4_096
DEEPEST = 100
"""How deep values and expressions may lie in one another."""


class TemplateError(Exception):
    """What is wrong with a template, in a sentence. `line` counts from 1 in its text."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.line = sentence, line

    def __str__(self) -> str:
        return f"{self.sentence} (line {self.line} of the template)" if self.line > 1 else self.sentence


class Undefined:
    """A value that is not there. It can be asked whether it is defined, and given a default; nothing else."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence


class Work:
    """What is left of the work of one call, all its templates together."""

    __slots__ = ("left",)

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def charge(self, amount: int) -> None:
        """Use some up. Raises TemplateError when nothing is left."""
        self.left -= amount
        if self.left < 0:
            raise TemplateError(TOO_MUCH)

    def weigh(self, value: Any, depth: int = 0) -> None:
        """Use up what a value weighs. Raises TemplateError also where it lies too deep, or is not there."""
        if isinstance(value, str):
            self.charge(len(value))
        elif isinstance(value, Undefined):
            raise TemplateError(value.sentence)
        elif isinstance(value, list | tuple | Mapping):
            if depth > DEEPEST:
                raise TemplateError(f"lists and objects lie more than {DEEPEST} deep in one another")
            self.charge(STEP * (1 + len(value)))
            if isinstance(value, Mapping):
                for key in value:
                    self.charge(len(key) if isinstance(key, str) else 1)
                value = list(value.values())
            for each in value:
                if each is not None:
                    self.weigh(each, depth + 1)
        else:
            self.charge(1)

    def number(self, value: Any) -> Any:
        """A number that is not too large."""
        if isinstance(value, complex):
            raise TemplateError("the result is no real number")
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise TemplateError(f"a number of more than {MOST_BITS} bits is too large")
        return value


TOO_MUCH: Final = (
    "the template is too much work: loops, lists and texts may come to some hundred thousand characters or some ten "
    "thousand steps in all. Make it smaller, or answer with a function in Python"
)
