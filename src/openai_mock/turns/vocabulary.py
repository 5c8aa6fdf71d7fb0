"""Reads the token vocabularies of this package, and finds the rank of one token without unpacking the rest.

Theory. The plain content of a file is one line of JSON, the ranks, and the tokens in order. The bytes FE and FF occur
in no UTF-8, so no token contains them, except the two that are these bytes alone. That frees them as marks:

    {"name": ..., "tokens": n, ...} line feed                             the header
    n low bytes, n middle bytes, n high bytes                             the ranks, in the order of the tokens
    FF token FF token FF ... FF  FE  FF token FF ... FF  FE ...           blocks of 32 tokens

Tokens stand in the order of their bytes with an FF behind, so a list of the blocks is sorted too: `bisect` finds the
one block where a token can stand, `bytes.find` the token in it, and the FFs before it say which token it is. The two
tokens FE and FF come last in this order; they have ranks but are not written.
"""

from __future__ import annotations

import pkgutil
import struct
import zlib
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

ENCODINGS = ("o200k_base", "cl100k_base")
MARK = b"\xff"
BLOCK_MARK = b"\xfe"
BLOCK = 32
"""Tokens in a block; more save a few kilobytes and make each search longer."""
UNWRITTEN = (BLOCK_MARK, MARK)
ABSENT = 1 << 32
"""Stands for the rank of what is no token: greater than any rank."""


class Vocabulary(Struct, frozen=True):
    """One vocabulary: what tiktoken is told besides the ranks, and the ranks and blocks that the theory describes."""

    header: Mapping[str, Any]
    size: int
    ranks: bytes
    blocks: Sequence[bytes]


def read(encoding: str) -> Vocabulary:
    """The vocabulary of an encoding, in about 8 ms and 3 MB. Raises `ValueError` for an unknown name."""
    if encoding not in ENCODINGS:
        raise ValueError(f"There is no encoding {encoding!r}; write one of {', '.join(ENCODINGS)}.")
    packed = pkgutil.get_data("openai_mock.turns", f"data/{encoding}.zlib")
    if packed is None:
        raise ValueError(f"This installation of openai-mock lacks its vocabulary {encoding}; install it again.")
    return parsed(zlib.decompress(packed))


def parsed(plain: bytes) -> Vocabulary:
    """The vocabulary that `plain_content` wrote."""
    start = plain.index(b"\n") + 1
    header = msgspec.json.decode(plain[:start])
    size = header.pop("tokens")
    end = start + 3 * size
    return Vocabulary(header, size, plain[start:end], plain[end:].split(BLOCK_MARK))


def plain_content(header: Mapping[str, Any], ranks: Mapping[bytes, int]) -> bytes:
    """The content of a vocabulary file before it is compressed."""
    tokens = sorted(ranks, key=lambda token: token + MARK)
    if tuple(tokens[-2:]) != UNWRITTEN or any(mark in token for token in tokens[:-2] for mark in UNWRITTEN):
        raise ValueError("The bytes FE and FF occur inside tokens, so they cannot divide them; choose other marks.")
    order = [ranks[token] for token in tokens]
    planes = b"".join(bytes(rank >> shift & 0xFF for rank in order) for shift in (0, 8, 16))
    return msgspec.json.encode({**header, "tokens": len(tokens)}) + b"\n" + planes + _blocks(tokens[:-2])


def _blocks(tokens: Sequence[bytes]) -> bytes:
    runs: Iterable[Sequence[bytes]] = (tokens[at : at + BLOCK] for at in range(0, len(tokens), BLOCK))
    return BLOCK_MARK.join(MARK.join([b"", *run, b""]) for run in runs)


def rank(vocabulary: Vocabulary, token: bytes) -> int:
    """The rank of a token, or ABSENT. A token is any part of UTF-8, never FE or FF."""
    needle = b"\xff%b\xff" % token
    blocks = vocabulary.blocks
    # One more FF, because the block that begins with the token itself is no greater than this.
    number = bisect(blocks, needle + MARK) - 1
    if number < 0:
        return ABSENT
    block = blocks[number]
    found = block.find(needle)
    if found < 0:
        return ABSENT
    at, size, ranks = BLOCK * number + block.count(MARK, 0, found), vocabulary.size, vocabulary.ranks
    return ranks[at] | ranks[at + size] << 8 | ranks[at + 2 * size] << 16


def all_ranks(vocabulary: Vocabulary) -> dict[bytes, int]:
    """The rank of every token: 50 ms and 25 MB for the larger vocabulary."""
    size, ranks = vocabulary.size, vocabulary.ranks
    wide = bytearray(4 * size)
    for plane in range(3):
        wide[plane::4] = ranks[plane * size : (plane + 1) * size]
    written = b"".join(vocabulary.blocks).replace(MARK + MARK, MARK)[1:-1].split(MARK)
    return dict(zip([*written, *UNWRITTEN], struct.unpack(f"<{size}I", wide), strict=True))
