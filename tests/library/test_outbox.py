"""Webhooks of a mock in process: which events there are, when they come, and to whom."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import httpx
import pytest
from receiver import receiving

from openai_mock import OpenAIMock
from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.doors.post import Post
from openai_mock.engine.webhooks import signature
from openai_mock.stores.sqlite import SQLite

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
LINE = json.dumps({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": CHAT})
BATCH = {"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
LATER = {"model": "gpt-4o", "input": "Hi", "background": True}


class Receiver:
    """Takes events as an endpoint does, and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.posts = status, list[Post]()

    def __call__(self, post: Post) -> int:
        self.posts.append(post)
        return self.status

    @property
    def events(self) -> list[Any]:
        return [json.loads(post.body) for post in self.posts]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


class Client:
    """Asks a mock over one session."""

    def __init__(self, mock: OpenAIMock, session: str = "") -> None:
        self.mock = mock
        self.http = httpx.Client(
            transport=mock.transport(httpx),
            base_url="https://api.openai.com/v1",
            headers={"authorization": "Bearer sk-test", "x-mock-session": session},
        )
        mock.put("files", {"id": "file-in", "purpose": "batch", "content": LINE}, session=session)
        mock.put("files", {"id": "file-bad", "purpose": "batch", "content": "no JSON"}, session=session)

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(path).json()
        return found


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def client(receiver: Receiver) -> Client:
    return Client(OpenAIMock(seed=1, webhooks=receiver))


def eval_run(client: Client) -> str:
    content = {"source": {"type": "file_content", "content": [{"item": {"q": "a"}}]}, "type": "jsonl"}
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    config = {"type": "custom", "item_schema": schema}
    grader = {
        "type": "string_check", "name": "same", "input": "{{item.q}}", "reference": "{{item.q}}", "operation": "eq",
    }  # fmt: skip
    made = client.post("/evals", {"name": "E", "data_source_config": config, "testing_criteria": [grader]})
    run = client.post(f"/evals/{made['id']}/runs", {"name": "R", "data_source": content})
    return str(run["id"])


def cancelled(client: Client, path: str, body: Any) -> str:
    made = client.post(path, body)
    client.post(f"{path}/{made['id']}/cancel")
    return str(made["id"])


CAUSES: dict[str, Callable[[Client], str]] = {
    "batch.completed": lambda client: client.post("/batches", BATCH)["id"],
    "batch.failed": lambda client: client.post("/batches", {**BATCH, "input_file_id": "file-bad"})["id"],
    "batch.cancelled": lambda client: cancelled(client, "/batches", BATCH),
    "response.completed": lambda client: client.post("/responses", LATER)["id"],
    "response.incomplete": lambda client: client.post("/responses", {**LATER, "max_output_tokens": 16})["id"],
    "response.cancelled": lambda client: cancelled(client, "/responses", LATER),
    "video.completed": lambda client: client.post("/videos", {"prompt": "A cat"})["id"],
    "eval.run.succeeded": eval_run,
}


def saying(text: str) -> Plan:
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}]
    return load(json.dumps([{"id": "x", "messages": talk}]), name="x", env={})


def dropping(port: int) -> Plan:
    return load(f'webhooks: [{{url: "http://127.0.0.1:{port}/", mode: drop}}]', name="x", env={})


@pytest.mark.parametrize("policy", ["polls=2", "seconds=60", "instant"])
@pytest.mark.parametrize("type_", CAUSES)
def test_an_end_is_told_though_nobody_asks(type_: str, policy: str, receiver: Receiver) -> None:
    if policy == "instant" and type_.endswith("cancelled"):
        return
    long = "A story that goes on and on, " * 20
    mock = OpenAIMock(saying(long), seed=1, webhooks=receiver, lifecycle=policy)
    id_ = CAUSES[type_](Client(mock))
    mock.clock.advance(minutes=2)
    assert mock.outbox.wait()
    (event,) = receiver.events
    assert {**event, "created_at": 0, "id": ""} == {
        "object": "event", "id": "", "type": type_, "data": {"id": id_}, "created_at": 0,
    }  # fmt: skip
    assert event["id"].startswith("evt_")
    if policy == "seconds=60" and type_.endswith(("completed", "incomplete", "succeeded")):
        assert event["created_at"] == 1_767_225_660


