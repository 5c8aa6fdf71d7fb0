"""Identifiers in OpenAI's forms, drawn from one seeded stream."""

from __future__ import annotations

from binascii import b2a_base64
from random import Random

_LETTERS = bytes.maketrans(b"+/", b"qZ")


class Ids:
    """Draws ids. The same seed and the same order of draws give the same ids; draws are atomic between threads."""

    def __init__(self, seed: int) -> None:
        self._stream = Random(seed)  # noqa: S311 - ids must repeat, not be secret

    def letters(self, prefix: str, length: int = 24) -> str:
        """`prefix` and `length` (at most 60) characters of A-Z, a-z and 0-9, as in `chatcmpl-...` and `call_...`."""
        drawn = self._stream.getrandbits(360).to_bytes(45, "little")
        return prefix + b2a_base64(drawn).translate(_LETTERS)[:length].decode()

    def hexadecimal(self, prefix: str, length: int = 32) -> str:
        """`prefix` and `length` (an even number) hexadecimal digits, as in `req_...` and `resp_...`."""
        return prefix + self._stream.getrandbits(4 * length).to_bytes(length // 2, "big").hex()
