"""The pytest plugin: fixtures, the marker and the report; what is heavy loads when a test first wants a mock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openai_mock.mock import OpenAIMock

_NAME: Final = "openai_mock"
_LIVES: Final[Mapping[str, tuple[type[pytest.Item | pytest.Collector], ...]]] = {
    "openai_mock_class": (pytest.Class, pytest.Module, pytest.Package, pytest.Session),
    "openai_mock_module": (pytest.Module, pytest.Package, pytest.Session),
}
"""Fixtures that outlive a test, and where a marker for them can stand."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--openai-mock-report`."""
    parser.getgroup("openai-mock", "the OpenAI API without OpenAI").addoption(
        "--openai-mock-report",
        action="store_true",
        help="At the end, show the calls of all mocks by operation: how many, how many unmatched, and their tokens.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the report where it is wanted."""
    config.addinivalue_line(
        "markers",
        "openai_mock(plan=None, *, seed=None, ...): the arguments of OpenAIMock for the mock of a test, a class or a "
        "module. The plan can be the path of a configuration file, relative to the root directory.",
    )
    if config.getoption("openai_mock_report"):
        from openai_mock.faces.pytest_session import session_of  # noqa: PLC0415 - see the first line

        session_of(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each marked test its mock, also where it does not ask for the fixture."""
    for item in items:
        if _NAME in item.keywords and (names := getattr(item, "fixturenames", None)) is not None:
            marked = [node for node, _ in item.iter_markers_with_node(_NAME)]
            wider = next((name for name in names if name in _LIVES), None)
            if wider is not None:
                _check(item, marked, wider)
            elif marked and _NAME not in names:
                names.insert(_first_of_a_test(item, names), _NAME)


@pytest.fixture
def openai_mock(request: pytest.FixtureRequest) -> Iterator[OpenAIMock]:
    """A fresh mock that answers the default clients of this test. OPENAI_API_KEY is set where it is missing."""
    from openai_mock.faces.pytest_session import mocked  # noqa: PLC0415 - see the first line

    yield from mocked(request)


@pytest.fixture(scope="class")
def openai_mock_class(request: pytest.FixtureRequest) -> Iterator[OpenAIMock]:
    """One mock for the tests of a class."""
    from openai_mock.faces.pytest_session import mocked  # noqa: PLC0415 - see the first line

    yield from mocked(request)


@pytest.fixture(scope="module")
def openai_mock_module(request: pytest.FixtureRequest) -> Iterator[OpenAIMock]:
    """One mock for the tests of a module."""
    from openai_mock.faces.pytest_session import mocked  # noqa: PLC0415 - see the first line

    yield from mocked(request)


def _first_of_a_test(item: Any, names: list[str]) -> int:
    """Where the fixtures begin that live for one test: a mock of the test comes behind, and so inside, longer ones."""
    known = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest tells scopes nowhere else
    scopes = [known[name][-1].scope if name in known else "function" for name in names]
    return next((place for place, scope in enumerate(scopes) if scope == "function"), len(names))


def _check(item: pytest.Item, marked: list[Any], wider: str) -> None:
    """Refuse a marker that a fixture which outlives the test would not see."""
    if any(not isinstance(node, _LIVES[wider]) for node in marked) and _NAME not in getattr(item, "fixturenames", ()):
        scope = wider.rpartition("_")[2]
        raise pytest.UsageError(
            f"{item.nodeid}: {wider} lives longer than what the marker openai_mock stands on. "
            f"Put the marker on the {scope}, or take the fixture openai_mock."
        )
