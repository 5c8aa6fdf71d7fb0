"""Opens OpenAPI documents: a tree whose every value knows its place, and everything that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NoReturn
from urllib.parse import unquote

from msgspec import Struct

from openai_mock.config import json_text, yaml
from openai_mock.config.errors import ConfigErrors, Lines, Problem, SyntaxFault
from openai_mock.config.node import Node, Path

_DOLLAR, _STAND_IN = "${", "\ue0f1\ue0f2"
"""The configuration's variables have no meaning in OpenAPI: private characters, as many, hide them from its reader."""


class SpecErrors(ConfigErrors):
    """An OpenAPI document that cannot be used. The key of each problem is a JSON pointer: `/paths/~1files/get`."""


class Spot(Struct, frozen=True, gc=False):
    """One value of the document and the way to it."""

    node: Node
    path: Path = ()

    @property
    def value(self) -> Any:
        """A scalar, or a list or dictionary of nodes."""
        return self.node.value

    def below(self, step: str | int) -> Spot:
        """The value at a key or position, which exists."""
        return Spot(self.node.value[step], (*self.path, step))


class Document:
    """One text, its tree, and the mistakes found so far; they are told all at once."""

    def __init__(self, text: str, name: str) -> None:
        """Read the text. Raises `SpecErrors` where it is neither YAML nor JSON, or empty."""
        self.name = name
        self._text = text
        self._found: dict[tuple[int, Path], str] = {}
        self.root = Spot(self._opened(text.removeprefix("\ufeff")))

    def add(self, spot: Spot, message: str, *, key: str | None = None) -> None:
        """Note a mistake in a value, or in the name of one of its keys. The first at a place counts."""
        at = spot.node.at if key is None else (spot.node.keys or {}).get(key, spot.node.at)
        self._found.setdefault((at, spot.path if key is None else (*spot.path, key)), message)

    @property
    def sound(self) -> bool:
        """Whether no mistake was found so far."""
        return not self._found

    def close(self) -> None:
        """Raise `SpecErrors` if there were mistakes."""
        if self._found:
            lines = Lines(self._text.removeprefix("\ufeff"))
            raise SpecErrors(
                Problem(self.name, *lines.place(at), pointer(path), message)
                for (at, path), message in sorted(self._found.items(), key=lambda found: found[0][0])
            )

    def fail(self, at: int, message: str) -> NoReturn:
        """Note a mistake after which nothing can be read, and raise `SpecErrors`."""
        self._found.setdefault((at, ()), message)
        self.close()
        raise AssertionError

    def mapping(self, spot: Spot, what: str) -> dict[str, Spot]:
        """What the value holds by key; nothing, after telling, where it is no mapping."""
        if not isinstance(spot.value, dict):
            self.add(spot, f"expected a mapping here ({what}), but got {kind_of(spot.value)}")
            return {}
        return {key: spot.below(key) for key in spot.value}

    def listing(self, spot: Spot, what: str) -> list[Spot]:
        """What the value holds; nothing, after telling, where it is no list."""
        if not isinstance(spot.value, list):
            self.add(spot, f"expected a list here ({what}), but got {kind_of(spot.value)}")
            return []
        return [spot.below(index) for index in range(len(spot.value))]

    def text(self, spot: Spot, what: str) -> str:
        """The text that stands here; empty, after telling, where there is none."""
        if not isinstance(spot.value, str) or not spot.value:
            self.add(spot, f"expected a text here ({what}), but got {kind_of(spot.value)}")
            return ""
        return spot.value

    def follow(self, spot: Spot) -> Spot | None:
        """The value itself, or what its `$ref` leads to; None after telling that it leads nowhere."""
        seen = {spot.path}
        while isinstance(spot.value, dict) and "$ref" in spot.value:
            target = self.target(spot.below("$ref"))
            if target is None:
                return None
            if target.path in seen:
                self.add(spot, "this reference leads back to itself; let it name something")
                return None
            seen.add(target.path)
            spot = target
        return spot

    def target(self, reference: Spot) -> Spot | None:
        """What the text of a `$ref` names; None after telling why it names nothing."""
        text = self.text(reference, "a reference such as '#/components/schemas/Thing'")
        if not text:
            return None
        if not text.startswith("#/"):
            self.add(
                reference,
                f"'{_short(text)}' is not a place in this document; "
                "put what it means under 'components' and refer to that with '#/components/...'",
            )
            return None
        spot = self.root
        for step in (unquote(part).replace("~1", "/").replace("~0", "~") for part in text[2:].split("/")):
            held = spot.value
            if isinstance(held, dict) and step in held:
                spot = spot.below(step)
            elif isinstance(held, list) and step.isdecimal() and len(step) < 9 and int(step) < len(held):
                spot = spot.below(int(step))
            else:
                self.add(reference, f"'{_short(text)}' names nothing: there is no '{_short(step)}'")
                return None
        return spot

    def plain(self, spot: Spot) -> Any:
        """The JSON value, without places. Tells of what JSON has no text for, and of references inside."""
        value = spot.value
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), Node):
                self.add(spot, "a value cannot hold the key '$ref'; rename it, or leave the value out", key="$ref")
            return {key: self.plain(spot.below(key)) for key in value}
        if isinstance(value, list):
            return [self.plain(spot.below(index)) for index in range(len(value))]
        if type(value) is float and not math.isfinite(value):
            self.add(spot, "JSON has no infinite or undefined numbers; write another number")
            return 0
        if type(value) is int and not -(2**63) <= value < 2**64:
            self.add(spot, "the integer needs more than 64 bits; write a smaller one")
            return 0
        return value

    def _opened(self, text: str) -> Node:
        hidden = text.replace(_DOLLAR, _STAND_IN)
        try:
            root = self._composed(hidden)
        except SyntaxFault as fault:
            self.fail(fault.at, fault.message)
        if root is None or root.value is None:
            self.fail(0, "the document is empty; write an OpenAPI 3.0 or 3.1 document")
        return root if hidden is text or hidden == text else _restored(root)

    def _composed(self, text: str) -> Node | None:
        """JSON where it is named or begins so, but text that only begins like JSON may be YAML."""
        suffix = PurePath(self.name).suffix.lower()
        if suffix != ".json" and not text.lstrip().startswith("{"):
            return yaml.compose(text, {}, self._note)
        try:
            return json_text.compose(text, {}, self._note)
        except SyntaxFault as fault:
            if suffix == ".json":
                raise
            self._found.clear()
            try:
                return yaml.compose(text, {}, self._note)
            except SyntaxFault:
                raise fault from None

    def _note(self, at: int, path: Path, message: str) -> None:
        self._found.setdefault((at, path), message)


def pointer(path: Path) -> str:
    """The JSON pointer of a path, empty for the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def kind_of(value: Any) -> str:
    """A value in words: `a list`, `the text 'x'`, `nothing`."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or value == "":
        return "nothing"
    return f"the text '{_short(value)}'" if isinstance(value, str) else _short(str(value).lower())


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."


def _restored(node: Node) -> Node:
    """The tree with `${` where a stand-in was."""
    value: Any = node.value
    if isinstance(value, str):
        return Node(_put_back(value), node.at)
    if isinstance(value, list):
        return Node([_restored(held) for held in value], node.at)
    if isinstance(value, dict):
        keys: Mapping[str, int] = node.keys or {}
        held = {_put_back(key): _restored(below) for key, below in value.items()}
        return Node(held, node.at, {_put_back(key): at for key, at in keys.items()})
    return node


def _put_back(text: str) -> str:
    return text.replace(_STAND_IN, _DOLLAR)
