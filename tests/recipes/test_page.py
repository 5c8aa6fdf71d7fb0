"""Every recipe runs as it is printed, and no socket is opened, not even by an import."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from fences import RECIPES, ROOT, absent, fenced

OFFLINE = """
import os, sys

def hear(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        print("To the network:", event, arguments, file=sys.stderr, flush=True)
        os._exit(9)

sys.addaudithook(hear)
"""
TEXT = RECIPES.read_text("utf-8")
SECTIONS = [
    pytest.param(code, id=section.partition("\n")[0])
    for section in TEXT.split("\n## ")[1:]
    for _, code in fenced(section, "python")
]


def python(code: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LITELLM", "OPENAI", "LANGSMITH"))}
    return subprocess.run(
        [sys.executable, "-c", OFFLINE + code],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("code", SECTIONS)
def test_a_recipe_runs_offline(code: str) -> None:
    missing = absent(code)
    if missing and not {*missing} & {*os.environ.get("RECIPES", "").split()}:
        pytest.skip(f"{', '.join(missing)} is not installed here")
    finished = python(code)
    assert finished.returncode == 0, finished.stderr
    assert "blocked" not in finished.stderr


def test_the_guard_hears_a_connection() -> None:
    finished = python("import socket; socket.create_connection(('127.0.0.1', 9))")
    assert finished.returncode == 9
    assert "To the network" in finished.stderr
