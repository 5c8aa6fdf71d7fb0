"""Encodes text as tiktoken does, straight from a packed vocabulary: it starts at once and is slower afterwards.

Theory. The pattern of an encoding looks at the class of a character, never at which letter of a foreign script it is.
So every character beyond ASCII is replaced by one that stands for its class, and the standard library's `re` cuts the
replaced text, whose places are those of the original. A word that is a token is looked up; any other is merged from its
bytes, always the pair of lowest rank, and the leftmost among equals. What is looked up is remembered, so the number of
runs remembered measures the work done.

It declines, with `Unfit`, what it cannot do exactly or fast: characters that this Python's Unicode does not know, whose
class tiktoken may know, and words that are long and no token.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise

from msgspec import Struct

from openai_mock.turns.vocabulary import ABSENT, Vocabulary, rank

LONGEST = 768
"""Bytes of the longest word that is merged here: the time of a merge grows with the square."""
_BOTH_CASES = "\N{FEMININE ORDINAL INDICATOR}"  # a letter without case: it may begin a word and end it
_COMBINING = "\N{COMBINING GRAVE ACCENT}"
_STANDS_FOR = {"Lu": "A", "Lt": "A", "Ll": "a", "Lm": _BOTH_CASES, "Lo": _BOTH_CASES}
_STANDS_FOR |= dict.fromkeys(("Mn", "Mc", "Me"), _COMBINING) | dict.fromkeys(("Nd", "Nl", "No"), "0")
_STANDS_FOR |= dict.fromkeys(("Zs", "Zl", "Zp"), "\t") | dict.fromkeys(("Cc", "Cf", "Co", "Cs"), "!")
_STANDS_FOR |= dict.fromkeys(("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"), "!")
# Two characters matter by themselves: the long s, a small letter, is an s to a pattern that ignores case (it's), and
# NEXT LINE is a control character that counts as a blank.
_OWN = {"\N{LATIN SMALL LETTER LONG S}": "s", "\x85": "\t"}
_PROPERTIES = {"L": f"A-Za-z{_BOTH_CASES}", "Lu": "A-Z", "Ll": "a-z", "Lt": "", "Lm": "", "Lo": _BOTH_CASES}
_PROPERTIES |= {"M": _COMBINING, "N": "0-9"}


class Unfit(Exception):  # noqa: N818  (it reports no mistake)
    """The light encoder declines a text."""


class Light(Struct, frozen=True):
    """An encoder: `encode` makes tokens of a text, `spelled` has the bytes of every token it made."""

    encode: Callable[[str], list[int]]
    spelled: dict[int, bytes]
    work: Callable[[], int]
    """The number of runs of bytes looked up so far, about 1 us each."""


def light(vocabulary: Vocabulary) -> Light:
    """An encoder for a vocabulary. Its `encode` raises `Unfit` for what it declines."""
    ranks = _Ranks(vocabulary)
    words = _Words(ranks)
    findall, finditer = _divider(vocabulary.header["pat_str"])
    classes = _Classes()

    def encode(text: str) -> list[int]:
        if text.isascii():
            return list(chain.from_iterable(map(words.__getitem__, findall(text))))
        found = [match.span() for match in finditer(text.translate(classes))]
        try:
            return list(chain.from_iterable([words[text[start:end]] for start, end in found]))
        except UnicodeEncodeError:  # lone surrogates become replacement characters
            return encode(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    return Light(encode, ranks.spelled, ranks.__len__)


def translated(pattern: str) -> str:
    """The pattern for a text in which characters stand for their classes. Raises `KeyError` for an unknown class."""

    def inside(found: re.Match[str]) -> str:
        return _PROPERTIES[found[1]]

    def whole(found: re.Match[str]) -> str:
        kept = found[0]
        return re.sub(r"\\p\{(\w+)\}", inside, kept if kept.startswith("[") else f"[{kept}]")

    return re.sub(r"\[[^\]]*\]|\\p\{\w+\}", whole, pattern)


def _divider(pattern: str) -> tuple[Callable[[str], list[str]], Callable[[str], Iterator[re.Match[str]]]]:
    compiled = re.compile(translated(pattern), re.ASCII)
    return compiled.findall, compiled.finditer


class _Classes(dict[int, str | int]):
    """What `str.translate` asks: the character that stands for the class of another. ASCII stands for itself."""

    def __missing__(self, code: int) -> str | int:
        character = chr(code)
        stands = character if code < 128 else _OWN.get(character) or _STANDS_FOR.get(unicodedata.category(character))
        if stands is None:
            raise Unfit
        return self.setdefault(code, ord(stands))


class _Ranks(dict[bytes, int]):
    """The rank of each run of bytes asked for so far, ABSENT for what is no token."""

    __slots__ = ("spelled", "vocabulary")

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.spelled: dict[int, bytes] = {}

    def __missing__(self, run: bytes) -> int:
        found = self[run] = rank(self.vocabulary, run)
        if found != ABSENT:
            self.spelled[found] = run
        return found


class _Words(dict[str, Sequence[int]]):
    """The tokens of each word met so far."""

    __slots__ = ("ranks",)

    def __init__(self, ranks: _Ranks) -> None:
        self.ranks = ranks

    def __missing__(self, word: str) -> Sequence[int]:
        run = word.encode()
        whole = self.ranks[run]
        tokens = self[word] = _merged(run, self.ranks) if whole == ABSENT else (whole,)
        return tokens


def _merged(run: bytes, ranks: _Ranks) -> Sequence[int]:
    """The tokens of a run: its bytes, merged pair by pair."""
    if len(run) > LONGEST:
        raise Unfit
    bounds = list(range(len(run) + 1))
    pairs = [ranks[run[at : at + 2]] for at in bounds[:-2]]
    while pairs and (lowest := min(pairs)) != ABSENT:
        at = pairs.index(lowest)
        del bounds[at + 1], pairs[at]
        if at < len(pairs):
            pairs[at] = ranks[run[bounds[at] : bounds[at + 2]]]
        if at:
            pairs[at - 1] = ranks[run[bounds[at - 1] : bounds[at + 1]]]
    return tuple([ranks[run[start:end]] for start, end in pairwise(bounds)])
