"""Mistakes in a configuration: collected while reading, told all at once, each with its place and its remedy."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from openai_mock.config.node import Node, Path, locate, spelled

_LINE_END = re.compile(r"\r\n|\r|\n")


class Problem(Struct, frozen=True):
    """One mistake. `line` and `column` count from 1; both are 0 when the file itself is at fault.

    `key` is the path of the value (`responses[2].messages[0].matcher`), empty for the whole file. `message` is a
    sentence that says what was expected and what to write instead.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigErrors(Exception):  # noqa: N818 - it carries several
    """A configuration that cannot be used. `problems` stand in the order of the text; `str()` has one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SyntaxFault(Exception):  # noqa: N818 - a fault of the text, not of the program
    """The text is no YAML or JSON any more from the offset `at` on."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.message = message


class Lines:
    """Turns offsets in a text into lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
        self._end = len(text)

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of the offset; an offset behind the text counts as its end."""
        at = min(at, self._end)
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


class Report:
    """Collects the mistakes of one text. Nothing is raised before everything was looked at.

    `root` is the tree of the text, once there is one.
    """

    def __init__(self, text: str, name: str) -> None:
        self.lines = Lines(text)
        self.name = name
        self.root = Node(None, 0)
        self._found: dict[tuple[int, Path], str] = {}
        self._spoilt: set[Path] = set()

    def add(self, at: int, path: Path, message: str) -> None:
        """Note a mistake at an offset of the text, in the value at `path`. What follows from it there is not told."""
        self._found.setdefault((at, path), message)
        self._spoilt.update(path[:end] for end in range(len(path) + 1))

    def blame(self, path: Path, message: str) -> None:
        """Note a mistake in the value at `path` of the tree."""
        self.add(locate(self.root, path), path, message)

    def sound(self, path: Path) -> bool:
        """Whether nothing is wrong with the value at `path` and all that it holds, as far as it was looked at."""
        return path not in self._spoilt

    def where(self, at: int) -> str:
        """`file:line` of an offset."""
        return f"{self.name}:{self.lines.place(at)[0]}"

    def place(self, at: int) -> str:
        """`file:line:column` of an offset."""
        line, column = self.lines.place(at)
        return f"{self.name}:{line}:{column}"

    def close(self) -> None:
        """Raise `ConfigErrors` if there were mistakes."""
        if self._found:
            raise ConfigErrors(
                Problem(self.name, *self.lines.place(at), spelled(path), message)
                for (at, path), message in sorted(self._found.items(), key=lambda found: found[0][0])
            )


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The valid name that was most likely meant; case, `_` and `-` do not count."""
    folded = {_folded(valid): valid for valid in names}
    close = difflib.get_close_matches(_folded(name), folded, n=1)
    return folded[close[0]] if close else None


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def one_of(names: Sequence[str], last: str = "or") -> str:
    """`'a', 'b' or 'c'`."""
    quoted = [f"'{name}'" for name in names]
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)
