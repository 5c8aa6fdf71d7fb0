"""Several processes answer as one."""

from __future__ import annotations

import json
from collections import Counter

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock import OpenAIMock
from openai_mock.doors.drive import aframes
from openai_mock.doors.peers import Told
from openai_mock.engine.metrics import Metrics
from openai_mock.library.workers import added, joined
from openai_mock.wire import Data, Head

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


class Here:
    """The other processes, in this one."""

    def __init__(self, handles, number=1):
        self.handles, self.number, self.count = handles, number, len(handles)
        self.silent = set()
        self.files = {}

    async def alone(self, handle, request):
        return await self._told(self.number, handle, request)

    async def others(self, request):
        numbers = (each for each in range(1, self.count + 1) if each != self.number and each not in self.silent)
        return [await self._told(each, self.handles[each - 1], request) for each in numbers]

    async def _told(self, number, handle, request):
        frames = [frame async for frame in aframes(handle(request))]
        body = b"".join(frame.chunk for frame in frames if isinstance(frame, Data))
        head = next(frame for frame in frames if isinstance(frame, Head))
        return Told(number, number * 1000, head.status, [*head.headers], body)

    def keep(self, told):
        self.files.update({each.process: each.body for each in told})

    def kept(self, *, besides):
        here = {each.process for each in besides}
        return [body for process, body in self.files.items() if process not in here]


@pytest.fixture
def pair():
    mocks = [OpenAIMock(), OpenAIMock()]
    peers = Here([mock.handle for mock in mocks])
    return mocks, peers


async def asked(peers, method, path, body=None):
    """What worker 1 answers for both."""
    from openai_mock.wire import Request

    path, _, query = path.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    request = Request(method, path, query, {"content-type": "application/json", "authorization": "Bearer x"}, content)
    frames = [frame async for frame in aframes(joined(peers.handles[0], peers)(request))]
    body = b"".join(frame.chunk for frame in frames if isinstance(frame, Data))
    assert dict(frames[0].headers).get(b"content-length", b"%d" % len(body)) == b"%d" % len(body)
    return frames[0].status, body


async def told(peers, method, path, body=None):
    status, text = await asked(peers, method, path, body)
    return status, json.loads(text)


def chat(mock, times=1):
    with httpx.Client(
        transport=mock.transport(httpx), base_url="http://x/v1", headers={"authorization": "Bearer x"}
    ) as c:
        for _ in range(times):
            c.post("/chat/completions", json=HELLO).raise_for_status()


def counted(text):
    line = next(line for line in text.decode().splitlines() if line.startswith("openai_mock_requests_total{"))
    return int(line.rpartition(" ")[2])


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**9)), min_size=1, max_size=4))
def test_counters_of_processes_add_up(workers):
    head = "# HELP n about\n# TYPE n counter\n"
    texts = [head + "".join(f'n{{l="{name}"}} {value}\n' for name, value in each.items()) for each in workers]
    total = Counter()
    for each in workers:
        total.update(each)
    lines = added(texts).decode().splitlines()
    assert lines[:2] == head.splitlines()
    assert {line[5]: int(line.split()[1]) for line in lines[2:]} == {
        k: v for k, v in total.items() if any(k in w for w in workers)
    }


def test_metrics_of_one_process_stay_as_they_are():
    mock = OpenAIMock()
    chat(mock, 3)
    mock.journal.entries[-1].rule = "one\u2028two\rthree"
    metrics = Metrics(mock.journal)
    assert "two" in metrics.text()
    assert added([metrics.text()]).decode() == metrics.text()


async def test_metrics_are_the_sum_and_never_fall(pair):
    mocks, peers = pair
    await asked(peers, "GET", "/metrics")
    chat(mocks[0], 3)
    chat(mocks[1], 4)
    assert counted((await asked(peers, "GET", "/metrics"))[1]) == 7
    peers.silent.add(2)  # worker 2 died
    chat(mocks[0], 2)
    status, text = await asked(peers, "GET", "/metrics")
    assert (status, counted(text)) == (200, 9)
    assert text.count(b'le="+Inf"') == 1
    assert b"openai_mock_streams_in_flight 0\n" in text


async def test_the_journal_is_that_of_all_in_order(pair):
    mocks, peers = pair
    for second, mock in enumerate((*mocks, *mocks)):
        mock.clock.travel(1_800_000_000 + second)
        chat(mock)
    _, found = await told(peers, "GET", "/_mock/journal")
    assert found["workers"] == 2
    assert [entry["worker"] for entry in found["data"]] == [1, 2, 1, 2]
    _, found = await told(peers, "GET", "/_mock/journal?limit=1")
    assert [entry["worker"] for entry in found["data"]] == [2]
    status, refused = await told(peers, "GET", "/_mock/journal?since=1")
    assert (status, "numbers its own" in refused["error"]["message"]) == (400, True)


