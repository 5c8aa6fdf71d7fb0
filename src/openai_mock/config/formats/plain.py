"""Values that stand in no file (a command line, a header, an argument), read by the same shapes as a file's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from openai_mock.config.errors import ConfigErrors, Report
from openai_mock.config.node import Node
from openai_mock.config.reading import MISFIT, read
from openai_mock.config.scalars import typed
from openai_mock.config.shapes import Shape

_Read = TypeVar("_Read")


def plainly(given: Any, shape: Shape, name: str, then: Callable[[Any, Report], _Read]) -> _Read:
    """What `then` makes of a value that fits the shape. Raises ValueError with a sentence for each mistake.

    `name` is what the value is called in the sentences.
    """
    report = Report("", name)
    report.root = _node(given)
    value = read(report.root, shape, (), report)
    made = then(value, report) if value is not MISFIT else None
    try:
        report.close()
    except ConfigErrors as errors:
        sentences = (
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in errors.problems
        )
        raise ValueError(f"{name}: " + "; ".join(sentences)) from None
    return made  # type: ignore[return-value]  # None only beside a mistake


def from_text(text: str, first: str) -> dict[str, Any]:
    """The mapping that `key=value,key=value` stands for. A first word without `=` is the value of the key `first`.

    Raises ValueError for a later word without `=`.
    """
    found: dict[str, Any] = {}
    for index, part in enumerate(text.split(",")):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals and index:
            raise ValueError(f"'{key}' has no value. Write key=value, separated by commas.")
        if not equals:
            key, value = first, key
        found[key] = typed(value, 0)
    return found


def _node(value: Any) -> Node:
    if isinstance(value, Mapping):
        return Node({str(key): _node(held) for key, held in value.items()}, 0, {str(key): 0 for key in value})
    if isinstance(value, list | tuple):
        return Node([_node(held) for held in value], 0)
    return Node(value, 0)
