"""Documentation that runs: every fenced Python block, every YAML configuration, every link."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fences import RECIPES, absent, fenced

from openai_mock.config.load import load

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(language: str) -> list[object]:
    return [
        pytest.param(page, code, id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, code in fenced(page.read_text("utf-8"), language)
    ]


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_examples_run(page: Path, code: str) -> None:
    if page == RECIPES and (missing := absent(code)):
        pytest.skip(f"{', '.join(missing)} is not installed here; tests/recipes runs it where it is")
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, f"{page.name}:\n{code}\n{finished.stderr}"


@pytest.mark.parametrize(("page", "code"), blocks("yaml"))
def test_yaml_examples_load(page: Path, code: str) -> None:
    load(code, name=page.name, env={})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_open_with_a_title(page: Path) -> None:
    assert page.read_text("utf-8").startswith("# ")
