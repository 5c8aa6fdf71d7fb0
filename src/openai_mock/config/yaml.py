"""YAML with places: a text becomes one tree whose every node and key remembers its offset.

Theory. The parser's events are composed here, on a stack of open collections, and not by recursion: depth is ours to
bound. An alias is the very node it names, so an anchor that is still open cannot be meant by one (there are no
cycles), and what a tree would be with all aliases written out is known without writing it out: `_size` counts
every node, and an alias adds the size of what it names. That is how alias bombs are refused before they go off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from msgspec import Struct

from openai_mock.config.errors import SyntaxFault
from openai_mock.config.node import MAX_DEPTH, Node, Path
from openai_mock.config.scalars import Scalar, sound_text, substituted, tagged, typed

EXTRA_NODES = 1_000_000
"""Aliases may add this many nodes to a text."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REMEDIES: Mapping[str, str] = {
    "mapping values are not allowed": "a ':' cannot stand here; put the text in quotes, or correct the indentation",
    "did not find expected key": "expected a key here; correct the indentation, or the quotes of the text before",
    "expected <block end>": "expected a key here; correct the indentation, or the quotes of the text before",
    "did not find expected '-'": "expected '- ' here, since a list began above; correct the indentation",
    "could not find expected ':'": "a key above this place lacks its ':'; write 'key: value'",
    "expected ',' or": "expected ',' or the closing bracket here; put text that holds brackets or '${...}' in quotes",
    "found unexpected end of stream": "the quotes opened before are never closed; close them",
    "cannot start any token": "a plain text cannot start with this character; put it in quotes",
}


class _Open(Struct):
    """A collection whose end was not reached yet. `key` is the key whose value comes next, `merging` if it is `<<`."""

    held: Any
    at: int
    anchor: str | None
    size_before: int
    keys: dict[str, int] | None = None
    key: str | None = None
    height: int = 0
    merging: bool = False
    merged: tuple[Node, ...] = ()


class _Anchored(Struct, frozen=True):
    node: Node
    size: int
    height: int


def compose(text: str, env: Mapping[str, str], add: Callable[[int, Path, str], None]) -> Node | None:
    """The tree of the text, with variables put in; None if it holds nothing.

    Mistakes that leave the tree standing (an unset variable, a repeated key) go to `add`; raises `SyntaxFault` where
    the text is not one YAML document.
    """
    if found := _FORBIDDEN.search(text):
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML; write it as an escape in double quotes"
        raise SyntaxFault(found.start(), message)
    composer = _Composer(env, add, len(text) + EXTRA_NODES)
    for event in _events(text):
        composer.take(event)
    return composer.root


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        at = mark.index if mark else 0
        raise SyntaxFault(at, _sentence(str(fault.problem), text[at : at + 1])) from None
    except (yaml.YAMLError, ValueError, OverflowError) as fault:
        raise SyntaxFault(0, f"this is not valid YAML ({fault})") from None


def _sentence(problem: str, character: str) -> str:
    if character == "\t":
        return "a tab cannot indent YAML; use spaces"
    for part, sentence in _REMEDIES.items():
        if part in problem:
            return sentence
    return f"this is not valid YAML ({problem})"


