"""The server that knows the API, feature by feature, as a client in any language meets it."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

from openai_mock.doors.certificates import certificate, hosts_of
from openai_mock.doors.serve import serve_in_thread
from openai_mock.doors.sockets import FIRST_PORT, Https
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load

OPERATIONS = load().operations
ASSISTANTS = {"openai-beta": "assistants=v2"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a mock that remembers nothing."""
    mock = OpenAIMock(seed=1, stateless=True, raise_errors=False)
    headers = {"authorization": "Bearer sk_test"}
    with (
        serve_in_thread(mock.handle) as served,
        httpx.Client(base_url=f"{served.url}/v1", headers=headers, trust_env=False, verify=False) as client,
    ):
        yield client


def error(response: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["error"]
    assert found.keys() >= {"message", "type", "param", "code"}
    return found


def test_every_address_answers_and_no_other(http: httpx.Client) -> None:
    for operation in OPERATIONS.values():
        if operation.method != "GET" or operation.name == "models.retrieve":
            continue
        path = re.sub(r"\{\w+\}", "an-id", operation.path)
        headers = {"openai-beta": operation.beta} if operation.beta else {}
        response = http.get(path, params=operation.marker, headers=headers)
        required = response.status_code == 400 and error(response)["code"] == "missing_required_parameter"
        assert response.status_code == operation.status or required, (operation.name, response.text)
        assert http.get(f"{path}/no/such/thing").status_code == 404, operation.name
    assert error(http.post("/chat/completion", json={}))["message"] == "Invalid URL (POST /v1/chat/completion)"


def test_parameters_that_are_not_recognised_or_of_the_wrong_type_are_refused(http: httpx.Client) -> None:
    hello = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
    for path, body, param in (
        ("/chat/completions", {**hello, "temprature": 1}, None),
        ("/chat/completions", {**hello, "temperature": "1"}, "temperature"),
        ("/responses", {"model": "gpt-4o", "inptu": "x"}, "inptu"),
        ("/responses", {"model": "gpt-4o", "input": 1}, "input"),
        ("/vector_stores", {"name": 1}, "name"),
        ("/images/generations", {}, "prompt"),
    ):
        response = http.post(path, json=body)
        assert (response.status_code, error(response)["param"]) == (400, param), response.text
    assert http.get("/files", params={"limit": "many"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/completions", {"model": "davinci-002", "prompt": "Say this is a test"}),
        ("/responses", {"model": "gpt-4o", "input": "x", "instructions": "Be brief.", "temperature": 0.5}),
        ("/responses", {"model": "o3", "input": "x", "metadata": {"a": "b"}, "max_output_tokens": 20}),
        ("/vector_stores", {"name": "shelf", "metadata": {"a": "b"}}),
        ("/assistants", {"model": "gpt-4o", "name": "Ada", "instructions": "Help.", "temperature": 0.3}),
        ("/threads", {"metadata": {"a": "b"}}),
        ("/embeddings", {"model": "text-embedding-3-small", "input": "x"}),
    ],
)
def test_values_of_the_request_come_back(http: httpx.Client, path: str, body: dict[str, Any]) -> None:
    response = http.post(path, json=body, headers=ASSISTANTS)
    assert response.status_code == 200, response.text
    answer = response.json()
    back = {key: value for key, value in body.items() if key in answer}
    assert back
    assert {key: answer[key] for key in back} == back


def test_the_id_of_the_path_comes_back(http: httpx.Client) -> None:
    for path in ("/files/file-abc", "/batches/batch_abc", "/responses/resp_abc", "/models/my-own-model"):
        answer = http.get(path).json()
        assert answer["id"] == path.rpartition("/")[2]


def test_a_form_is_checked_like_json(http: httpx.Client) -> None:
    file = {"file": ("data.jsonl", b"{}\n")}
    made = http.post("/files", files=file, data={"purpose": "fine-tune"}).json()
    assert (made["object"], made["filename"], made["bytes"], made["purpose"]) == ("file", "data.jsonl", 3, "fine-tune")
    response = http.post("/files", files=file, data={"purpose": "fun"})
    assert response.status_code == 400
    assert error(response)["param"] == "purpose"
    assert re.fullmatch(r"'fun' is not one of \['.*', 'fine-tune', .*'\] - 'purpose'", error(response)["message"])
    assert error(http.post("/files", data={"purpose": "fine-tune"}))["message"] == "Missing required parameter: 'file'."


def test_what_is_sent_leaves_no_trace_without_memory(http: httpx.Client) -> None:
    before = http.get("/vector_stores").json()
    http.post("/vector_stores", json={"name": "a shelf of its own"})
    assert http.get("/vector_stores").json() == before
    assert before["has_more"] is False


def test_lists_end(http: httpx.Client) -> None:
    for path in ("/files", "/batches", "/fine_tuning/jobs", "/vector_stores"):
        answer = http.get(path).json()
        assert (answer["object"], answer["has_more"]) == ("list", False)


def test_any_key_will_do_but_none_will_not(http: httpx.Client) -> None:
    assert http.get("/models", headers={"authorization": "Bearer x"}).status_code == 200
    anonymous = httpx.get(f"{http.base_url}models", trust_env=False, verify=False)
    assert anonymous.status_code == 401


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_first_request_of_a_newcomer(http: httpx.Client) -> None:
    url = f"http://localhost:{http.base_url.port}/v1/models"
    command = ["curl", "-i", url, "-H", "Authorization: Bearer sk_test"]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=True, env={**os.environ, "no_proxy": "*"}
    )
    head, _, body = ran.stdout.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.splitlines()
    assert status == "HTTP/1.1 200 OK"
    assert "content-type: application/json" in lines
    assert any(re.fullmatch(r"x-request-id: req_[0-9a-f]{32}", line) for line in lines)
    models = json.loads(body)
    assert models["object"] == "list"
    assert "gpt-4o" in {model["id"] for model in models["data"]}


def test_without_arguments_it_listens_on_the_first_free_port() -> None:
    command = [sys.executable, "-m", "openai_mock"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_MOCK_")}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            assert int(ready["url"].rpartition(":")[2]) in range(FIRST_PORT, FIRST_PORT + 100)
            health = httpx.get(f"{ready['url']}/health", trust_env=False, verify=False).json()
            assert (health["status"], health["operations"]) == ("ok", len(OPERATIONS))
        finally:
            process.terminate()
            assert process.wait(10) == 0 or os.name == "nt"


def test_http_and_https_and_http_2_where_the_client_supports_it() -> None:
    made = certificate(hosts_of("127.0.0.1"))
    trusting = ssl.create_default_context(cadata=made.authority.decode())
    headers = {"authorization": "Bearer sk_test"}
    with serve_in_thread(OpenAIMock(seed=1).handle, https=Https(made.context, 0)) as served:
        for url in (served.url, served.https_url):
            with httpx.Client(verify=trusting, trust_env=False, headers=headers) as client:
                assert client.get(f"{url}/v1/models").http_version == "HTTP/1.1"
        with httpx2.Client(verify=trusting, trust_env=False, headers=headers, http2=True) as client:
            response = client.get(f"{served.https_url}/v1/models")
        assert (response.status_code, response.http_version) == (200, "HTTP/2")
