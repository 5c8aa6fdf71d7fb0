"""Text in any of the notations in, one tree with the settings at its top out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TypeAlias

from openai_mock.config import json_text
from openai_mock.config.errors import Report, SyntaxFault
from openai_mock.config.node import Node, Path
from openai_mock.config.settings import ENTRY, SETTINGS

Found: TypeAlias = list[tuple[int, Path, str]]

_EMPTY = "the configuration is empty; write at least one entry below 'responses:'"
_ENTRY_KEYS = frozenset(name for form in ENTRY.forms.values() for name in form.keys) - {"reply"}


def tree(text: str, name: str, env: Mapping[str, str], report: Report) -> Node | None:
    """The tree of a YAML, JSON or JSON lines text; None after telling why there is none.

    The name and the first character tell the notation. `env` fills in variables.
    """
    found: Found = []
    root, lines = None, False
    try:
        root, lines = _composed(text, PurePath(name).suffix.lower(), env, found)
    except SyntaxFault as fault:
        found.append((fault.at, (), fault.message))
    else:
        if root is None or root.value is None or (lines and not root.value and not found):
            found.append((0, (), _EMPTY))
            root = None
    settled = _settled(root, lines, report) if root else None
    for at, path, message in found:
        report.add(at, settled[1](path) if settled else path, message)
    return settled[0] if settled else None


def _composed(text: str, suffix: str, env: Mapping[str, str], found: Found) -> tuple[Node | None, bool]:
    """The tree, and whether it is a list of JSON lines. Text that is no JSON although it begins so may be YAML."""

    def add(at: int, path: Path, message: str) -> None:
        found.append((at, path, message))

    if suffix in (".jsonl", ".ndjson"):
        return json_text.compose_lines(text, env, add), True
    if suffix != ".json" and not text.lstrip().startswith(("{", "[")):
        return _from_yaml(text, env, add), False
    try:
        return json_text.compose(text, env, add), False
    except SyntaxFault as fault:
        found.clear()
        if isinstance(fault, json_text.ExtraText) and json_text.looks_like_lines(text):
            return json_text.compose_lines(text, env, add), True
        if suffix == ".json":
            raise
        json_fault = fault
    try:
        return _from_yaml(text, env, add), False
    except SyntaxFault:
        if suffix not in (".yaml", ".yml"):
            found.clear()
            raise json_fault from None
        raise


def _from_yaml(text: str, env: Mapping[str, str], add: Callable[[int, Path, str], None]) -> Node | None:
    from openai_mock.config.yaml import compose  # noqa: PLC0415  (8 ms, and a server may have no file, or JSON)

    return compose(text, env, add)


def _settled(root: Node, lines: bool, report: Report) -> tuple[Node, Callable[[Path], Path]]:
    """The tree with settings at its top, and how the paths of its text lead there."""
    if lines:
        return _joined(root, report)
    if isinstance(root.value, list):
        return Node({"responses": root}, root.at, {"responses": root.at}), lambda path: ("responses", *path)
    return root, lambda path: path


def _joined(root: Node, report: Report) -> tuple[Node, Callable[[Path], Path]]:
    """The settings that JSON lines make together: entries, and lines that hold settings instead."""
    held: dict[str, Node] = {}
    keys: dict[str, int] = {}
    entries: list[Node] = []
    homes: list[Path] = []
    for line in root.value:
        if not _is_settings(line):
            homes.append(("responses", len(entries)))
            entries.append(line)
            continue
        homes.append(())
        for key, node in line.value.items():
            at = line.keys[key]
            if key == "responses" and isinstance(node.value, list):
                entries.extend(node.value)
            elif keys.setdefault(key, at) != at:
                report.add(at, (key,), f"the key '{key}' is already given above; keep one")
            else:
                held[key] = node
    joined = Node({"responses": Node(entries, root.at), **held}, root.at, {"responses": root.at, **keys})
    return joined, lambda path: (*homes[int(path[0])], *path[1:]) if path else path


def _is_settings(line: Node) -> bool:
    keys = line.value
    return isinstance(keys, dict) and _ENTRY_KEYS.isdisjoint(keys) and not SETTINGS.keys.keys().isdisjoint(keys)