def test_a_fine_tuning_job_is_told_of(receiver: Receiver) -> None:
    rows = [{"messages": [*CHAT["messages"], {"role": "assistant", "content": "Hello"}]}] * 10
    mock = OpenAIMock(seed=1, webhooks={"url": "http://127.0.0.1:9/", "events": "batch.*"})
    mock.outbox.add(receiver, events="fine_tuning.job.*")
    client = Client(mock)
    mock.put("files", {"id": "file-ft", "purpose": "fine-tune", "content": "\n".join(map(json.dumps, rows))})
    job = client.post("/fine_tuning/jobs", {"model": "gpt-4o-mini-2024-07-18", "training_file": "file-ft"})
    mock.clock.advance(hours=1)
    assert [(each["type"], each["data"]["id"]) for each in receiver.events] == [
        ("fine_tuning.job.succeeded", job["id"])
    ]


def test_a_batch_expires_unread(receiver: Receiver) -> None:
    client = Client(OpenAIMock(seed=1, webhooks=receiver, lifecycle="seconds=7d"))
    client.post("/batches", BATCH)
    client.mock.clock.advance(hours=23)
    assert receiver.types == []
    client.mock.clock.advance(hours=2)
    assert receiver.types == ["batch.expired"]
    assert receiver.events[0]["created_at"] == 1_767_225_600 + 86_400


def test_a_response_fails(receiver: Receiver) -> None:
    entry = {
        "id": "broken",
        "matcher": {"type": "exact", "messages": [{"role": "user", "content": "Hi"}]},
        "response": {"status": "failed", "error": {"code": "server_error", "message": "Sorry"}, "output": []},
    }
    mock = OpenAIMock(load(json.dumps([entry]), name="x", env={}), seed=1, webhooks=receiver)
    Client(mock).post("/responses", LATER)
    mock.clock.advance(hours=1)
    assert receiver.types == ["response.failed"]


def test_a_decorated_test_leaves_no_endpoint_behind(receiver: Receiver) -> None:
    mock = OpenAIMock(seed=1)

    @mock
    def test() -> None:
        mock.outbox.add(receiver)
        assert len(mock.outbox.endpoints()) == 1

    test()
    assert mock.outbox.endpoints() == []


def test_an_endpoint_that_is_removed_is_not_told_again(client: Client, receiver: Receiver) -> None:
    receiver.status = 500
    client.post("/responses", LATER)
    client.mock.clock.advance(2)
    client.mock.outbox.remove()
    client.mock.clock.advance(hours=1)
    assert len(receiver.posts) == 1
    (delivery,) = client.mock.outbox.deliveries
    assert (delivery.state, delivery.attempts[-1].error) == ("dropped", "the endpoint was deleted")


def test_a_session_that_is_forgotten_is_not_called_back(receiver: Receiver) -> None:
    mock = OpenAIMock(seed=1, webhooks=receiver)
    Client(mock, "mine").post("/responses", LATER)
    for number in range(1_001):
        mock.state(f"other-{number}")
    mock.clock.advance(hours=1)
    assert receiver.posts == []
    assert len(mock._worlds.sessions.names) == 1_000


def test_no_secret_stands_in_the_journal(client: Client) -> None:
    order = {"name": "J", "url": "https://a.test/", "event_types": ["batch.failed"]}
    secret = client.post("/webhook_endpoints", order)["signing_secret"]
    journal = client.http.get("https://api.openai.com/_mock/journal").text
    assert "webhook_endpoints" in journal
    assert secret not in journal


def test_a_response_in_the_foreground_is_no_event_and_one_in_a_stream_is(client: Client, receiver: Receiver) -> None:
    client.post("/responses", {**LATER, "background": False})
    client.http.post("/responses", json={**LATER, "stream": True})
    assert client.mock.outbox.wait()
    assert receiver.types == ["response.completed"]


def test_whoever_reads_first_makes_the_event_and_nobody_makes_it_twice(client: Client, receiver: Receiver) -> None:
    id_ = client.post("/responses", LATER)["id"]
    while client.get(f"/responses/{id_}")["status"] != "completed":
        pass
    client.mock.clock.advance(hours=1)
    client.get(f"/responses/{id_}")
    assert receiver.types == ["response.completed"]


