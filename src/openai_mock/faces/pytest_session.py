"""The mocks of a pytest session: made from markers, shown where a test fails, summed up at the end.

Theory. One `MockSession` is a plugin of its own, registered when the first mock is made or the report is asked for, so
that a session without mocks pays for none of its hooks. A worker of pytest-xdist hands its sums to the controller.
"""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.library.report import is_unmatched
from openai_mock.mock import OpenAIMock

if TYPE_CHECKING:
    from openai_mock.config.plan import Plan
    from openai_mock.engine.journal import Entry

KEY: Final = "sk-openai-mock"
"""The value of OPENAI_API_KEY where it is missing and the plan names no key."""
_PLUGIN: Final = "openai-mock-session"
_OUTPUT: Final = "openai_mock"
_SHOWN: Final = 50
"""Calls that a failed test shows; of more, the last ones."""


def mocked(request: pytest.FixtureRequest) -> Iterator[OpenAIMock]:
    """A fresh mock that is active until the fixture ends."""
    mock = _made(request)
    session = session_of(request.config)
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("OPENAI_API_KEY", "") in session.keys:
            key = next(iter(mock.plan.api_keys), KEY)
            session.keys.add(key)
            patch.setenv("OPENAI_API_KEY", key)
        with mock, session.watching(mock):
            yield mock


def session_of(config: pytest.Config) -> MockSession:
    """The session's plugin, registered at the first call."""
    session = config.pluginmanager.get_plugin(_PLUGIN)
    if session is None:
        session = MockSession(config)
        config.pluginmanager.register(session, _PLUGIN)
    assert isinstance(session, MockSession)
    return session


class MockSession:
    """The mocks that are active, and the sums of all calls so far."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.wanted: bool = config.getoption("openai_mock_report")
        self.sums: dict[str, Counter[str]] = {}
        self.keys = {""}
        """The values of OPENAI_API_KEY that are not the user's: none, and those that were set for a mock."""
        self.seen: dict[OpenAIMock, Entry | None] = {}
        """The active mocks, each with its last call before the running test."""

    @contextmanager
    def watching(self, mock: OpenAIMock) -> Iterator[None]:
        """Show this mock's calls where a test fails, and sum them up."""
        self.seen[mock] = None
        if self.wanted:
            mock.journal.listeners.append(self._count)
        try:
            yield
        finally:
            del self.seen[mock]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """What was called before is no concern of the test that begins."""
        for mock in self.seen:
            self.seen[mock] = next(reversed(mock.journal.entries), None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the calls of a failed test, and for unmatched ones the nearest rules."""
        report = yield
        if report.failed and self.seen:
            lines = [line for mock, last in self.seen.items() for line in told(_since(mock, last))]
            report.sections.append(("openai-mock", "\n".join(lines or ["No calls."])))
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the sums."""
        if self.wanted:
            terminalreporter.section("openai-mock")
            for line in table(self.sums):
                terminalreporter.line(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Hand the sums to the controller, where this is a worker."""
        output = getattr(self.config, "workeroutput", None)
        if output is not None and self.wanted:
            output[_OUTPUT] = {name: dict(sums) for name, sums in self.sums.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the sums of a worker that is done. One that crashed has none."""
        for name, sums in getattr(node, "workeroutput", {}).get(_OUTPUT, {}).items():
            self.sums.setdefault(name, Counter()).update(sums)

    def _count(self, entry: Entry) -> None:
        read, written = tokens(b"".join(entry.chunks))
        sums = {"calls": 1, "unmatched": int(is_unmatched(entry)), "input": read, "output": written}
        self.sums.setdefault(entry.operation or "unknown URL", Counter()).update(sums)


def told(entries: Iterable[Entry]) -> Iterator[str]:
    """Calls as lines of text, oldest first, each with the rules that came nearest where none matched."""
    shown = list(entries)
    if len(shown) > _SHOWN:
        yield f"({len(shown) - _SHOWN} earlier calls)"
    for entry in shown[-_SHOWN:]:
        parts = [f"{entry.request.method} {entry.request.path}", str(entry.status or "no answer")]
        parts += [part for part in (entry.model, entry.rule and f"rule {entry.rule}", entry.error) if part]
        yield "  ".join(parts)
        for miss in entry.nearest:
            yield f"    nearest: {miss['id']} ({miss['where']}): {miss['reason']}"


def table(sums: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """The sums of calls by operation, the largest number first, and in all."""
    if not sums:
        yield "No calls."
        return
    total = Counter[str]()
    for row in sums.values():
        total.update(row)
    rows = sorted(sums.items(), key=lambda item: (-item[1]["calls"], item[0]))
    width = max(len(name) for name in (*sums, "operation"))
    yield f"{'operation':{width}}  {'calls':>9}  {'unmatched':>9}  {'tokens in':>9}  {'tokens out':>10}"
    for name, row in (*rows, ("in all", total)):
        yield f"{name:{width}}  {row['calls']:9}  {row['unmatched']:9}  {row['input']:9}  {row['output']:10}"


def tokens(body: bytes) -> tuple[int, int]:
    """The tokens, in and out, that an answer reports; 0 for what it leaves out. Takes JSON and event streams."""
    for text in _bearing_usage(body):
        try:
            answer = msgspec.json.decode(text)
        except ValueError:
            continue
        for holder in (answer, answer.get("response")):
            usage = holder.get("usage") if isinstance(holder, dict) else None
            if isinstance(usage, dict):
                read = _first(usage, "prompt_tokens", "input_tokens")
                return read, _first(usage, "completion_tokens", "output_tokens")
    return 0, 0


def _first(usage: Mapping[str, Any], *names: str) -> int:
    return next((usage[name] for name in names if isinstance(usage.get(name), int)), 0)


def _bearing_usage(body: bytes) -> Iterator[bytes]:
    if b'"usage"' in body:
        if body.startswith(b"{"):
            yield body
        else:
            yield from (line[6:] for line in reversed(body.splitlines()) if line.startswith(b"data: {"))


def _since(mock: OpenAIMock, last: Entry | None) -> list[Entry]:
    """The calls after this one; all that are kept, where it is forgotten."""
    after: list[Entry] = []
    for entry in reversed(mock.journal.entries):
        if entry is last:
            break
        after.append(entry)
    return after[::-1]


def _made(request: pytest.FixtureRequest) -> OpenAIMock:
    """The mock that the markers of the fixture's scope describe; the closest one wins, argument by argument."""
    marks = list(request.node.iter_markers("openai_mock"))
    given = next((mark.args for mark in marks if mark.args), ())
    options = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    try:
        inspect.signature(OpenAIMock).bind(*given, **options)
    except TypeError as error:
        known = ", ".join(inspect.signature(OpenAIMock).parameters)
        pytest.fail(f"{request.node.nodeid}: @pytest.mark.openai_mock: {error}. It takes: {known}.", pytrace=False)
    if given and isinstance(given[0], (str, Path)):
        given = (_read(request.config.rootpath / given[0]), *given[1:])
    if isinstance(options.get("plan"), (str, Path)):
        options["plan"] = _read(request.config.rootpath / options["plan"])
    return OpenAIMock(*given, **options)


def _read(path: Path) -> Plan:
    from openai_mock.config.load import read  # noqa: PLC0415 - YAML is heavy, and not every mock reads a file

    try:
        return read(path)
    except ConfigErrors as error:
        pytest.fail(str(error), pytrace=False)
