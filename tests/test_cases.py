"""Every gold case through every door: in process with httpx and httpx2, and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import httpx
import httpx2
import pytest
from gold import Ask, Case, cases, run

from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock

CASES = list(cases(Path(__file__).parent / "cases"))


def in_process(library: ModuleType) -> Callable[[Case], None]:
    def through(case: Case) -> None:
        with library.Client(transport=_mock(case).transport(library), base_url="https://api.openai.com") as client:
            run(case, _asker(client))

    return through


def over_http(case: Case) -> None:
    with serve_in_thread(_mock(case).handle) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        run(case, _asker(client))


def _mock(case: Case) -> OpenAIMock:
    return OpenAIMock(load(case.given, name="given.yaml", env={}) if case.given else Plan(), seed=1)


def _asker(client: httpx.Client) -> Ask:
    def ask(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        response = client.request(method, path, headers=headers, content=body)
        return response.status_code, dict(response.headers), response.content

    return ask


@pytest.mark.parametrize("through", [in_process(httpx), in_process(httpx2), over_http], ids=["httpx", "httpx2", "http"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.title}")
def test_case(case: Case, through: Callable[[Case], None]) -> None:
    assert case.exchanges, "a case asks something"
    through(case)