def test_events_come_in_the_order_in_which_they_happened(receiver: Receiver) -> None:
    client = Client(OpenAIMock(seed=1, webhooks=receiver, lifecycle={"batches": "seconds=30", "videos": "seconds=12"}))
    good = client.post("/batches", BATCH)["id"]
    client.mock.clock.advance(5)
    bad = client.post("/batches", {**BATCH, "input_file_id": "file-bad"})["id"]
    video = client.post("/videos", {"prompt": "A cat"})["id"]
    client.mock.clock.advance(hours=24)
    assert [(each["data"]["id"], each["created_at"] - 1_767_225_600) for each in receiver.events] == [
        (bad, 15), (video, 17), (good, 30),
    ]  # fmt: skip


def test_a_day_with_a_thousand_open_batches_takes_less_than_a_second(client: Client, receiver: Receiver) -> None:
    for _ in range(1_000):
        client.post("/batches", BATCH)
    began = process_time()
    client.mock.clock.advance(hours=24)
    assert process_time() - began < 1
    assert receiver.types == ["batch.completed"] * 1_000


def test_without_an_endpoint_nothing_waits_and_nothing_runs() -> None:
    client = Client(OpenAIMock(seed=1))
    client.post("/batches", BATCH)
    client.post("/responses", LATER)
    assert len(client.mock.outbox._agenda) == 0
    assert "_courier" not in vars(client.mock.outbox)


def test_a_mock_that_nobody_asked_runs_no_thread() -> None:
    mock = OpenAIMock(dropping(9), webhooks="http://127.0.0.1:9/")
    assert len(mock.outbox.endpoints()) == 2
    assert "_courier" not in vars(mock.outbox)


def test_a_url_is_reached_also_where_the_network_is_blocked() -> None:
    with receiving() as receiver, OpenAIMock(seed=1, webhooks=receiver.url, block_network=True) as mock:
        mock.outbox.send("batch.completed")
        assert mock.outbox.wait()
        assert len(receiver.got) == 1


def test_an_endpoint_that_wants_something_else_is_told_nothing(receiver: Receiver) -> None:
    mock = OpenAIMock(seed=1)
    mock.outbox.add(receiver, events=["video.*", "batch.failed"])
    client = Client(mock)
    client.post("/responses", LATER)
    client.post("/batches", BATCH)
    mock.clock.advance(hours=1)
    assert receiver.types == []


def test_a_delivery_is_signed_and_tried_again_with_the_same_id_as_the_clock_moves(receiver: Receiver) -> None:
    receiver.status = 503
    mock = OpenAIMock(seed=1, webhooks=receiver)
    client = Client(mock)
    client.post("/responses", LATER)
    mock.clock.advance(2)
    assert len(receiver.posts) == 1
    mock.clock.advance(5)
    assert len(receiver.posts) == 2
    receiver.status = 204
    mock.clock.advance(hours=1)
    assert len(receiver.posts) == 3
    (delivery,) = mock.outbox.deliveries
    assert (delivery.state, [each.status for each in delivery.attempts]) == ("delivered", [503, 503, 204])
    assert [each.at - delivery.at for each in delivery.attempts] == [0, 5, 15]
    secret = mock.outbox.endpoints()[0].secrets[0]
    for post in receiver.posts:
        sent = post.headers
        assert sent["webhook-id"] == delivery.id
        stamp = int(sent["webhook-timestamp"])
        assert abs(stamp - time.time()) < 60  # a receiver compares it with its own clock
        assert sent["webhook-signature"] == signature(secret, delivery.id, stamp, post.body)


def test_what_a_function_raises_is_a_failure_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Post) -> None:
        raise KeyError("nobody knows")

    mock = OpenAIMock(seed=1, webhooks=broken)
    mock.outbox.send("batch.completed")
    mock.clock.advance(hours=73)
    (delivery,) = mock.outbox.deliveries
    assert delivery.state == "failed"
    assert delivery.attempts[0].error == "KeyError: 'nobody knows'"
    assert len(caplog.records) == 1
    assert "did not take batch.completed: KeyError: 'nobody knows'" in caplog.text


def test_an_async_function_is_awaited() -> None:
    got = list[Post]()

    async def receive(post: Post) -> None:
        await asyncio.sleep(0)
        got.append(post)

    mock = OpenAIMock(seed=1, webhooks=receive)
    mock.outbox.send("batch.completed")
    assert mock.outbox.wait()
    assert len(got) == 1


def test_a_function_may_ask_the_mock(client: Client) -> None:
    seen = list[str]()

    def look(post: Post) -> None:
        seen.append(client.get(f"/responses/{json.loads(post.body)['data']['id']}")["status"])
        client.mock.clock.advance(1)
        client.mock.outbox.send("batch.completed")
        assert not client.mock.outbox.wait(timeout=60)  # it would wait for itself

    client.mock.outbox.add(look, events="response.*")
    client.post("/responses", LATER)
    client.mock.clock.advance(hours=1)
    assert seen == ["completed"]


