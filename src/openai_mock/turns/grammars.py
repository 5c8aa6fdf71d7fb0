"""Texts of a context-free grammar in Lark's notation, for custom tools that ask for one.

Theory. A grammar is read into rules, each a tree of texts, expressions, references, sequences, choices and repetitions.
The height of a rule is that of its lowest text, found by going through all rules until none gets lower. A walk from
`start` draws branches freely down to `_DEPTH` and the lowest ones from there, so rules that contain themselves end.
Where the grammar ignores blanks, the parts of a rule stand apart by one; those of a terminal never do.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

from msgspec import Struct

from openai_mock.turns.matching import matching

_DEPTH = 6
_MOST = 20_000
"""Steps of a walk; a grammar that asks for more repetitions is given up."""
_REGEX = r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[imslux]*"
_TEXT = r'"(?:\\.|[^"\\\n])*"i?'
_TOKEN = re.compile(rf"\s+|//[^\n]*|({_TEXT}|{_REGEX}|[?!]*\w+|->|\.\.|[:|()\[\]?*+~.\-])")
_DIRECTIVE = re.compile(r"^[ \t]*%(\w+)[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_HEAD = re.compile(r"[?!]*[^\W\d]\w*")
_COMMON: Mapping[str, str] = MappingProxyType({
    "DIGIT": "[0-9]", "HEXDIGIT": "[0-9a-f]", "INT": "[0-9]{1,3}", "SIGNED_INT": "-?[0-9]{1,3}",
    "DECIMAL": r"[0-9]{1,2}\.[0-9]{1,2}", "FLOAT": r"[0-9]{1,2}\.[0-9]{1,2}", "SIGNED_FLOAT": r"-?[0-9]\.[0-9]{1,2}",
    "NUMBER": "[0-9]{1,3}", "SIGNED_NUMBER": "-?[1-9][0-9]{0,2}", "ESCAPED_STRING": '"[a-z]{3,8}"',
    "LCASE_LETTER": "[a-z]", "UCASE_LETTER": "[A-Z]", "LETTER": "[A-Za-z]", "WORD": "[a-z]{3,8}", "CNAME": "[a-z]{3,8}",
    "WS": " ", "WS_INLINE": " ", "NEWLINE": "\n", "CR": "\r", "LF": "\n", "SH_COMMENT": "#[a-z ]{3,8}",
    "CPP_COMMENT": "//[a-z ]{3,8}", "SQL_COMMENT": "--[a-z ]{3,8}",
})  # fmt: skip
"""Expressions for what Lark's library of terminals means, each for a short text of it."""


class _Node(Struct, frozen=True):
    """A part of a rule. `kind` is `text`, `regex`, `rule`, `all`, `one` or `repeat`; `said` a text or a name."""

    kind: str
    said: str = ""
    parts: tuple[_Node, ...] = ()
    least: int = 0
    most: int = 0


def sentence(grammar: str, seed: str) -> str | None:
    """A text of a grammar, the same for the same seed; None for a grammar that cannot be read or that never ends."""
    try:
        rules, spaced = _read(grammar)
        walk = _Walk(rules, _heights(rules), Random(seed), spaced=spaced)  # noqa: S311 - repeats
        return walk.write(_Node("rule", "start"), 0, apart=spaced)
    except (ValueError, LookupError, RecursionError):
        return None


# Reading. A definition is a name, a colon and alternatives, up to the next name with a colon.


def _read(grammar: str) -> tuple[Mapping[str, _Node], bool]:
    """The rules by name, and whether blanks between their parts mean nothing."""
    ignored: list[str] = []
    rules: dict[str, _Node] = {}
    for directive, said in _DIRECTIVE.findall(grammar):
        if directive == "ignore":
            ignored.append(said.strip())
        elif directive == "import":
            rules |= _imported(said)
    tokens = [found[1] for found in _TOKEN.finditer(_DIRECTIVE.sub("", grammar)) if found[1]]
    heads = [at for at in range(len(tokens)) if _is_head(tokens, at)]
    for at, end in zip(heads, [*heads[1:], len(tokens)], strict=True):
        name = tokens[at].lstrip("?!")
        rules[name] = _Reader(tokens[tokens.index(":", at) + 1 : end]).read()
    return rules, any(_is_blank(each, rules) for each in ignored)


def _is_head(tokens: Sequence[str], at: int) -> bool:
    """Whether a definition begins here: a name, perhaps with a priority, and a colon."""
    if not _HEAD.fullmatch(tokens[at]):
        return False
    behind = tokens[at + 1 : at + 5]
    return behind[:1] == [":"] or (behind[:1] == ["."] and ":" in behind[2:4])


def _imported(said: str) -> dict[str, _Node]:
    """What `%import` names, from Lark's own library."""
    path, _, alias = (part.strip() for part in said.partition("->"))
    names = re.findall(r"\w+", path) if path.startswith("(") else [path.rpartition(".")[2]]
    if "(" in path:
        names = re.findall(r"\w+", path[path.index("(") :])
    return {alias or name: _Node("regex", _COMMON[name]) for name in names}