class _Composer:
    """Takes events one by one; `root` is the tree at their end."""

    def __init__(self, env: Mapping[str, str], add: Callable[[int, Path, str], None], limit: int) -> None:
        self.root: Node | None = None
        self._env = env
        self._add = add
        self._limit = limit
        self._size = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._takers = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_list,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        taker = self._takers.get(type(event))
        if taker:
            taker(event)

    def _document(self, event: Any) -> None:
        if self.root is not None:
            message = "a second document starts here; one document is expected, so put all into one"
            raise SyntaxFault(event.start_mark.index, message)

    def _scalar(self, event: Any) -> None:
        at, text = event.start_mark.index, event.value
        self._size += 1
        frame = self._open[-1] if self._open else None
        if frame and frame.keys is not None and frame.key is None:
            self._key(frame, event)
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(Node(text, at), 1, 0)
            return
        node = Node(self._value(event, at, text), at)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(node, 1, 0)
        self._place(node, 0)

    def _value(self, event: Any, at: int, text: str) -> Scalar:
        tag = event.tag
        try:
            if "${" in text:
                text = substituted(text, self._env, lambda message: self._note(at, message))
            if not text.isascii():
                sound_text(text, at)
            if tag is not None and tag != "!":
                return tagged(text, tag, at)
            return typed(text, at) if tag is None and event.implicit[0] else text
        except SyntaxFault as fault:
            self._note(fault.at, fault.message)
            return text

    def _key(self, frame: _Open, event: Any) -> None:
        key, at = event.value, event.start_mark.index
        frame.merging = key == "<<" and event.implicit[0]
        self._name(frame, key, at)

    def _name(self, frame: _Open, key: str, at: int) -> None:
        if frame.keys is not None and frame.keys.setdefault(key, at) != at:
            self._note(at, f"the key '{key}' is already given above; keep one", key)
        frame.key = key

    def _alias(self, event: Any) -> None:
        at, name = event.start_mark.index, event.anchor
        if name not in self._anchors:
            raise SyntaxFault(
                at, f"the alias '*{name}' names no anchor above; write '&{name}' before the value it means"
            )
        meant = self._anchors[name]
        if meant is None:
            raise SyntaxFault(at, f"the alias '*{name}' stands inside the value it means; such a value has no end")
        self._size += meant.size
        if self._size > self._limit:
            raise SyntaxFault(at, f"the aliases make more than {EXTRA_NODES:,} values out of this text; use fewer")
        self._too_deep(len(self._open) + meant.height, at)
        frame = self._open[-1] if self._open else None
        if frame and frame.keys is not None and frame.key is None:
            if not isinstance(meant.node.value, str):
                raise SyntaxFault(at, "a key must be text; write the text instead of this alias")
            self._name(frame, meant.node.value, at)
            return
        self._place(meant.node, meant.height)

    def _start_mapping(self, event: Any) -> None:
        self._start(event, _Open({}, event.start_mark.index, event.anchor, self._size, {}))

    def _start_list(self, event: Any) -> None:
        self._start(event, _Open([], event.start_mark.index, event.anchor, self._size))

    def _start(self, event: Any, opened: _Open) -> None:
        frame = self._open[-1] if self._open else None
        if frame and frame.keys is not None and frame.key is None:
            raise SyntaxFault(opened.at, "a key must be text, not a list or mapping; put text with brackets in quotes")
        if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._note(opened.at, f"the tag '{event.tag}' has no meaning here; remove it")
        self._too_deep(len(self._open) + 1, opened.at)
        if opened.anchor:
            self._anchors[opened.anchor] = None
        self._size += 1
        self._open.append(opened)

    def _end(self, event: Any) -> None:  # noqa: ARG002 - every taker gets the event
        frame = self._open.pop()
        if frame.merged:
            _merge(frame)
        node = Node(frame.held, frame.at, frame.keys)
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(node, self._size - frame.size_before, frame.height + 1)
        self._place(node, frame.height + 1)

    def _place(self, node: Node, height: int) -> None:
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.height = max(frame.height, height)
        if frame.keys is None:
            frame.held.append(node)
            return
        if frame.merging:
            frame.merged += self._mergeable(node)
            frame.merging = False
        else:
            frame.held.setdefault(frame.key, node)
        frame.key = None

    def _mergeable(self, node: Node) -> tuple[Node, ...]:
        parts = node.value if isinstance(node.value, list) else [node]
        for part in parts:
            if not isinstance(part.value, dict):
                self._note(part.at, "'<<' merges mappings only; name a mapping, or a list of mappings")
        return tuple(part for part in parts if isinstance(part.value, dict))

    def _too_deep(self, depth: int, at: int) -> None:
        if depth > MAX_DEPTH:
            raise SyntaxFault(at, f"lists and mappings lie more than {MAX_DEPTH} deep in one another; flatten them")

    def _note(self, at: int, message: str, key: str | None = None) -> None:
        steps = [len(frame.held) if frame.keys is None else frame.key for frame in self._open]
        if key is not None:
            steps[-1] = key
        self._add(at, tuple(step for step in steps if step is not None), message)


def _merge(frame: _Open) -> None:
    """Take over what the merged mappings hold and this one lacks; the first that has a key wins."""
    for part in frame.merged:
        for key, node in part.value.items():
            if frame.keys is not None and key not in frame.held:
                frame.held[key] = node
                frame.keys[key] = (part.keys or {}).get(key, part.at)