def test_with_a_running_clock_time_does_it_by_itself(receiver: Receiver) -> None:
    client = Client(OpenAIMock(webhooks=receiver, lifecycle="seconds=0.05"))
    client.post("/responses", LATER)
    deadline = time.monotonic() + 10
    while not receiver.posts and time.monotonic() < deadline:
        time.sleep(0.01)
    assert receiver.types == ["response.completed"]


def test_sessions_hear_of_themselves_alone(receiver: Receiver) -> None:
    mock, everyone = OpenAIMock(seed=1), Receiver()
    mine, other = Client(mock, "mine"), Client(mock, "other")
    mock.outbox.add(receiver, session="mine")
    mock.outbox.add(everyone)
    id_ = mine.post("/responses", LATER)["id"]
    other.post("/responses", LATER)
    mock.clock.advance(hours=1)
    assert [each["data"]["id"] for each in receiver.events] == [id_]
    assert len(everyone.posts) == 2
    assert {each.session for each in mock.outbox.deliveries} == {"mine", "other"}


def test_who_comes_later_still_hears_of_the_end(receiver: Receiver) -> None:
    mock = OpenAIMock(seed=1)
    client, other = Client(mock), Client(mock, "other")
    client.post("/batches", BATCH)
    other.post("/videos", {"prompt": "A cat"})
    eval_run(client)
    mock.outbox.add(receiver)
    mock.clock.advance(hours=1)
    assert sorted(receiver.types) == ["batch.completed", "eval.run.succeeded", "video.completed"]


def test_a_file_that_survives_has_open_objects(receiver: Receiver, tmp_path: Any) -> None:
    store = SQLite(tmp_path / "x.db")
    Client(OpenAIMock(seed=1, store=store)).post("/batches", BATCH)
    mock = OpenAIMock(
        load('webhooks: [{url: "http://127.0.0.1:9/", mode: drop}]', name="x", env={}), seed=1, store=store
    )
    mock.clock.advance(hours=1)
    assert [each.type for each in mock.outbox.deliveries] == ["batch.completed"]
    store.close()


def test_a_reload_changes_who_is_told(receiver: Receiver) -> None:
    mock = OpenAIMock(dropping(9), seed=1)
    mock.outbox.add(receiver)
    before = mock.outbox.endpoints()
    mock.replace(dropping(10))
    assert [each.url for each in mock.outbox.endpoints()] == ["http://127.0.0.1:10/", before[1].url]
    assert mock.outbox.remove() == 2
    assert mock.outbox.endpoints() == []


def test_a_reset_forgets_what_was_to_come(client: Client, receiver: Receiver) -> None:
    client.post("/responses", LATER)
    client.mock.reset()
    client.mock.clock.advance(hours=1)
    assert (receiver.posts, client.mock.outbox.deliveries) == ([], [])
    assert len(client.mock.outbox.endpoints()) == 1


def test_a_seeded_mock_sends_the_same_each_time() -> None:
    def bodies() -> Iterator[tuple[str, bytes]]:
        receiver = Receiver()
        client = Client(OpenAIMock(seed=1, webhooks=[receiver, {"url": "http://127.0.0.1:9/", "mode": "drop"}]))
        for cause in CAUSES.values():
            cause(client)
        client.mock.clock.advance(hours=1)
        return ((post.headers["webhook-id"], post.body) for post in receiver.posts)

    assert [*bodies()] == [*bodies()]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("nowhere", "webhook: url: 'nowhere' is no URL to send events to"),
        ({"secret": "x"}, "the key 'url'"),
        ({"url": "http://a.test", "events": "video.*", "every": 1}, "webhook: every"),
        ({"url": "http://a.test", "mode": {"late": 2}}, "webhook: mode.late: expected a number from 0 to 1"),
        (7, "webhook: url: expected a string"),
    ],
)
def test_what_is_no_webhook(wrong: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        OpenAIMock().outbox.add(wrong)


def test_an_unknown_event_cannot_be_sent(client: Client) -> None:
    with pytest.raises(ValueError, match=r"There is no event 'batch\.done'; there are batch\.completed, "):
        client.mock.outbox.send("batch.done")
