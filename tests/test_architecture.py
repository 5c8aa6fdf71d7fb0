"""The tree is the architecture: layers, cycles, sizes, purity and names are facts that a test can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "openai_mock"
LAYERS = (
    "wire", "media", "spec", "turns", "engine", "rules", "resources", "config", "stores", "doors", "library", "mock",
    "faces",
)  # fmt: skip
MAY_SEE_ONLY = {
    "media": {"media"},
    "spec": {"wire", "spec"},
    "turns": {"wire", "turns"},
    "stores": {"engine", "stores"},
    "doors": {"wire", "doors"},
}
PURE = ("wire", "media", "spec", "turns", "engine", "rules", "resources")
IMPURE = {
    "asyncio",
    "threading",
    "socket",
    "time",
    "os",
    "subprocess",
    "secrets",
    "anyio",
    "uvicorn",
    "httpx",
    "openai",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
FILES = sorted(SOURCE.rglob("*.py"))
FACADE = SOURCE.parent / "openai_responses"
EVERY_FILE = [*FILES, *sorted(FACADE.rglob("*.py"))]
MAX_FILE, MAX_RESOURCE, MAX_FUNCTION, MAX_HANDLER = 400, 350, 60, 40


def layer_of(file: Path) -> str:
    if FACADE in file.parents:
        return FACADE.name
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def module_of(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def ours(file: Path) -> Iterator[tuple[str, bool]]:
    """Each module of ours that the file imports, and whether at import time."""
    tree = ast.parse(file.read_text("utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("openai_mock"):
            for name in node.names:
                inner = SOURCE.parent / Path(*node.module.split("."), name.name)
                whole = inner.with_suffix(".py").exists() or inner.is_dir()
                yield (f"{node.module}.{name.name}" if whole else node.module), id(node) not in lazy
        elif isinstance(node, ast.Import):
            yield from ((name.name, id(node) not in lazy) for name in node.names if name.name.startswith("openai_mock"))


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_a_module_imports_only_from_its_own_layer_or_one_below(file: Path) -> None:
    layer = layer_of(file)
    if layer in {"__init__", "__main__"}:
        return
    for module, _ in ours(file):
        parts = module.split(".")
        target = parts[1] if len(parts) > 1 else "wire"
        assert LAYERS.index(target) <= LAYERS.index(layer), f"{module_of(file)} must not import {module}"
        allowed = MAY_SEE_ONLY.get(layer)
        assert allowed is None or target in allowed, f"{module_of(file)} must not import {module}"
        if layer == "resources" and file.name != "__init__.py":
            same = parts[1:3] == [*file.relative_to(SOURCE).parts[:2]]
            assert target != "resources" or same, f"{module_of(file)}: resources never import each other"


def test_no_cycles() -> None:
    graph = {module_of(file): {module for module, now in ours(file) if now} for file in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for target in graph.get(module, ()):
                if target != module:
                    visit(target, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("file", EVERY_FILE, ids=module_of)
def test_sizes_and_purpose(file: Path) -> None:
    source = file.read_text("utf-8")
    most = MAX_RESOURCE if layer_of(file) == "resources" else MAX_FILE
    assert source.count("\n") <= most, f"{file.name} is longer than {most} lines"
    tree = ast.parse(source)
    assert ast.get_docstring(tree), f"{file} opens with its purpose in a sentence"
    limit = MAX_HANDLER if layer_of(file) == "resources" else MAX_FUNCTION
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= limit, f"{file.name}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("file", [file for file in FILES if layer_of(file) in PURE], ids=module_of)
def test_the_core_does_no_input_or_output(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), f"{file.name}:{node.lineno} is asynchronous"
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            assert name.split(".")[0] not in IMPURE, f"{file.name}:{node.lineno} imports {name}"


@pytest.mark.parametrize("file", EVERY_FILE, ids=module_of)
def test_names_say_something(file: Path) -> None:
    assert file.stem.strip("_") not in VAGUE


@pytest.mark.parametrize("file", EVERY_FILE, ids=module_of)
def test_nothing_mutable_lives_in_a_module(file: Path) -> None:
    """Two mocks in one process share nothing, so a module holds no empty dict, list or set to be filled later."""
    for node in ast.parse(file.read_text("utf-8")).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        empty = (isinstance(value, ast.Dict) and not value.keys) or (
            isinstance(value, ast.List | ast.Set) and not value.elts
        )
        assert not empty, f"{file.name}:{node.lineno} holds state"
        assert not isinstance(node, ast.Global)


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_nothing_depends_on_the_facade(file: Path) -> None:
    assert "openai_responses" not in file.read_text("utf-8")