def _is_blank(ignored: str, rules: Mapping[str, _Node]) -> bool:
    node = rules[ignored] if ignored in rules else _Reader([ignored]).read()
    while node.kind in {"one", "all"} and len(node.parts) == 1:
        node = node.parts[0]
    if node.kind == "repeat":
        node = node.parts[0]
    return node.kind in {"text", "regex"} and (" " in node.said or r"\s" in node.said)


class _Reader:
    """Reads the alternatives of one definition, token by token."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._ahead = [*reversed(tokens)]

    def read(self) -> _Node:
        """All of them. Raises ValueError where something is left over."""
        node = self._choice()
        if self._ahead:
            raise ValueError(self._ahead[-1])
        return node

    def _next(self) -> str:
        return self._ahead[-1] if self._ahead else ""

    def _choice(self) -> _Node:
        branches = [self._sequence()]
        while self._next() == "|":
            self._ahead.pop()
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Node("one", parts=tuple(branches))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._next() not in {"", "|", ")", "]"}:
            if self._next() == "->":  # the name of an alternative says nothing of its text
                del self._ahead[-2:]
            else:
                parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else _Node("all", parts=tuple(parts))

    def _atom(self) -> _Node:
        token = self._ahead.pop()
        if token in {"(", "["}:
            inner = self._choice()
            return inner if self._ahead.pop() == ")" else _Node("repeat", parts=(inner,), most=1)
        if token[0] == '"':
            said = _unquoted(token)
            if self._next() != "..":
                return _Node("text", said)
            self._ahead.pop()
            return _Node("regex", f"[{re.escape(said)}-{re.escape(_unquoted(self._ahead.pop()))}]")
        if token[0] == "/":
            return _expression(token)
        if not _HEAD.fullmatch(token):
            raise ValueError(token)
        return _Node("rule", token.lstrip("?!"))

    def _repeated(self, node: _Node) -> _Node:
        sign = self._next()
        if sign not in {"?", "*", "+", "~"}:
            return node
        self._ahead.pop()
        if sign != "~":
            return _Node("repeat", parts=(node,), least=int(sign == "+"), most=1 if sign == "?" else 2)
        least = most = int(self._ahead.pop())
        if self._next() == "..":
            self._ahead.pop()
            most = int(self._ahead.pop())
        if max(least, most) > _MOST or most < least:
            raise ValueError("This grammar repeats too often.")
        return _Node("repeat", parts=(node,), least=least, most=most)


def _unquoted(token: str) -> str:
    said = token.removesuffix("i")[1:-1]
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), said)


def _expression(token: str) -> _Node:
    said, _, flags = token[1:].rpartition("/")
    said = said.replace(r"\/", "/")
    kept = "".join(flag for flag in flags if flag in "imsx")
    return _Node("regex", f"(?{kept}:{said})" if kept else said)


# Writing.


def _heights(rules: Mapping[str, _Node]) -> Mapping[str, float]:
    """How deep the lowest text of each rule is; endless for a rule that only contains itself."""
    heights: dict[str, float] = dict.fromkeys(rules, math.inf)
    while True:
        found = {name: 1 + _height(node, heights) for name, node in rules.items()}
        if found == heights:
            return heights
        heights = found


def _height(node: _Node, heights: Mapping[str, float]) -> float:
    if node.kind == "rule":
        return heights[node.said]
    inner = [_height(part, heights) for part in node.parts]
    if node.kind == "one":
        return min(inner)
    return 0 if node.kind == "repeat" and not node.least else max(inner, default=0)


class _Walk:
    """One text: the rules, what was drawn, and how many steps are left."""

    def __init__(self, rules: Mapping[str, _Node], heights: Mapping[str, float], draw: Random, *, spaced: bool) -> None:
        self._rules, self._heights, self._draw, self._spaced = rules, heights, draw, spaced
        self._left = _MOST

    def write(self, node: _Node, depth: int, *, apart: bool) -> str:
        """A text of a node, `apart` with blanks between its parts. Raises ValueError where there is none."""
        self._left -= 1
        if self._left < 0 or math.isinf(_height(node, self._heights)):
            raise ValueError("This grammar has no text that ends.")
        if node.kind == "text":
            return node.said
        if node.kind == "regex":
            found = matching(node.said, self._draw)
            if found is None:
                raise ValueError(node.said)
            return found
        if node.kind == "rule":
            return self.write(self._rules[node.said], depth + 1, apart=self._spaced and not node.said.isupper())
        if node.kind == "one":
            return self.write(self._branch(node, depth), depth, apart=apart)
        parts = node.parts if node.kind == "all" else node.parts * self._times(node, depth)
        written = [self.write(part, depth, apart=apart) for part in parts]
        return (" " if apart else "").join(text for text in written if text)

    def _branch(self, node: _Node, depth: int) -> _Node:
        heights = [_height(part, self._heights) for part in node.parts]
        most = sys.maxsize if depth < _DEPTH else min(heights)
        return self._draw.choice([part for part, high in zip(node.parts, heights, strict=True) if high <= most])

    def _times(self, node: _Node, depth: int) -> int:
        if depth >= _DEPTH or math.isinf(_height(node.parts[0], self._heights)):
            return node.least
        return self._draw.randint(node.least, node.most)