async def test_verification_counts_the_calls_of_all(pair):
    mocks, peers = pair
    chat(mocks[0], 2)
    chat(mocks[1], 1)
    order = {"operation": "chat.completions.create", "count": 3}
    assert await told(peers, "POST", "/_mock/verify", order) == (
        200,
        {"ok": True, "matched": 3, "calls": 3, "workers": 2},
    )
    status, found = await told(peers, "POST", "/_mock/verify", {**order, "count": 2})
    assert (status, found["error"]["matched"]) == (409, 3)
    assert "was to be called 2 times, but was called 3 times." in found["error"]["message"]
    status, found = await told(peers, "POST", "/_mock/verify", {**order, "where": {"model": "other"}})
    assert (status, found["error"]["calls"]) == (409, 3)
    assert "+ 'gpt-4o'" in found["error"]["message"]
    assert (await told(peers, "POST", "/_mock/verify", {"operation": "nothing"}))[0] == 400


async def test_load_coverage_rules_and_sessions_are_those_of_all(pair):
    mocks, peers = pair
    assert (await told(peers, "GET", "/_mock/load"))[1]["workers"] == 2
    assert (await told(peers, "GET", "/_mock/load?x=1"))[0] == 400
    assert all(mock.punctuality.measuring for mock in mocks)
    assert len((await told(peers, "GET", "/_mock/load?histograms=true"))[1]["histograms"]) == 2
    chat(mocks[0], 1)
    chat(mocks[1], 1)
    mocks[1].state("tests")
    _, covered = await told(peers, "GET", "/_mock/coverage")
    calls = {row["operation"]: row["calls"] for row in covered["operations"]}
    assert calls["chat.completions.create"] == 2
    assert covered["counts"]["called"] == 1
    assert (await told(peers, "GET", "/_mock/sessions"))[1] == {"sessions": ["tests"], "workers": 2}


async def test_orders_are_obeyed_by_all_unless_refused(pair):
    mocks, peers = pair
    rule = {"id": "a", "messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes"}]}
    assert (await told(peers, "POST", "/_mock/rules", [rule]))[0] == 200
    assert [len(mock.plan.scripts) for mock in mocks] == [1, 1]
    chat(mocks[0])
    assert (await told(peers, "GET", "/_mock/rules"))[1]["rules"][0]["calls"] == 1
    assert (await told(peers, "PUT", "/_mock/limits", {"requests_per_minute": 3}))[0] == 200
    chat(mocks[1])
    _, found = await told(peers, "GET", "/_mock/limits")
    assert [caller["worker"] for caller in found["callers"]] == [2]
    assert (await told(peers, "PUT", "/_mock/limits", [1]))[0] == 400
    assert (await told(peers, "POST", "/_mock/clock", {"advance": "1h"}))[0] == 200
    assert mocks[1].clock.now() - mocks[0].clock.now() == pytest.approx(0, abs=5)
    assert (await told(peers, "DELETE", "/_mock/journal"))[0] == 200
    assert [len(mock.journal.entries) for mock in mocks] == [0, 0]


async def test_a_missing_worker_is_told_where_it_matters(pair):
    mocks, peers = pair
    chat(mocks[0])
    peers.silent.add(2)
    for method, path, body in (("POST", "verify", {"operation": "chat.*"}), ("DELETE", "rules", None)):
        status, found = await told(peers, method, f"/_mock/{path}", body)
        assert (status, "Only 1 of 2 workers answered" in found["error"]["message"]) == (503, True)
    assert (await told(peers, "GET", "/_mock/journal"))[1]["workers"] == 1
    assert (await told(peers, "POST", "/_mock/verify", {"operation": "nothing"}))[0] == 400


async def test_all_else_is_answered_alone(pair):
    mocks, peers = pair
    assert (await told(peers, "POST", "/v1/chat/completions", HELLO))[0] == 200
    assert (await told(peers, "GET", "/_mock/clock"))[0] == 200
    assert (await told(peers, "POST", "/_mock/nothing"))[0] == 404
    assert [mock.journal.calls.total() for mock in mocks] == [1, 0]


async def test_webhooks_are_told_by_all_and_their_deliveries_are_one_log(pair):
    mocks, peers = pair
    status, made = await told(peers, "POST", "/_mock/webhooks", {"url": "http://127.0.0.1:9/", "mode": "drop"})
    assert status == 200
    assert [[each.id for each in mock.outbox.endpoints()] for mock in mocks] == [[made["id"]]] * 2
    assert {mock.outbox.endpoints()[0].secrets for mock in mocks} == {(made["signing_secret"],)}
    for mock in mocks:
        mock.outbox.send("batch.completed")
    _, log = await told(peers, "GET", "/_mock/webhooks/deliveries")
    assert [each["worker"] for each in log["data"]] == [1, 2]
