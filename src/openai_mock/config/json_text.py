"""JSON with places, and JSON lines: the same tree as YAML makes, with sentences about what JSON does not allow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openai_mock.config.errors import SyntaxFault
from openai_mock.config.node import MAX_DEPTH, Node, Path
from openai_mock.config.scalars import integer, real, sound_text, substituted

_BLANK = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
_WORD = re.compile(r"[A-Za-z_]+")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_LINE = re.compile(r"[^\r\n]+")

Add = Callable[[int, Path, str], None]


class ExtraText(SyntaxFault):
    """A whole JSON value is followed by more text."""


def compose(text: str, env: Mapping[str, str], add: Add) -> Node | None:
    """The tree of a JSON text with variables put into its strings; None if it is blank.

    Mistakes that leave the tree standing (an unset variable, a repeated key) go to `add`; raises `SyntaxFault`.
    """
    return _Reader(text, 0, env, add).document()


def compose_lines(text: str, env: Mapping[str, str], add: Add) -> Node:
    """The tree of JSON lines: one list with an item for each line that holds something. Bad lines go to `add`."""
    items: list[Node] = []
    for line in _LINE.finditer(text):
        noted: list[tuple[int, Path, str]] = []
        try:
            item = _Reader(line[0], line.start(), env, lambda *note, noted=noted: noted.append(note)).document()
        except SyntaxFault as fault:
            add(fault.at, (), fault.message)
            continue
        for at, path, message in noted:
            add(at, (len(items), *path), message)
        items += [item] if item else []
    return Node(items, 0)


class _Reader:
    """Reads one value, moving a cursor over the text. Offsets count from `base`, where the text starts in its file."""

    def __init__(self, text: str, base: int, env: Mapping[str, str], add: Add) -> None:
        self._text = text
        self._base = base
        self._env = env
        self._add = add
        self._cursor = 0
        self._path: list[str | int] = []

    def document(self) -> Node | None:
        if not self._peek():
            return None
        node = self._value()
        if self._peek():
            raise ExtraText(self._here(), "the JSON value has ended before this place; remove what follows")
        return node

    def _peek(self) -> str:
        """Move to the next character that is not blank and tell it; empty at the end."""
        blank = _BLANK.match(self._text, self._cursor)
        self._cursor = blank.end() if blank else self._cursor
        return self._text[self._cursor : self._cursor + 1]

    def _here(self) -> int:
        return self._base + self._cursor

    def _value(self) -> Node:
        first, at = self._peek(), self._here()
        if first == '"':
            return Node(self._filled(self._string(), at), at)
        if first not in ("{", "["):
            return self._plain(first, at)
        if len(self._path) >= MAX_DEPTH:
            raise SyntaxFault(at, f"lists and objects lie more than {MAX_DEPTH} deep in one another; flatten them")
        return self._object(at) if first == "{" else self._list(at)

    def _plain(self, first: str, at: int) -> Node:
        if number := _NUMBER.match(self._text, self._cursor):
            self._cursor = number.end()
            whole, fraction = number.groups()
            return Node(real(number[0], at) if fraction else integer(whole, at), at)
        word = _WORD.match(self._text, self._cursor)
        if word and word[0] in _WORDS:
            self._cursor = word.end()
            return Node(_WORDS[word[0]], at)
        if first == "'":
            raise SyntaxFault(at, 'JSON puts text in double quotes; write "..."')
        if first in ("/", "#"):
            raise SyntaxFault(at, "JSON has no comments; remove it, or use YAML")
        raise SyntaxFault(at, "expected a JSON value here: an object, a list, a text in double quotes or a number")

    def _string(self) -> str:
        at = self._here()
        found = _STRING.match(self._text, self._cursor)
        if not found:
            raise SyntaxFault(at, 'this text has no end on its line; close it with ", and write a line break as \\n')
        self._cursor = found.end()
        try:
            text = found[0][1:-1] if "\\" not in found[0] else json.loads(found[0])
        except json.JSONDecodeError as fault:
            raise SyntaxFault(at + fault.pos, "this escape is not JSON; write a backslash as \\\\") from None
        return sound_text(text, at)

    def _filled(self, text: str, at: int) -> str:
        if "${" not in text:
            return text
        filled = substituted(text, self._env, lambda message: self._add(at, tuple(self._path), message))
        try:
            return sound_text(filled, at)
        except SyntaxFault as fault:
            self._add(fault.at, tuple(self._path), fault.message)
            return text

    def _list(self, at: int) -> Node:
        items: list[Node] = []
        for _ in self._parts("]"):
            items.append(self._below(len(items)))
        return Node(items, at)

    def _object(self, at: int) -> Node:
        held: dict[str, Node] = {}
        keys: dict[str, int] = {}
        for key_at in self._parts("}"):
            key = self._key()
            if keys.setdefault(key, key_at) != key_at:
                self._add(key_at, (*self._path, key), f"the key '{key}' is already given above; keep one")
            held.setdefault(key, self._below(key))
        return Node(held, at, keys)

    def _below(self, step: str | int) -> Node:
        self._path.append(step)
        node = self._value()
        self._path.pop()
        return node

    def _key(self) -> str:
        if self._peek() != '"':
            raise SyntaxFault(self._here(), "expected a key in double quotes here")
        key = self._string()
        if self._peek() != ":":
            raise SyntaxFault(self._here(), "expected ':' between a key and its value here")
        self._cursor += 1
        return key

    def _parts(self, close: str) -> Iterator[int]:
        """Stop at the start of each part of a collection, whose reader moves on to the end of the part."""
        self._cursor += 1
        mark = self._peek()
        while mark != close:
            yield self._here()
            mark, at = self._peek(), self._here()
            if mark not in (close, ","):
                raise SyntaxFault(at, f"expected ',' or '{close}' here")
            if mark == ",":
                self._cursor += 1
                if self._peek() == close:
                    raise SyntaxFault(at, f"the last ',' before '{close}' is one too many; remove it")
        self._cursor += 1


def looks_like_lines(text: str) -> bool:
    """Whether each line that is not blank starts with `{`, and there are several."""
    starts: list[Any] = [line[0].lstrip()[:1] for line in _LINE.finditer(text) if line[0].strip()]
    return len(starts) > 1 and all(start == "{" for start in starts)
