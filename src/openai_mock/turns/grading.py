"""What graders decide by themselves: comparisons, what a judging model said, and whether a grader makes sense at all.

Nothing here asks a model; `engine/graders.py` does, and reads the answer with `said_score` and `said_label`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from openai_mock.turns.formula import FUNCTIONS, FormulaError, unread
from openai_mock.turns.templates import strange, texts_in

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*")
_LONGEST_SOURCE = 262_144
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = frozenset("\n\r\\'\"abfnrtvxuUN01234567")
"""What may stand behind a backslash in a Python text."""
_RESULTS = ("result", "score", "label")
"""The fields in which a judging model may have written its verdict."""
CHECKS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "eq": lambda text, reference: text == reference,
        "ne": lambda text, reference: text != reference,
        "like": lambda text, reference: reference in text,
        "ilike": lambda text, reference: reference.casefold() in text.casefold(),
    }
)
"""String checks: equal, not equal, and whether the input contains the reference, with and without regard to case."""


def span(grader: Mapping[str, Any]) -> tuple[float, float]:
    """The lowest and the highest score of a `score_model` grader."""
    low, high = grader.get("range") or (0.0, 1.0)
    return float(low), float(high)


def format_of(grader: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` in which a judging model is asked for its verdict."""
    if grader["type"] == "label_model":
        result: dict[str, Any] = {"type": "string", "enum": list(grader["labels"])}
    else:
        low, high = span(grader)
        result = {"type": "number", "minimum": low, "maximum": high}
    schema = {
        "type": "object",
        "properties": {"result": result},
        "required": ["result"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}


def said_score(said: str, low: float, high: float) -> float | None:
    """The score in a judging model's answer, clipped to its range: the `result` of a JSON object, else the first number
    in the text; None where there is none.
    """
    result = _result(said)
    if isinstance(result, str):
        found = _NUMBER.search(result)
        result = float(found[0]) if found else None
    if not isinstance(result, int | float) or isinstance(result, bool):
        return None
    return float(min(high, max(low, result)))


def said_label(said: str, labels: Sequence[str]) -> str | None:
    """The label in a judging model's answer: the `result` of a JSON object or the whole text, else the only label that
    the text has as a word; None where there is none.
    """
    result = _result(said)
    plain = str(result).strip().casefold()
    equal = [label for label in labels if label.casefold() == plain]
    if equal:
        return equal[0]
    words = [label for label in labels if re.search(rf"(?<!\w){re.escape(label.casefold())}(?!\w)", plain)]
    return words[0] if len(words) == 1 else None


def flaws(grader: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    """What makes a grader impossible, as (sentence, parameter); `at` is the grader's own parameter."""
    fields = {key: value for key, value in grader.items() if key in {"input", "reference"}}
    for key, value in fields.items():
        for text in texts_in(value):
            name = strange(text)
            if name is not None:
                words = f"Invalid template variable '{name}': it must begin with 'item' or 'sample'."
                yield words, f"{at}.{key}"
    match grader["type"]:
        case "label_model":
            missing = [each for each in grader["passing_labels"] if each not in grader["labels"]]
            if missing:
                words = f"Invalid 'passing_labels': '{missing[0]}' is not one of the 'labels'."
                yield words, f"{at}.passing_labels"
        case "score_model":
            given = grader.get("range")
            if given is not None and (len(given) != 2 or given[0] >= given[1]):
                yield "Invalid 'range': expected two numbers, the lower one first.", f"{at}.range"
        case "python":
            if wrong := _no_source(grader["source"]):
                yield wrong, f"{at}.source"
        case "multi":
            yield from _flaws_together(grader, at)


def parts_of(multi: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The graders of a `multi` grader by the names that its formula uses: a map of them, or a single one."""
    graders = multi["graders"]
    return {graders["name"]: graders} if isinstance(graders.get("type"), str) else dict(graders)


def _flaws_together(grader: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    parts = parts_of(grader)
    for name, part in parts.items():
        if not _NAME.fullmatch(name) or name in FUNCTIONS:
            yield f"Invalid grader name '{name}': a formula cannot name it.", f"{at}.graders"
        yield from flaws(part, f"{at}.graders.{name}")
    try:
        missing = sorted(unread(grader["calculate_output"]) - parts.keys())
    except FormulaError as error:
        yield f"Invalid 'calculate_output': {error}", f"{at}.calculate_output"
        return
    if missing:
        yield f"Invalid 'calculate_output': there is no grader '{missing[0]}'.", f"{at}.calculate_output"


def _no_source(source: str) -> str | None:
    """Why a text is no source of a `python` grader; it is parsed, never run."""
    if len(source) > _LONGEST_SOURCE:
        return f"Invalid 'source': it has more than {_LONGEST_SOURCE} characters."
    try:
        tree = ast.parse(_ESCAPE.sub(_literal, source))
    except SyntaxError as error:
        return f"Invalid 'source': {error.msg} in line {error.lineno}."
    except (ValueError, MemoryError, RecursionError):
        return "Invalid 'source': it is no Python."
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return None if "grade" in defined else "Invalid 'source': it must define a function 'grade(sample, item)'."


def _literal(escape: re.Match[str]) -> str:
    """An escape that Python does not know, spelled so that the parser has nothing to warn the mock's own user of."""
    return escape[0] if escape[1] in _ESCAPES else f"\\{escape[0]}"


def _result(said: str) -> Any:
    """The verdict in a JSON object, else the text."""
    try:
        read = msgspec.json.decode(said)
    except (ValueError, RecursionError):
        return said
    if isinstance(read, dict):
        return next((read[key] for key in _RESULTS if key in read), said)
    return read if isinstance(read, str | int | float) else said
