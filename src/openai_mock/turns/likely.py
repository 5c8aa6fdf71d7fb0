"""How likely each token of an answer was, and what else could have stood there: invented, and the same each time.

Theory. A number between 0 and 1 follows from the bytes of a token and from its place, so a text has the same
likelihoods whole, in a stream and in every process. The likeliest token has more than half of all probability; those
behind it share what is left, each half of what the one before it has, so their sum stays below 1. Nearly always the
token that was said is the likeliest; at temperature 0 it always is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log
from typing import Any
from zlib import crc32

from msgspec import Struct

from openai_mock.turns.tokens import encode, spellings

_LEAST, _SPREAD = 0.55, 0.4499
_SHARE = 0.9
"""How much of what the likeliest token leaves goes to those that are shown."""
_SURPRISING = 16
"""One token in so many is not the likeliest."""
_ROUNDED = 8
_INSIDE = (
    " the", " a", " to", " of", " and", " in", " is", " that", " for", " it", " with", " on", " as", " you", " this",
    " be", " are", " or", " an", " from", " can", " not", " I", " we",
)  # fmt: skip
_OUTSIDE = (
    "The", "A", "I", "It", "This", "You", "We", "In", "If", "Here", "That", "To", "For", "What", "There", "Yes", ",",
    ".", ":", "!", "?", "-", "\n", "(",
)  # fmt: skip
"""Tokens of every vocabulary that may stand in a token's place: those that begin with a blank, and others."""


class Likelihood(Struct, frozen=True):
    """One token with its log probability, and the `top` likeliest ones with theirs, the likeliest first."""

    token: bytes
    logprob: float
    top: tuple[tuple[bytes, float], ...]


def likelihoods(text: str, encoding: str, most: int, *, start: int = 0, greedy: bool = False) -> Iterator[Likelihood]:
    """The likelihood of every token of a text, each with the `most` likeliest. `start` is the text's own place."""
    at = start
    for spelled in spellings(encode(text, encoding), encoding):
        yield _likelihood(spelled, at, most, greedy=greedy)
        at += sum(byte & 0xC0 != 0x80 for byte in spelled)  # characters, as far as they begin here


def _likelihood(spelled: bytes, at: int, most: int, *, greedy: bool) -> Likelihood:
    drawn = crc32(at.to_bytes(8, "little"), crc32(spelled))
    first = _LEAST + _SPREAD * (drawn & 0xFFFF) / 0xFFFF
    said = 0 if greedy or (drawn >> 16) % _SURPRISING else 1
    ranked = [round(log(first), _ROUNDED)]
    left = (1 - first) * _SHARE
    for _ in range(max(most, 2) - 1):
        left /= 2
        ranked.append(round(log(left), _ROUNDED))
    others = _others(spelled, drawn >> 20)
    top = [(spelled if rank == said else next(others), ranked[rank]) for rank in range(most)]
    return Likelihood(spelled, ranked[said], tuple(top))


def _others(spelled: bytes, number: int) -> Iterator[bytes]:
    """Tokens that could have stood there, none of them the one that does."""
    among = _INSIDE if spelled[:1] == b" " else _OUTSIDE
    for step in range(len(among)):
        other = among[(number + step) % len(among)].encode()
        if other != spelled:
            yield other


def logprobs(text: str, encoding: str, most: int, *, greedy: bool = False) -> list[dict[str, Any]]:
    """The likelihoods of a text as chat and Responses write them."""
    return [
        {
            **_written(each.token),
            "logprob": each.logprob,
            "top_logprobs": [{**_written(token), "logprob": likely} for token, likely in each.top],
        }
        for each in likelihoods(text, encoding, most, greedy=greedy)
    ]


def fitting(likely: Sequence[Mapping[str, Any]], text: str) -> list[dict[str, Any]]:
    """The likelihoods that a rule wrote, completed; without the end of them, where the text was cut short."""
    whole = [completed(each) for each in likely]
    left, spelled = len(text.encode("utf-8", "replace")), "".join(each["token"] for each in whole)
    if not text or spelled == text or not spelled.startswith(text):
        return whole
    for number, each in enumerate(whole):
        left -= _size(each)
        if left <= 0:
            return whole[: number + 1]
    return whole


def completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """One likelihood as a rule wrote it, with what it left out: it was likely, and nothing else is known."""
    token = str(given.get("token", ""))
    spelled = list(token.encode("utf-8", "replace"))
    others = [completed(other) for other in given.get("top_logprobs") or ()]
    for other in others:
        del other["top_logprobs"]
    return {"token": token, "bytes": spelled, "logprob": 0.0, **given, "top_logprobs": others}


def _written(spelled: bytes) -> dict[str, Any]:
    return {"token": shown(spelled), "bytes": list(spelled)}


def shown(spelled: bytes) -> str:
    """A token as text, or its bytes as escapes where it is only a part of a character."""
    try:
        return spelled.decode()
    except UnicodeDecodeError:
        return "".join(f"\\x{byte:02x}" for byte in spelled)


def along(cut: Sequence[str], likely: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The likelihoods that belong to each piece of a text; what fits none belongs to the last."""
    at = reached = spelled = 0
    for number, piece in enumerate(cut, 1):
        begin = at
        reached += len(piece.encode("utf-8", "surrogatepass"))
        while at < len(likely) and (spelled < reached or number == len(cut)):
            spelled += _size(likely[at])
            at += 1
        yield likely[begin:at]


def _size(written: Mapping[str, Any]) -> int:
    given = written.get("bytes")
    return len(str(written.get("token", "")).encode("utf-8", "replace")) if given is None else len(given)
