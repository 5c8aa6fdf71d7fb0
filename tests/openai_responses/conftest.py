"""Examples open files below the root of the repository, and leave them for the interpreter to close."""

from __future__ import annotations

from pathlib import Path

import pytest

_TOLERATED = ("DeprecationWarning", "ResourceWarning", "pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent.parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The SDK calls assistants deprecated, and says so at each call."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for category in _TOLERATED:
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{category}"))
