"""Scalars: variables put into their text, and the type that YAML 1.2 gives to text without quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from openai_mock.config.errors import SyntaxFault

Scalar: TypeAlias = str | int | float | bool | None

MAX_DIGITS = 400

_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_TYPED_STARTS = frozenset("-+.0123456789~nNtTfF")
_TAGS: Mapping[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}
_TAG_PREFIX = "tag:yaml.org,2002:"


def substituted(text: str, env: Mapping[str, str], missing: Callable[[str], None]) -> str:
    """The text with `${NAME}` and `${NAME:-default}` replaced; `$${NAME}` stands for `${NAME}` itself.

    As in a shell, the default counts when the variable is unset or empty. `missing` gets the sentence about a variable
    that is unset and has no default.
    """

    def replacement(match: re.Match[str]) -> str:
        escaped, name, default = match.groups()
        if escaped:
            return match[0][1:]
        value = env.get(name)
        if default is not None:
            return value or default
        if value is None:
            missing(
                f"the environment variable {name} is not set; "
                f"set it, write ${{{name}:-default}}, or $${{{name}}} for the text itself"
            )
        return value or ""

    return _VARIABLE.sub(replacement, text)


def typed(text: str, at: int) -> Scalar:
    """The value of text without quotes by the core schema of YAML 1.2, where `yes`, `on` and dates are strings."""
    if text and text[0] not in _TYPED_STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return integer(text, at)
    if _BASED.match(text):
        return integer(text, at, 0)
    if _FLOAT.match(text):
        return real(text, at)
    return float(text.replace(".", "")) if _NOT_FINITE.match(text) else text


def tagged(text: str, tag: str, at: int) -> Scalar:
    """The value of text behind a tag such as `!!int`. A tag that is not YAML's own is a mistake."""
    kind = tag.removeprefix(_TAG_PREFIX)
    if kind == "str":
        return text
    if kind not in _TAGS or kind == tag:
        raise SyntaxFault(at, f"the tag '{tag.replace(_TAG_PREFIX, '!!')}' has no meaning here; remove it")
    value = typed(text, at)
    if type(value) not in _TAGS[kind]:
        raise SyntaxFault(at, f"this text is no value for the tag '!!{kind}'; correct it or remove the tag")
    return float(value) if kind == "float" and value is not None else value


def integer(text: str, at: int, base: int = 10) -> int:
    """An integer; one of hundreds of digits is a mistake. Base 0 reads the base from `0x` or `0o`."""
    if len(text) > MAX_DIGITS:
        raise SyntaxFault(at, f"a number of {len(text)} digits is too long; put it in quotes")
    return int(text, base)


def real(text: str, at: int) -> float:
    """A floating-point number; one beyond the range of 64 bits is a mistake."""
    value = float(text)
    if math.isinf(value):
        raise SyntaxFault(at, "the number is too large; put it in quotes")
    return value


def sound_text(text: str, at: int) -> str:
    """The text itself, if UTF-8 can write it; half of a surrogate pair is a mistake."""
    if not text.isascii() and (half := _SURROGATE.search(text)):
        raise SyntaxFault(at, f"U+{ord(half[0]):04X} is half a character and cannot be written as UTF-8; remove it")
    return text
