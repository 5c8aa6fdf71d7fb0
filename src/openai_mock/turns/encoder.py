"""The encoder of each encoding: a light one at first, tiktoken once it pays off. Both give the same tokens.

Theory. tiktoken encodes fast, but building it takes 130 ms, during which no other thread runs, and 50 MB; the light
encoder stands after 8 ms. Most test runs and many servers end before the difference is repaid, so the light one keeps
an account of what it costs beyond tiktoken and gives way when that nears the cost of building. It gives way at once
for a text that it declines.

Giving way is an assignment, so readers need no lock: whoever still holds the light encoder gets the same tokens from
it. `spell` is assigned before `encode`, because tiktoken can spell the tokens of both. When the account is full, one
thread builds and the others go on with the light encoder; two that are declined at the same moment both build, and
either will do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from openai_mock.turns.light import Light, Unfit, light
from openai_mock.turns.vocabulary import all_ranks, read

if TYPE_CHECKING:
    import tiktoken

Encode: TypeAlias = Callable[[str], list[int]]
Spell: TypeAlias = Callable[[Sequence[int]], list[bytes]]

PATIENCE = 4_000_000
"""What the light encoder may cost beyond tiktoken, in characters of 0.03 us: 120 ms, less than building costs."""
_LOOKUP = 80
"""The cost of a lookup, in characters: 2.4 us with all that follows from it, and some 100 bytes of memory."""


class Encoder:
    """The present encoder of one encoding. Ask for `encode` and `spell` anew each time: building replaces them.

    `encode` makes the tokens of a text, `spell` gives the bytes of each; it raises `KeyError` for what is no token.
    """

    __slots__ = ("_builders", "_built", "_characters", "_name", "encode", "spell")

    def __init__(self, name: str) -> None:
        first = light(read(name))
        self._name = name
        self._characters = 0
        self._builders = count()
        self._built = False
        self.encode: Encode = partial(self._encode_lightly, first)
        self.spell: Spell = partial(self._spell_lightly, first)

    def build(self) -> None:
        """Replace the light encoder by tiktoken now, unless another thread is at it or it is done."""
        if next(self._builders) == 0:
            self._replace()

    def _replace(self) -> None:
        if self._built:  # the caller held the light encoder while it was replaced
            return
        built = _tiktoken(self._name)
        self.spell = built.decode_tokens_bytes
        self.encode = built.encode_ordinary
        self._built = True
        _give_memory_back()

    def _encode_lightly(self, first: Light, text: str) -> list[int]:
        try:
            found = first.encode(text)
        except Unfit:
            self._replace()
            return self.encode(text)
        self._characters += len(text)
        if self._characters + _LOOKUP * first.work() > PATIENCE:
            self.build()
        return found

    def _spell_lightly(self, first: Light, tokens: Sequence[int]) -> list[bytes]:
        try:
            return [first.spelled[token] for token in tokens]
        except KeyError:  # tokens that it did not make
            self._replace()
            return self.spell(tokens)


@lru_cache(maxsize=2)
def encoder(name: str) -> Encoder:
    """The encoder of an encoding, light at first. Raises `ValueError` for an unknown name."""
    return Encoder(name)


def _tiktoken(name: str) -> tiktoken.Encoding:
    import tiktoken  # noqa: PLC0415  (a process that counts little never pays for it)

    vocabulary = read(name)
    ranks = all_ranks(vocabulary)
    built = tiktoken.Encoding(mergeable_ranks=ranks, **vocabulary.header)
    # tiktoken has copied the ranks and keeps this dictionary for pickling only: 20 MB for nothing.
    ranks.clear()
    return built


def _give_memory_back() -> None:
    """Let the allocator return what building freed.

    Building passes through dictionaries and copies as large as its result, all dead when it ends. glibc keeps such
    memory in the process, a third of its size from then on, and nothing afterwards needs as much again. Other
    allocators have no such call, and lacking it is no mistake.
    """
    with suppress(AttributeError, ImportError, OSError, TypeError):
        import ctypes  # noqa: PLC0415  (3 ms, once)

        ctypes.CDLL(None).malloc_trim(0)
