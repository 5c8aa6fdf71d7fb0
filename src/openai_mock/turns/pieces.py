"""Cuts a text where a model's tokens end, for streams: the pieces joined are the text, whatever it contains.

Theory. A piece is the smallest run of whole tokens that is whole Unicode: tokens that split a character between them
stay together. Pieces come from the tokens that `count` counts, so a stream and its usage agree. A text with lone
surrogates has no tokens of its own (they become replacement characters) and stays one piece.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from openai_mock.turns.tokens import encode, encoded, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEMBERED = 2_048
"""Characters of the longest text whose pieces are remembered."""
_TOKEN_CHARACTERS = 128  # no token spells more


class Cuts(Struct, frozen=True, gc=False):
    """A text cut at token boundaries, and how many tokens it took: at least one for each piece."""

    pieces: tuple[str, ...]
    tokens: int


def pieces(text: str, encoding: str) -> tuple[str, ...]:
    """The pieces of a text, none of them empty; their concatenation is the text."""
    return cuts(text, encoding).pieces


def cuts(text: str, encoding: str) -> Cuts:
    """The pieces of a text with its exact number of tokens."""
    return _remembered(text, encoding) if len(text) <= REMEMBERED else _cut(text, encoding)


def encoded_pieces(text: str, encoding: str) -> tuple[bytes, ...]:
    """The pieces as they stand between the quotes of a JSON string, in UTF-8."""
    return _remembered_json(text, encoding) if len(text) <= REMEMBERED else _json(pieces(text, encoding))


def truncate(text: str, tokens: int, encoding: str) -> str:
    """The first `tokens` tokens of a text, or the text itself if it has no more; a character cut in two is left out.

    Looks at no more of the text than those tokens can spell.
    """
    return _remembered_head(text, tokens, encoding) if len(text) <= REMEMBERED else _head(text, tokens, encoding)


@lru_cache(maxsize=128)
def _remembered_head(text: str, tokens: int, encoding: str) -> str:
    return _head(text, tokens, encoding)


def _head(text: str, tokens: int, encoding: str) -> str:
    if tokens <= 0:
        return ""
    found = encode(text[: (tokens + 8) * _TOKEN_CHARACTERS], encoding)
    if len(found) <= tokens:
        return text
    kept = b"".join(spellings(found[:tokens], encoding)).decode("utf-8", "ignore")
    return kept if text.startswith(kept) else text[: len(kept)]


@lru_cache(maxsize=128)
def _remembered(text: str, encoding: str) -> Cuts:
    return _cut(text, encoding)


@lru_cache(maxsize=128)
def _remembered_json(text: str, encoding: str) -> tuple[bytes, ...]:
    return _json(pieces(text, encoding))


def _cut(text: str, encoding: str) -> Cuts:
    found = list(chain.from_iterable(encoded(text, encoding)))
    spelled = spellings(found, encoding)
    try:
        whole = tuple(map(bytes.decode, spelled))
    except UnicodeDecodeError:
        whole = tuple(_merged(spelled))
    return Cuts(whole if "".join(whole) == text else (text,), len(found))


def _merged(spelled: list[bytes]) -> Iterator[str]:
    """Tokens put together until they are whole Unicode."""
    held: list[bytes] = []
    for spelling in spelled:
        if held and spelling[0] & 0xC0 != 0x80:  # not inside a character
            yield b"".join(held).decode()
            held = []
        held.append(spelling)
    yield b"".join(held).decode()


def _json(cut: tuple[str, ...]) -> tuple[bytes, ...]:
    encode_json = msgspec.json.Encoder().encode
    try:
        return tuple([encode_json(piece)[1:-1] for piece in cut])
    except UnicodeEncodeError:
        return tuple([json.dumps(piece)[1:-1].encode() for piece in cut])
