"""Two mocks in one process share nothing: rules, keys, models, memory, ids, journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock

CONFIG = """
apiKey: sk-{name}-12345678901234
models: [{name}]
responses:
  - id: flow-{name}
    messages: [{{role: user, content: Hello}}, {{role: assistant, content: This is {name}}}]
"""


class Side:
    """One mock and a client of it."""

    def __init__(self, name: str, mock: OpenAIMock, http: httpx.Client) -> None:
        self.name, self.mock, self.http = name, mock, http

    def ask(self, **fields: Any) -> httpx.Response:
        body = {"model": self.name, "messages": [{"role": "user", "content": "Hello"}], **fields}
        return self.http.post("/chat/completions", json=body)


def made(name: str) -> OpenAIMock:
    return OpenAIMock(load(CONFIG.format(name=name), name=f"{name}.yaml", env={}), seed=1)


@pytest.fixture(params=["in process", "http"])
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Side, Side]]:
    mocks = {name: made(name) for name in ("left", "right")}
    headers = {name: {"authorization": f"Bearer sk-{name}-12345678901234"} for name in mocks}
    if request.param == "in process":
        left, right = (
            Side(
                name,
                mock,
                httpx.Client(transport=mock.transport(httpx), base_url="https://x/v1", headers=headers[name]),
            )
            for name, mock in mocks.items()
        )
        with left.http, right.http:
            yield left, right
        return
    with serve_in_thread(mocks["left"].handle) as one, serve_in_thread(mocks["right"].handle) as two:
        left, right = (
            Side(
                name,
                mocks[name],
                httpx.Client(base_url=f"{served.url}/v1", headers=headers[name], trust_env=False, verify=False),
            )
            for name, served in (("left", one), ("right", two))
        )
        with left.http, right.http:
            yield left, right


def test_rules_keys_and_models(sides: tuple[Side, Side]) -> None:
    for side, other in (sides, sides[::-1]):
        answer = side.ask().json()
        assert (answer["id"], answer["choices"][0]["message"]["content"]) == (
            f"chatcmpl-flow-{side.name}",
            f"This is {side.name}",
        )
        assert [model["id"] for model in side.http.get("/models").json()["data"]] == [side.name]
        assert side.ask(model=other.name).status_code == 404
        wrong = side.http.get("/models", headers={"authorization": other.http.headers["authorization"]})
        assert wrong.status_code == 401


def test_memory(sides: tuple[Side, Side]) -> None:
    left, right = sides
    kept = left.http.post("/files", files={"file": ("a.jsonl", b"{}\n")}, data={"purpose": "batch"}).json()
    assert [file["id"] for file in left.http.get("/files").json()["data"]] == [kept["id"]]
    assert right.http.get("/files").json()["data"] == []
    assert right.http.get(f"/files/{kept['id']}").status_code == 404
    assert right.http.delete(f"/files/{kept['id']}").status_code == 404
    assert left.http.get(f"/files/{kept['id']}").json() == kept


def test_ids_and_journals(sides: tuple[Side, Side]) -> None:
    left, right = sides
    first = [left.ask().headers["x-request-id"] for _ in range(3)]
    assert [entry.request_id for entry in left.mock.journal.entries] == first
    assert not right.mock.journal.entries
    assert [right.ask().headers["x-request-id"] for _ in range(3)] == first, "the same seed, from its beginning"


def test_a_new_plan_for_one_is_none_for_the_other(sides: tuple[Side, Side]) -> None:
    left, right = sides
    left.mock.replace(load(CONFIG.format(name="left").replace("This is", "Now this is"), name="new.yaml", env={}))
    assert left.ask().json()["choices"][0]["message"]["content"] == "Now this is left"
    assert right.ask().json()["choices"][0]["message"]["content"] == "This is right"
