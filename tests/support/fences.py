"""Fenced blocks of the documentation, and whether what they import is installed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECIPES = ROOT / "docs" / "recipes.md"
"""The one page whose blocks need packages that the tests do without."""


def fenced(text: str, language: str) -> Iterator[tuple[int, str]]:
    """The blocks in a language, each with its number among all blocks of the text."""
    for number, (found, code) in enumerate(FENCE.findall(text)):
        if found == language:
            yield number, code


def absent(code: str) -> list[str]:
    """The packages that the code imports and that are not installed."""
    named = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            named |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named.add(node.module.partition(".")[0])
    return sorted(name for name in named if find_spec(name) is None)
