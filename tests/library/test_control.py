"""The control API: what it does, who may ask, and what it says of itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from openai_mock import OpenAIMock
from openai_mock.config.load import load
from openai_mock.library.endpoints import reachable
from openai_mock.wire import Data, Handle, Head, Request, Wait

CONFIG = """
state:
  files: [{id: file-1, filename: a.txt, content: hello}]
responses:
  - id: greeting
    messages: [{role: user, content: Hi}, {role: assistant, content: Hello!}]
"""


class Client:
    """Asks one mock in process: the API with a key of the API, the control API without."""

    def __init__(self, mock: OpenAIMock) -> None:
        self.mock = mock
        self.http = httpx.Client(transport=mock.transport(httpx), base_url="http://localhost")

    def chat(self, text: str = "Hi", **more: Any) -> httpx.Response:
        headers = {"authorization": "Bearer sk-very-secret-123456", **more.pop("headers", {})}
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}
        return self.http.post("/v1/chat/completions", json=body, headers=headers)

    def said(self, text: str = "Hi") -> str:
        return str(self.chat(text).json()["choices"][0]["message"]["content"])

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **headers: Any) -> Any:
        answer = self.http.request(method, f"/_mock/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def client() -> Client:
    return Client(OpenAIMock(load(CONFIG, name="given.yaml", env={}), seed=1))


def refused(answer: Any) -> str:
    return str(answer["error"]["message"])


def test_rules_are_listed_added_replaced_and_deleted(client: Client) -> None:
    bye = {"id": "bye", "messages": [{"role": "user", "content": "Bye"}, {"role": "assistant", "content": "See you"}]}
    client.said()
    assert client.ask("GET", "rules") == {"rules": [{"id": "greeting", "where": "given.yaml:5", "calls": 1}]}
    client.ask("POST", "rules", [bye])
    assert (client.said("Hi"), client.said("Bye")) == ("Hello!", "See you")
    assert "There is a rule 'bye' already." in refused(client.ask("POST", "rules", bye, status=400))
    client.ask("PUT", "rules", [bye])
    assert client.chat("Hi").status_code == 400
    assert client.ask("DELETE", "rules?id=bye") == {"deleted": 1}
    assert client.ask("GET", "rules") == {"rules": []}
    client.ask("DELETE", "rules?id=bye", status=404)


def test_mistakes_are_told_and_change_nothing(client: Client) -> None:
    assert "responses[0]" in refused(client.ask("POST", "rules", [{"id": "x"}], status=400))
    assert "teapot" in refused(client.ask("PUT", "faults", [{"kind": "teapot"}], status=400))
    assert "requests_per_minut" in refused(client.ask("PUT", "limits", {"requests_per_minut": 1}, status=400))
    assert "There is no parameter 'name' here" in refused(client.ask("DELETE", "rules?name=x", status=400))
    assert refused(client.ask("POST", "state", {"planets": [{}]}, status=400))
    assert "Give what GET /_mock/state answered" in refused(client.ask("PUT", "state", {"objects": 1}, status=400))
    assert client.said() == "Hello!"


def test_the_environment_stays_hidden(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "tell-nobody")
    said = [{"role": "user", "content": "Leak"}, {"role": "assistant", "content": "${MY_SECRET}"}]
    client.http.post("/_mock/rules", json=[{"id": "leak", "messages": said}])
    assert "tell-nobody" not in client.chat("Leak").text


def test_faults_and_limits_change_at_run_time(client: Client) -> None:
    client.ask("PUT", "faults", [{"kind": "rate_limit", "calls": "first 1"}])
    assert client.ask("GET", "faults")["faults"][0]["kind"] == "rate_limit"
    assert [client.chat().status_code for _ in range(2)] == [429, 200]
    client.ask("DELETE", "faults")
    client.ask("PUT", "limits", {"requests_per_minute": 1, "per": "key"})
    assert [client.chat().status_code for _ in range(2)] == [200, 429]
    shown = client.ask("GET", "limits")
    assert shown["limits"]["rates"]["requests_per_minute"] == 1
    assert shown["callers"][0]["left"][0]["remaining"] == 0
    client.ask("DELETE", "limits")
    assert client.chat().status_code == 200


def test_state_is_taken_brought_back_added_to_and_begun_again(client: Client) -> None:
    def files() -> list[str]:
        listed = client.http.get("/v1/files", headers={"authorization": "Bearer sk"})
        return [each["id"] for each in listed.json()["data"]]

    taken = client.ask("GET", "state")
    client.ask("POST", "state", {"files": [{"id": "file-2", "content": "more"}]})
    assert files() == ["file-2", "file-1"]
    client.ask("PUT", "state", taken)
    assert files() == ["file-1"]
    client.mock.state().delete("/files", "file-1")
    client.ask("DELETE", "state")
    assert files() == ["file-1"]
    content = client.http.get("/v1/files/file-1/content", headers={"authorization": "Bearer sk"})
    assert content.text == "hello"
    client.ask("POST", "state?session=other", {"files": [{"id": "file-9"}]})
    assert files() == ["file-1"]
    assert client.ask("GET", "sessions") == {"sessions": ["other"]}


def test_the_journal_has_all_of_an_exchange_and_no_secret(client: Client) -> None:
    client.chat(store=True, metadata={"api_key": "hunter2"}, headers={"x-mock-session": "mine"})
    client.chat("Nothing fits")
    client.ask("GET", "journal")
    data = client.ask("GET", "journal")["data"]
    assert [each["status"] for each in data] == [200, 400]
    first, second = data
    assert first["operation"] == "chat.completions.create"
    assert (first["rule"], first["session"], first["model"]) == ("greeting", "mine", "gpt-4o")
    assert first["tokens"] == {"prompt": 8, "completion": 2}
    assert first["request"]["body"]["messages"][0]["content"] == "Hi"
    assert first["response"]["body"]["choices"][0]["message"]["content"] == "Hello!"
    assert first["time"] == "2026-01-01T00:00:00.000Z"
    assert "hunter2" not in str(data)
    assert "very-secret" not in str(data)
    assert second["nearest"][0]["id"] == "greeting"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [1, 2, 3]), ("status=4xx", [2]), ("status=200", [1, 3]), ("rule=greet*", [1, 3]), ("since=2", [3]),
     ("operation=chat.*&limit=1", [3]), ("session=s", [3]), ("operation=files.*", [])],
)  # fmt: skip
def test_the_journal_is_filtered(client: Client, query: str, numbers: list[int]) -> None:
    client.chat()
    client.chat("Nothing fits")
    client.chat(headers={"x-mock-session": "s"})
    assert [each["number"] for each in client.ask("GET", f"journal?{query}")["data"]] == numbers


def test_a_wrong_filter_is_told(client: Client) -> None:
    for query, word in (("state=1", "'state'"), ("since=x", "'since'"), ("status=many", "'status'")):
        assert word in refused(client.ask("GET", f"journal?{query}", status=400))


def test_the_mocks_own_urls_are_not_in_the_journal_and_displace_nothing() -> None:
    client = Client(OpenAIMock(seed=1, history=2))
    client.chat("one")
    client.chat("two")
    for _ in range(5):
        client.ask("GET", "clock")
    assert [each["number"] for each in client.ask("GET", "journal")["data"]] == [1, 2]


def test_calls_are_verified_with_the_difference_to_the_closest(client: Client) -> None:
    client.chat(temperature=0.5)
    wanted = {"operation": "chat.completions.create", "where": {"$.messages[-1].content": "Hi", "temperature": 0.5}}
    assert client.ask("POST", "verify", wanted) == {"ok": True, "matched": 1, "calls": 1}
    wanted["where"] = {"messages[0].content": "Ho", "temperature": 0.5}
    error = client.ask("POST", "verify", wanted, status=409)["error"]
    assert (error["ok"], error["matched"], error["calls"]) == (False, 0, 1)
    assert "messages__0__content:" in error["message"]
    assert "as wanted: temperature" in error["message"]
    client.ask("POST", "verify", {"operation": "files.*", "never": True})
    client.ask("POST", "verify", {"count": 1})
    client.ask("POST", "verify", {"at_least": 1, "at_most": 1})
    client.ask("POST", "verify", {"count": 2}, status=409)
    client.ask("POST", "verify", {"at_most": 0}, status=409)
    client.ask("POST", "verify", {"never": True}, status=409)


@pytest.mark.parametrize(
    "path", ["metadata['a.b']", 'metadata["c[0]"]', "metadata.d__e", "$['metadata'].d__e", "messages[-2].name"]
)
def test_a_path_reaches_keys_in_quotes_and_items_from_the_end(client: Client, path: str) -> None:
    messages = [{"role": "user", "name": "x", "content": "Hi"}, {"role": "user", "content": "Hi"}]
    client.chat(metadata={"a.b": "x", "c[0]": "x", "d__e": "x"}, store=True, messages=messages)
    client.ask("POST", "verify", {"where": {path: "x"}})
    client.ask("POST", "verify", {"where": {path: "y"}}, status=409)


def test_no_credential_is_told_of_a_call_that_nothing_answered(client: Client) -> None:
    client.chat("Not this: sk-proj-abcdefgh")
    told = client.ask("GET", "journal")["data"][0]
    assert told["nearest"]
    assert "abcdefgh" not in str(told)
    order = {"where": {"messages[-1].content": "Hi"}}
    assert "sk-" not in client.ask("POST", "verify", order, status=409)["error"]["message"]
    assert "abcdefgh" not in client.mock.report()


@pytest.mark.parametrize(
    "order",
    [
        [],
        {"time": 1},
        {"operation": "chat.completion.create"},
        {"count": -1},
        {"count": 1, "never": True},
        {"where": 3},
    ],
)
def test_a_wrong_verification_is_told(client: Client, order: Any) -> None:
    assert refused(client.ask("POST", "verify", order, status=400))


def test_metrics_count_what_was_and_what_comes(client: Client) -> None:
    client.chat()
    assert 'requests_total{operation="chat.completions.create",status="200",rule="greeting"} 1' in metrics(client)
    client.chat()
    client.chat("Nothing fits")
    text = metrics(client)
    assert 'requests_total{operation="chat.completions.create",status="200",rule="greeting"} 2' in text
    assert 'tokens_total{operation="chat.completions.create",kind="prompt"} 16' in text
    assert 'request_seconds_bucket{operation="chat.completions.create",le="+Inf"} 3' in text
    assert "openai_mock_unmatched_total 1\n" in text


def test_metrics_count_tokens_once_however_often_an_answer_is_read(client: Client) -> None:
    metrics(client)
    made = client.chat(store=True).json()
    sent, path = {"authorization": "Bearer sk"}, f"/v1/chat/completions/{made['id']}"
    for _ in range(3):
        assert client.http.get(path, headers=sent).json()["usage"] == made["usage"]
    assert client.http.post(path, headers=sent, json={"metadata": {"a": "b"}}).json()["usage"] == made["usage"]
    counts = [line.split()[1] for line in metrics(client).splitlines() if line.startswith("openai_mock_tokens_total{")]
    assert sorted(counts) == sorted(str(made["usage"][f"{name}_tokens"]) for name in ("prompt", "completion"))


def metrics(client: Client) -> str:
    answer = client.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def test_only_the_control_key_opens_where_there_is_one() -> None:
    client = Client(OpenAIMock(seed=1, control_key="let-me-in"))
    client.ask("GET", "rules", status=403)
    client.ask("GET", "rules", status=403, authorization="Bearer let-me-in")
    client.ask("GET", "rules", None, 403, **{"x-mock-control-key": "let-me-i"})
    client.ask("GET", "rules", None, 200, **{"x-mock-control-key": "let-me-in"})
    client.ask("GET", "ready")


def test_control_can_be_off_and_no_page_of_another_host_may_use_it() -> None:
    off = Client(OpenAIMock(seed=1, control=False))
    assert "is off" in refused(off.ask("GET", "rules", status=403))
    on = Client(OpenAIMock(seed=1))
    on.ask("GET", "rules", origin="http://localhost:3000")
    for origin in ("https://evil.test", "null", "http://127.0.0.1.evil.test", "http://[bad"):
        on.ask("GET", "rules", status=403, origin=origin)


def test_a_server_beyond_this_machine_is_closed_without_a_key() -> None:
    for key, status in ((None, 403), ("k", 200)):
        with OpenAIMock(seed=1, control_key=key).serve("0.0.0.0") as server:
            url = server.url.replace("0.0.0.0", "127.0.0.1")
            with httpx.Client(base_url=url, trust_env=False, headers={"x-mock-control-key": "k"}) as http:
                assert http.get("/_mock/rules").status_code == status
                assert http.get("/_mock/ready").status_code == 200
                assert http.get("/health").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:1", "LOCALHOST.", "a.localhost:80", "[::1]:5", "10.0.0.7", "build", ""])
def test_the_control_api_answers_to_names_of_this_machine(host: str) -> None:
    handle = reachable(OpenAIMock().handle, "127.0.0.1", None, ["Build"])
    assert status(handle, "/_mock/rules", host) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:12111", "127.0.0.1.nip.io", "[", "xn--a"])
def test_a_name_that_others_point_here_controls_nothing(host: str) -> None:
    handle = reachable(OpenAIMock().handle, "127.0.0.1", None)
    assert status(handle, "/_mock/rules", host) == status(handle, "/v1/_mock/rules", host) == 403
    assert status(handle, "/_mock/ready", host) == status(handle, "/health", host) == 200
    assert status(handle, "/v1/models", host) == 200
    keyed = reachable(OpenAIMock(control_key="k").handle, "127.0.0.1", "k")
    assert status(keyed, "/_mock/rules", host, **{"x-mock-control-key": "k"}) == 200


def test_the_refusal_of_a_name_says_what_to_do() -> None:
    with OpenAIMock().serve() as server:
        refused = httpx.get(f"{server.url}/_mock/rules", headers={"host": "evil.example"})
    assert refused.status_code == 403
    assert "does not answer to the name evil.example. Use 127.0.0.1 or localhost" in refused.json()["error"]["message"]


def status(handle: Handle, path: str, host: str, **headers: str) -> int:
    """The status of an answer."""
    steps = handle(Request("GET", path, "", {"host": host, "authorization": "Bearer x", **headers}))
    head = next(step for step in steps if isinstance(step, Head))
    return head.status


def test_the_journal_streams_each_exchange_as_it_ends() -> None:
    mock = OpenAIMock(load(CONFIG, name="given.yaml", env={}), seed=1)
    with mock.serve() as server, httpx.Client(base_url=server.url, trust_env=False) as http:
        with http.stream("GET", "/_mock/journal/stream?operation=chat.*") as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": the journal follows"
            Client(mock).chat()
            found = next(line for line in lines if line.startswith("data: "))
        assert '"rule":"greeting"' in found
    assert len(mock.journal.entries) == 1


def test_who_stops_listening_to_the_journal_leaves_nothing_behind() -> None:
    mock = OpenAIMock(seed=1)
    steps = mock.handle(Request("GET", "/_mock/journal/stream"))
    assert [type(next(steps)) for _ in range(3)] == [Head, Data, Wait]
    assert len(mock.journal.listeners) == 1
    steps.close()
    assert not mock.journal.listeners
    assert not mock.journal.entries
    assert [type(step) for step in mock.handle(Request("HEAD", "/_mock/journal/stream"))] == [Head]


def test_a_stream_that_begins_earlier_has_what_is_kept() -> None:
    client = Client(OpenAIMock(seed=1))
    for text in ("one", "two", "three"):
        client.chat(text)
    steps = client.mock.handle(Request("GET", "/_mock/journal/stream", "since=1"))
    sent = [step.chunk for step in (next(steps) for _ in range(4)) if isinstance(step, Data)]
    steps.close()
    assert [chunk.partition(b"\n")[0] for chunk in sent] == [b": the journal follows", b"id: 2", b"id: 3"]


def test_the_journal_knows_when_an_answer_was_due() -> None:
    client = Client(OpenAIMock(seed=1, pace={"delay": "2s"}, virtual_time=True))
    client.http.get("/v1/models", headers={"authorization": "Bearer sk"})
    assert client.ask("GET", "journal")["data"][0]["intended_seconds"] == 2.0


def test_a_pace_is_set_and_entries_keep_theirs() -> None:
    text = (
        "responses: [{id: late, delay: 4s, messages: [{role: user, content: late}, {role: assistant, content: Ok}]},"
        " {id: usual, messages: [{role: user, content: usual}, {role: assistant, content: Ok}]}]"
    )
    plan = load(text, name="late.yaml", env={})
    client = Client(OpenAIMock(plan, seed=1, pace={"delay": "2s"}, virtual_time=True))
    client.chat("late")
    client.chat("usual")
    client.ask("PUT", "pace", {"delay": "3s"})
    client.chat("late")
    client.chat("usual")
    client.ask("DELETE", "pace")
    client.chat("usual")
    kept = client.ask("GET", "journal")["data"]
    assert [entry["intended_seconds"] for entry in kept] == [4.0, 2.0, 4.0, 3.0, None]


def test_metrics_know_the_streams_under_way(client: Client) -> None:
    body = b'{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}'
    headers = {"authorization": "Bearer sk", "content-type": "application/json"}
    steps = client.mock.handle(Request("POST", "/v1/chat/completions", "", headers, body))
    next(steps)
    assert "openai_mock_streams_in_flight 1\n" in metrics(client)
    steps.close()
    assert "openai_mock_streams_in_flight 0\n" in metrics(client)


def test_the_document_describes_every_endpoint(client: Client) -> None:
    document = client.ask("GET", "openapi.json")
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == set(client.mock._machine.local)
