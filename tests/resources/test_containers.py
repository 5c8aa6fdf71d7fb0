"""Containers where ids are lenient, where nothing is remembered, and in sessions."""

from __future__ import annotations

from typing import Any

import httpx

from openai_mock.config.load import load
from openai_mock.mock import OpenAIMock

CODE = {"model": "gpt-4o", "input": "Compute it", "tool_choice": "required"}


def ask(mock: OpenAIMock, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    with httpx.Client(transport=mock.transport(httpx), base_url="https://api.openai.com/v1") as client:
        return client.request(method, path, json=body, headers={"authorization": "Bearer sk-test", **headers})


def code_in(container: Any) -> dict[str, Any]:
    return {**CODE, "tools": [{"type": "code_interpreter", "container": container}]}


def test_where_ids_are_lenient_any_container_and_file_will_do() -> None:
    mock = OpenAIMock(seed=1, ids="lenient")
    assert ask(mock, "GET", "/containers/cntr_none").json()["status"] == "running"
    assert ask(mock, "GET", "/containers/cntr_none/files/cfile_1").json()["id"] == "cfile_1"
    named = ask(mock, "POST", "/responses", code_in("cntr_none")).json()
    assert named["output"][0]["container_id"] == "cntr_none"
    auto = ask(mock, "POST", "/responses", code_in({"type": "auto", "file_ids": ["file-none"]})).json()
    container = ask(mock, "GET", f"/containers/{auto['output'][0]['container_id']}").json()
    assert container["name"] == "auto"


def test_without_memory_containers_are_examples() -> None:
    mock = OpenAIMock(seed=1, stateless=True)
    made = ask(mock, "POST", "/containers", {"name": "x"}).json()
    assert (made["object"], made["status"], made["name"]) == ("container", "running", "x")
    assert ask(mock, "POST", "/responses", code_in("cntr_none")).status_code == 200


def test_each_session_has_its_own() -> None:
    mock = OpenAIMock(seed=1)
    made = ask(mock, "POST", "/containers", {"name": "x"}, **{"x-mock-session": "one"}).json()
    assert ask(mock, "POST", "/responses", code_in(made["id"])).status_code == 404
    assert ask(mock, "POST", "/responses", code_in(made["id"]), **{"x-mock-session": "one"}).status_code == 200


def test_what_a_rule_says_of_its_container_stays() -> None:
    item = "{type: code_interpreter_call, code: '1', container_id: cntr_mine}"
    asked = "{messages: [{role: user, content: Compute it}]}"
    flow = f"responses: [{{id: a, matcher: {asked}, response: {{output: [{item}]}}}}]"
    mock = OpenAIMock(load(flow, name="x", env={}), seed=1)
    answer = ask(mock, "POST", "/responses", code_in({"type": "auto"})).json()
    assert answer["output"][0]["container_id"] == "cntr_mine"
    assert mock.objects("containers") == []
