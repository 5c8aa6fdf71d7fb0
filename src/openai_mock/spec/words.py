"""OpenAI's sentences for what is wrong with a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from openai_mock.spec.families import is_older

Path = tuple[str | int, ...]

_ARTICLES: Final = {
    "string": "a string", "boolean": "a boolean", "integer": "an integer", "number": "a decimal", "array": "an array",
    "object": "an object", "null": "null", "file": "a file",
}  # fmt: skip
FILE: Final = ("\x00file",)
"""Stands for a file among decoded values: a tuple, which no request can hold and no text field takes."""
_SHOWN: Final = 200
"""The most characters of a value that a sentence repeats."""


class Violation(Struct, frozen=True):
    """What OpenAI says of a bad request (status 400, type `invalid_request_error`).

    `param` is the path of the parameter, `messages[0].content[1].type`, or None; `code` OpenAI's code, or None.
    """

    message: str
    param: str | None = None
    code: str | None = None


class Flaw(NamedTuple):
    """One thing that is wrong, before it is put into words: where, what was expected and what was sent.

    `expected` depends on `kind`: the names of `unknown` arguments and of a `missing` one, the JSON types and item types
    of a `type`, the options of an `enum`, the limit of a bound.
    """

    kind: str
    path: Path
    expected: Any = None
    got: Any = None


def put(flaw: Flaw, operation: str) -> Violation:
    """The words for a flaw, which a few operations have in their own fashion."""
    own = _OWN.get(operation)
    special = own(flaw) if own is not None else None
    if special is not None:
        return special
    if flaw.kind == "unknown":
        return _unknown(flaw, older=is_older(operation))
    return _SENTENCES[flaw.kind](flaw, name_of(flaw.path))


def name_of(path: Iterable[str | int]) -> str:
    """`("messages", 0, "role")` is written `messages[0].role`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def kind_of(value: object) -> str:
    """The JSON type of a decoded value; whatever is not JSON is a `file`."""
    if value is None:
        return "null"
    if value == FILE:
        return "file"
    for kind, name in (
        (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (dict, "object"), (list, "array"),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return "file"


def no_model() -> Violation:
    """The older operations' own words for a missing model."""
    return Violation("you must provide a model parameter")


def _unknown(flaw: Flaw, *, older: bool) -> Violation:
    names: Sequence[str] = flaw.expected
    if older and not flaw.path:
        return Violation(f"Unrecognized request argument{'s' * (len(names) > 1)} supplied: {_cut(', '.join(names))}")
    where = _cut(name_of((*flaw.path, names[0])))
    return Violation(f"Unknown parameter: '{where}'.", where, "unknown_parameter")


def _missing(_flaw: Flaw, where: str) -> Violation:
    return Violation(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")


def _type(flaw: Flaw, where: str) -> Violation:
    expected, got = _phrase(flaw.expected), kind_of(flaw.got)
    noun = "a decimal number" if got == "number" else _ARTICLES[got]
    subject = f"'{where}'" if where else "the request body"
    return Violation(
        f"Invalid type for {subject}: expected {expected}, but got {noun} instead.", where or None, "invalid_type"
    )


def _enum(flaw: Flaw, where: str) -> Violation:
    options = [f"'{option}'" if isinstance(option, str) else _shown(option) for option in flaw.expected]
    message = f"Invalid value: {_quoted(flaw.got)}. Supported values are: {_series(options, 'and')}."
    return Violation(message, where or None, "invalid_value")


def _number(flaw: Flaw, where: str) -> Violation:
    noun, side = ("integer" if flaw.kind.startswith("integer") else "decimal"), flaw.kind.rpartition("_")[2]
    fault, sign, code = ("above maximum", "<=", "above_max") if side == "max" else ("below minimum", ">=", "below_min")
    message = (
        f"Invalid '{where}': {noun} {fault} value. "
        f"Expected a value {sign} {_shown(flaw.expected)}, but got {_shown(flaw.got)} instead."
    )
    return Violation(message, where, f"{noun}_{code}_value")


def _too_long(noun: str) -> Callable[[Flaw, str], Violation]:
    article = _ARTICLES[noun]

    def sentence(flaw: Flaw, where: str) -> Violation:
        limit = f"Expected {article} with maximum length {flaw.expected}"
        message = f"Invalid '{where}': {noun} too long. {limit}, but got {article} with length {flaw.got} instead."
        return Violation(message, where, f"{noun}_above_max_length")

    return sentence


def _too_short(noun: str) -> Callable[[Flaw, str], Violation]:
    article = _ARTICLES[noun]

    def sentence(flaw: Flaw, where: str) -> Violation:
        limit = f"Expected {article} with minimum length {flaw.expected}"
        if flaw.got == 0:
            message = f"Invalid '{where}': empty {noun}. {limit}, but got an empty {noun} instead."
            return Violation(message, where, f"empty_{noun}")
        message = f"Invalid '{where}': {noun} too short. {limit}, but got {article} with length {flaw.got} instead."
        return Violation(message, where, f"{noun}_below_min_length")

    return sentence


def _too_many_properties(flaw: Flaw, where: str) -> Violation:
    message = (
        f"Invalid '{where}': too many properties. Expected an object with at most {flaw.expected} properties, "
        f"but got an object with {flaw.got} properties instead."
    )
    return Violation(message, where, "object_above_max_properties")


def _long_key(flaw: Flaw, where: str) -> Violation:
    message = (
        f"Invalid property name in '{where}': string too long. Expected a string with maximum length {flaw.expected}, "
        f"but got a string with length {flaw.got} instead."
    )
    return Violation(message, where, "string_above_max_length")


def _pattern(flaw: Flaw, where: str) -> Violation:
    expected = f"Expected a string that matches the pattern '{flaw.expected}'."
    return Violation(f"Invalid '{where}': string does not match pattern. {expected}", where, "invalid_value")


def _needs(flaw: Flaw, _where: str) -> Violation:
    name = flaw.expected[0]
    param = ".".join(f"[{step}]" if isinstance(step, int) else step for step in (*flaw.path, name))
    return Violation(f"Invalid value for '{name}': expected a string, got null.", param)


def _other(_flaw: Flaw, where: str) -> Violation:
    subject = f"Invalid value for '{where}'" if where else "Invalid request body"
    return Violation(f"{subject}: it does not fit the API's description.", where or None, "invalid_value")


def _deep(_flaw: Flaw, _where: str) -> Violation:
    return Violation("Invalid request body: it is nested too deeply.", None, "invalid_value")


def _phrase(types: Sequence[tuple[str, str | None]]) -> str:
    """`a string`, `an array of objects`, `one of a string or array of objects`; null only where it is all."""
    nouns = list(dict.fromkeys(_noun(kind, items) for kind, items in types if kind != "null")) or ["null"]
    if len(nouns) == 1:
        return nouns[0]
    return "one of " + _series([nouns[0], *(noun.partition(" ")[2] for noun in nouns[1:])], "or")


def _noun(kind: str, items: str | None) -> str:
    if kind != "array" or items is None:
        return _ARTICLES[kind]
    return f"an array of {_ARTICLES[items].partition(' ')[2]}s"


def _series(words: Sequence[str], conjunction: str) -> str:
    if len(words) < 3:
        return f" {conjunction} ".join(words)
    return f"{', '.join(words[:-1])}, {conjunction} {words[-1]}"


def _quoted(value: object) -> str:
    return f"'{_cut(value)}'" if isinstance(value, str) else _shown(value)


def _shown(value: object) -> str:
    try:
        return _cut(msgspec.json.encode(value).decode())
    except (TypeError, ValueError, OverflowError):
        return _cut(str(value)) if isinstance(value, float) else "the value sent"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _older_model(flaw: Flaw) -> Violation | None:
    return no_model() if flaw.path == ("model",) and flaw.kind in ("missing", "string_short") else None


def _embeddings(flaw: Flaw) -> Violation | None:
    if flaw.path[:1] == ("input",) and flaw.kind not in ("missing", "array_long"):
        reference = "https://platform.openai.com/docs/api-reference"
        return Violation(f"'$.input' is invalid. Please check the API reference: {reference}.")
    return _older_model(flaw)


def _purpose(flaw: Flaw) -> Violation | None:
    if flaw.path == ("purpose",) and flaw.kind == "enum":
        return Violation(f"{_quoted(flaw.got)} is not one of {list(flaw.expected)!r} - 'purpose'", "purpose")
    return None


_OWN: Final[Mapping[str, Callable[[Flaw], Violation | None]]] = {
    "chat.completions.create": _older_model,
    "completions.create": _older_model,
    "embeddings.create": _embeddings,
    "files.create": _purpose,
}
_SENTENCES: Final[Mapping[str, Callable[[Flaw, str], Violation]]] = {
    "missing": _missing,
    "type": _type,
    "enum": _enum,
    "integer_max": _number,
    "integer_min": _number,
    "number_max": _number,
    "number_min": _number,
    "string_long": _too_long("string"),
    "string_short": _too_short("string"),
    "array_long": _too_long("array"),
    "array_short": _too_short("array"),
    "properties": _too_many_properties,
    "key": _long_key,
    "pattern": _pattern,
    "needs": _needs,
    "other": _other,
    "deep": _deep,
}
