"""Lifecycles: roads, moves and expiry, by each policy, on a clock that the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from openai_mock.engine.clock import standing_still
from openai_mock.engine.collection import Collection
from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.errors import ApiError
from openai_mock.engine.lifecycle import Life, Lifecycle, Policies, Policy, policy, step
from openai_mock.engine.settle import LIFE, Kept, settled

CYCLE = Lifecycle(
    "queued -> running -> done",
    "cancelling -> cancelled",
    moves=("queued | running -> cancelling", "running -> failed"),
    expiry="queued | running -> expired",
    refusal="A {kind} with status '{status}' cannot be {to}: {id}.",
    refused=409,
)


class World:
    def __init__(self, clock: Any, kept: Any) -> None:
        self.clock, self.kept = clock, kept


class Call:
    """As much of a call as a collection needs."""

    def __init__(self) -> None:
        self.store = Dictionaries()
        self.world = World(standing_still(1000.0), {})


class Side:
    def __init__(self, speed: Policy, cycle: Lifecycle = CYCLE, hooks: Any = None) -> None:
        self.call = Call()
        self.entered: list[tuple[str, int]] = []

        def note(_: Any, item: dict[str, Any], at: int) -> dict[str, Any]:
            self.entered.append((item["status"], at))
            return {**item, f"{item['status']}_at": at}

        states = ("running", "done", "cancelled", "expired", "failed")
        self.kept = Kept("big_job", cycle, {**dict.fromkeys(states, note), **(hooks or {})}, speed)
        self.jobs = Collection(self.call, "/jobs", "/jobs", self.kept)  # type: ignore[arg-type]

    def begin(self, **fields: Any) -> str:
        return self.jobs.create({"id": "j", "status": "queued", **fields})["status"]

    def status(self, *, polled: bool = True) -> str | None:
        found = self.jobs.find("j", polled=polled)
        return None if found is None else found["status"]


def test_instant_shows_the_end_at_once() -> None:
    side = Side(Policy("instant"))
    assert side.begin() == "done"
    assert side.entered == [("running", 1000), ("done", 1000)]
    assert side.call.store.blob("/jobs", "j", LIFE) is None


@pytest.mark.parametrize(
    ("polls", "seen"),
    [
        (1, ["done"]),
        (2, ["running", "done", "done"]),
        (3, ["queued", "running", "done"]),
        (5, ["queued", "queued", "running", "running", "done"]),
    ],
)
def test_polls(polls: int, seen: list[str]) -> None:
    side = Side(Policy("polls", polls))
    assert side.begin() == "queued"
    assert side.status(polled=False) == "queued"
    assert [side.status() for _ in seen] == seen
    assert [status for status, _ in side.entered] == ["running", "done"]
    side.call.world.clock.advance(days=400)
    assert side.status() == "done"


def test_seconds_give_each_transition_its_own_time() -> None:
    side = Side(Policy("seconds", 30))
    side.begin(expires_at=1000 + 86400)
    assert [side.status() for _ in range(5)] == ["queued"] * 5
    side.call.world.clock.advance(14)
    assert side.status() == "queued"
    side.call.world.clock.advance(1)
    assert side.status() == "running"
    side.call.world.clock.advance(hours=48)
    assert side.status(polled=False) == "done"
    assert side.entered == [("running", 1015), ("done", 1030)]


def test_what_happens_first_counts() -> None:
    slow = Side(Policy("seconds", 100))
    slow.begin(expires_at=1060)
    slow.call.world.clock.advance(1000)
    assert slow.status() == "expired"
    assert slow.entered == [("running", 1050), ("expired", 1060)]
    polled = Side(Policy("polls", 1))
    polled.begin(expires_at=1060)
    polled.call.world.clock.advance(60)
    assert polled.status() == "expired"
    assert polled.status() == "expired"


def test_moves() -> None:
    side = Side(Policy("polls", 1))
    side.begin()
    item = side.jobs.get("j")
    assert side.jobs.move(item, "cancelling", why="x") == {**item, "status": "cancelling", "why": "x"}
    assert side.status() == "cancelled"
    with pytest.raises(ApiError) as caught:
        side.jobs.move(side.jobs.get("j"), "cancelling")
    assert (caught.value.status, caught.value.message) == (
        409,
        "A big job with status 'cancelled' cannot be cancelling: j.",
    )
    assert Side(Policy("instant")).begin() == "done"


def test_an_instant_move_comes_to_its_end_at_once() -> None:
    side = Side(Policy("instant"), Lifecycle("cancelling -> cancelled", moves=("* -> cancelling",)))
    side.begin()
    assert side.jobs.move(side.jobs.get("j"), "cancelling")["status"] == "cancelled"


def test_a_hook_may_choose_another_state() -> None:
    def fails(_: Any, item: dict[str, Any], at: int) -> dict[str, Any]:
        return {**item, "status": "failed", "failed_at": at}

    side = Side(Policy("polls", 1), hooks={"running": fails})
    side.begin()
    assert [side.status(), side.status()] == ["failed", "failed"]
    assert side.call.store.blob("/jobs", "j", LIFE) is None


def test_gone_is_forgotten_also_in_pages() -> None:
    side = Side(Policy(), Lifecycle(expiry="* -> gone"))
    for number in range(5):
        side.jobs.create({"id": str(number), "expires_at": 1000 + number})
    side.call.world.clock.advance(2)
    page = side.jobs.page(limit=1, order="asc")
    assert ([id_ for id_, _ in page.items], page.has_more) == (["3"], True)
    assert side.jobs.find("1") is None
    assert side.call.store.count("/jobs") == 2


def test_pages_show_what_is_and_are_no_polls() -> None:
    side = Side(Policy("seconds", 10))
    side.begin()
    side.call.world.clock.advance(10)
    assert side.jobs.page(limit=5, where=lambda item: item["status"] == "queued").items == []
    assert side.jobs.page(limit=5).items[0][1]["status"] == "done"
    polled = Side(Policy("polls", 1))
    polled.begin()
    assert [polled.jobs.page(limit=1).items[0][1]["status"] for _ in range(3)] == ["queued"] * 3


def test_whoever_comes_second_runs_no_hook() -> None:
    side = Side(Policy("seconds", 10))
    side.begin()
    stale = side.call.store.get("/jobs", "j")
    side.call.world.clock.advance(10)
    assert side.status() == "done"
    assert settled(side.call, side.kept, "/jobs", "j", stale)["status"] == "done"  # type: ignore[arg-type,index]
    assert [status for status, _ in side.entered] == ["running", "done"]
    side.call.store.delete("/jobs", "j")
    assert settled(side.call, side.kept, "/jobs", "j", stale) is None  # type: ignore[arg-type]


def test_due_may_be_anything() -> None:
    idle = Lifecycle(expiry="running -> expired", due=lambda item: item["used"] + 20)
    side = Side(Policy(), idle)
    side.jobs.create({"id": "j", "status": "running", "used": 1000})
    side.call.world.clock.advance(15)
    side.jobs.save({"id": "j", "status": "running", "used": 1015})
    side.call.world.clock.advance(10)
    assert side.status() == "running"
    side.call.world.clock.advance(10)
    assert side.status() == "expired"


def test_a_thousand_open_objects_settle_in_less_than_a_second() -> None:
    from time import process_time

    side = Side(Policy("seconds", 30))
    for number in range(1000):
        side.jobs.create({"id": str(number), "status": "queued", "expires_at": 90_000})
    side.call.world.clock.advance(hours=24)
    started = process_time()
    page = side.jobs.page(limit=1000)
    assert process_time() - started < 1
    assert {item["status"] for _, item in page.items} == {"done"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("instant", Policy("instant", 0)),
        ("polls=3", Policy("polls", 3)),
        ("seconds = 1.5", Policy("seconds", 1.5)),
        ("seconds=5m", Policy("seconds", 300)),
        ("seconds=0", Policy("seconds", 0)),
    ],
)
def test_policies_in_words(text: str, meant: Policy) -> None:
    assert policy(text) == meant


@pytest.mark.parametrize("text", ["", "soon", "polls", "polls=0", "polls=x", "seconds=", "seconds=-1", "instant=1"])
def test_no_policy(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no lifecycle policy\. Write instant, polls=2 or seconds=30"):
        policy(text)


def test_seconds_zero_is_at_once() -> None:
    assert step(CYCLE, Policy("seconds", 0), Life(5, "queued"), "queued", 5) == ("running", 5)


def test_policies_by_name() -> None:
    chosen = Policies(Policy("instant"), {"batches": Policy("polls", 4)})
    assert (chosen.of("batches").amount, chosen.of("files").kind) == (4, "instant")


def test_a_policy_counts_for_all_below_its_name() -> None:
    chosen = Policies(named={"vector_stores": Policy("instant"), "vector_stores.files": Policy("polls", 7)})
    assert chosen.of("vector_stores.file_batches").kind == "instant"
    assert chosen.of("vector_stores.files").amount == 7
    assert chosen.of("vector_stores_of_others").kind == "polls"
    assert Policies(named={"threads": Policy("instant")}).of("beta.threads.runs").kind == "instant"
    assert Policies(named={"beta.threads": Policy("instant")}).of("beta.threads.runs").kind == "instant"


def test_a_policy_for_nothing_is_noticed() -> None:
    known = ["vector_stores.files", "beta.threads.runs"]
    named = dict.fromkeys(("vector_stores", "threads", "beta.threads.runs", "vector", "beta", "runs"), Policy())
    assert Policies(named=named).unknown(known) == ["vector", "beta", "runs"]


@pytest.mark.parametrize("text", ["queued", "queued -> ", "a -> b c"])
def test_no_road(text: str) -> None:
    with pytest.raises(ValueError, match="is no road"):
        Lifecycle(text)


@pytest.mark.parametrize("text", ["queued", "a -> b -> c", "a | b ->"])
def test_no_move(text: str) -> None:
    with pytest.raises(ValueError, match="is no move"):
        Lifecycle("a -> b", moves=(text,))
