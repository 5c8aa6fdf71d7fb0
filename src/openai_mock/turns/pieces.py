"""Cuts a text where a model's tokens end, for streams: the pieces joined are the text, whatever it contains.

Theory. A piece is the smallest run of whole tokens that is whole Unicode: tokens that split a character between them
stay together. Pieces come from the tokens that `count` counts, so a stream and its usage agree. A text with lone
surrogates has no tokens of its own (they become replacement characters) and stays one piece.
"""

from __future__ import annotations

import json
from functools import lru_cache, wraps
from itertools import chain
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast

import msgspec
from msgspec import Struct

from openai_mock.turns.tokens import encode, encoded, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
R = TypeVar("R")
REMEMBERED = 2_048
"""Characters of the longest text whose pieces are remembered."""
_TOKEN_CHARACTERS = 128  # no token spells more


class Cuts(Struct, frozen=True, gc=False):
    """A text cut at token boundaries, and how many tokens it took: at least one for each piece."""

    pieces: tuple[str, ...]
    tokens: int


def remembering(made_of: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """A function of a text that remembers what it made of the last ones, unless they are long."""
    remembered = cast("Callable[Concatenate[str, P], R]", lru_cache(maxsize=128)(made_of))

    @wraps(made_of)
    def made(text: str, /, *rest: P.args, **named: P.kwargs) -> R:
        return (remembered if len(text) <= REMEMBERED else made_of)(text, *rest, **named)

    return made


def pieces(text: str, encoding: str) -> tuple[str, ...]:
    """The pieces of a text, none of them empty; their concatenation is the text."""
    return cuts(text, encoding).pieces


@remembering
def cuts(text: str, encoding: str) -> Cuts:
    """The pieces of a text with its exact number of tokens."""
    found = list(chain.from_iterable(encoded(text, encoding)))
    spelled = spellings(found, encoding)
    try:
        whole = tuple(map(bytes.decode, spelled))
    except UnicodeDecodeError:
        whole = tuple(_merged(spelled))
    return Cuts(whole if "".join(whole) == text else (text,), len(found))


@remembering
def encoded_pieces(text: str, encoding: str) -> tuple[bytes, ...]:
    """The pieces as they stand between the quotes of a JSON string, in UTF-8."""
    cut, encode_json = pieces(text, encoding), msgspec.json.Encoder().encode
    try:
        return tuple([encode_json(piece)[1:-1] for piece in cut])
    except UnicodeEncodeError:
        return tuple([json.dumps(piece)[1:-1].encode() for piece in cut])


@remembering
def truncate(text: str, tokens: int, encoding: str) -> str:
    """The first `tokens` tokens of a text, or the text itself if it has no more; a character cut in two is left out.

    Looks at no more of the text than those tokens can spell.
    """
    if tokens <= 0:
        return ""
    found = encode(text[: (tokens + 8) * _TOKEN_CHARACTERS], encoding)
    if len(found) <= tokens:
        return text
    kept = b"".join(spellings(found[:tokens], encoding)).decode("utf-8", "ignore")
    return kept if text.startswith(kept) else text[: len(kept)]


def _merged(spelled: list[bytes]) -> Iterator[str]:
    """Tokens put together until they are whole Unicode."""
    held: list[bytes] = []
    for spelling in spelled:
        if held and spelling[0] & 0xC0 != 0x80:  # not inside a character
            yield b"".join(held).decode()
            held = []
        held.append(spelling)
    yield b"".join(held).decode()
