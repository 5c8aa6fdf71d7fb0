"""Every kind of store remembers the same: one suite for the dictionaries, the file, and a session's part of either."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.store import CursorError, Store, Within
from openai_mock.stores.sqlite import SQLite


@pytest.fixture(params=["dictionaries", "sqlite", "a part of dictionaries", "a part of sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    whole = SQLite(tmp_path / "x.db") if "sqlite" in request.param else Dictionaries(lock=threading.RLock())
    if "part" in request.param:
        yield Within(whole, "one:")
    else:
        yield whole
    if isinstance(whole, SQLite):
        whole.close()


def ids(page: Any) -> list[str]:
    return [id_ for id_, _ in page.items]


def test_an_object_is_what_was_put_and_belongs_to_whoever_got_it(store: Store) -> None:
    value = {"id": "a", "n": [1, None, {"x": 1.5}], "text": "ü\u0000"}
    store.put("/files", "a", value)
    value["n"] = []
    got = store.get("/files", "a")
    assert got == {"id": "a", "n": [1, None, {"x": 1.5}], "text": "ü\u0000"}
    got.clear()
    assert store.get("/files", "a")["id"] == "a"
    assert store.get("/files", "b") is None
    assert store.get("/other", "a") is None


def test_a_known_id_keeps_its_place(store: Store) -> None:
    for id_ in "abc":
        store.put("/files", id_, {"v": 1})
    store.put("/files", "a", {"v": 2})
    assert store.list("/files") == [("a", {"v": 2}), ("b", {"v": 1}), ("c", {"v": 1})]
    assert store.count("/files") == 3
    assert (store.list("/none"), store.count("/none")) == ([], 0)


def test_deleting_takes_the_bytes_and_what_lies_below_and_nothing_else(store: Store) -> None:
    for collection, id_ in (
        ("/t", "1"),
        ("/t", "10"),
        ("/t/1/m", "a"),
        ("/t/1/m/a/x", "b"),
        ("/t/10/m", "a"),
        ("/t/1", "z"),
    ):
        store.put(collection, id_, {"id": id_})
        store.put_blob(collection, id_, b"bytes")
    assert store.delete("/t", "1")
    assert not store.delete("/t", "1")
    assert store.get("/t", "10")
    assert store.get("/t/10/m", "a")
    assert store.get("/t/1", "z")
    assert store.get("/t/1/m", "a") is None
    assert store.get("/t/1/m/a/x", "b") is None
    assert store.blob("/t", "1") is None
    assert store.blob("/t/1/m/a/x", "b") is None
    assert store.blob("/t/10/m", "a") == b"bytes"


def test_bytes_have_names(store: Store) -> None:
    store.put_blob("/files", "a", b"\x00\xff")
    store.put_blob("/files", "a", b"", "other")
    assert store.blob("/files", "a") == b"\x00\xff"
    assert store.blob("/files", "a", "other") == b""
    assert store.blob("/files", "a", "third") is None
    store.put_blob("/files", "a", None)
    store.put_blob("/files", "b", None)
    assert store.blob("/files", "a") is None
    assert store.blob("/files", "a", "other") == b""


def test_pages(store: Store) -> None:
    for number in range(10):
        store.put("/files", str(number), {"n": number})
    page = store.page("/files", limit=3)
    assert (ids(page), page.has_more) == (["9", "8", "7"], True)
    page = store.page("/files", limit=3, after="3")
    assert (ids(page), page.has_more) == (["2", "1", "0"], False)
    page = store.page("/files", limit=3, order="asc", after="7")
    assert (ids(page), page.has_more) == (["8", "9"], False)
    page = store.page("/files", limit=3, before="5")
    assert (ids(page), page.has_more) == (["8", "7", "6"], True)
    page = store.page("/files", limit=9, order="asc", before="2")
    assert (ids(page), page.has_more) == (["0", "1"], False)
    page = store.page("/files", limit=2, order="asc", after="2", before="6")
    assert (ids(page), page.has_more) == (["4", "5"], True)
    page = store.page("/files", limit=0)
    assert (ids(page), page.has_more) == ([], True)
    with pytest.raises(CursorError) as caught:
        store.page("/files", limit=3, before="none")
    assert (caught.value.name, caught.value.cursor) == ("before", "none")


def test_a_view_filters_changes_and_may_write(store: Store) -> None:
    for number in range(600):
        store.put("/files", str(number), {"n": number})

    def view(id_: str, item: dict[str, Any]) -> dict[str, Any] | None:
        if item["n"] % 200:
            store.delete("/files", id_)
            return None
        return {"seen": item["n"]}

    page = store.page("/files", limit=2, order="asc", view=view)
    assert page.items == [("0", {"seen": 0}), ("200", {"seen": 200})]
    assert page.has_more
    assert store.count("/files") < 300


def test_a_snapshot_goes_into_any_store(store: Store) -> None:
    store.put("/files", "b", {"id": "b"})
    store.put("/files", "a", {"id": "a"})
    store.put_blob("/files", "a", b"x")
    taken = store.snapshot()
    store.clear()
    assert store.list("/files") == []
    store.put("/more", "c", {})
    store.restore(taken)
    assert [id_ for id_, _ in store.list("/files")] == ["b", "a"]
    assert store.blob("/files", "a") == b"x"
    assert store.list("/more") == []
    other = Dictionaries()
    other.restore(taken)
    assert other.snapshot() == taken


def test_parts_of_a_store_see_nothing_of_each_other(tmp_path: Path) -> None:
    for whole in (Dictionaries(), SQLite(tmp_path / "x.db")):
        one, two = Within(whole, "one:"), Within(whole, "two:")
        one.put("/files", "a", {"v": 1})
        two.put("/files", "a", {"v": 2})
        two.put_blob("/files", "a", b"two")
        one.clear()
        assert one.get("/files", "a") is None
        assert two.get("/files", "a") == {"v": 2}
        two.restore(one.snapshot())
        assert whole.snapshot().objects == ()
        assert two.blob("/files", "a") is None
        if isinstance(whole, SQLite):
            whole.close()


def test_threads_lose_nothing(store: Store) -> None:
    def work(name: int) -> None:
        for number in range(60):
            store.put("/files", f"{name}-{number}", {"n": number})
            if number % 3 == 0:
                store.delete("/files", f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count("/files") == 160
    assert len(store.list("/files")) == 160


COLLECTIONS = st.sampled_from(["/t", "/t/1/m", "/t/1/m/2/x", "/u", "/t/10/m"])
IDS = st.sampled_from(["1", "2", "10", "a"])


class Alike(RuleBasedStateMachine):
    """The dictionaries and the file are told the same things and must remember the same."""

    def __init__(self) -> None:
        super().__init__()
        self.stores: list[Any] = [Dictionaries(), SQLite(":memory:")]
        self.taken: Any = None

    def both(self, ask: Any) -> None:
        one, other = (ask(store) for store in self.stores)
        assert one == other

    @rule(collection=COLLECTIONS, id_=IDS, value=st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
    def put(self, collection: str, id_: str, value: dict[str, int]) -> None:
        self.both(lambda store: store.put(collection, id_, value))

    @rule(collection=COLLECTIONS, id_=IDS, content=st.none() | st.binary(max_size=3), name=st.sampled_from("xy"))
    def put_blob(self, collection: str, id_: str, content: bytes | None, name: str) -> None:
        self.both(lambda store: store.put_blob(collection, id_, content, name))

    @rule(collection=COLLECTIONS, id_=IDS)
    def delete(self, collection: str, id_: str) -> None:
        self.both(lambda store: store.delete(collection, id_))

    @rule(within=st.sampled_from(["", "/t", "/t/1/"]))
    def clear(self, within: str) -> None:
        self.both(lambda store: store.clear(within))

    @rule(
        collection=COLLECTIONS,
        limit=st.integers(0, 4),
        order=st.sampled_from(["asc", "desc"]),
        after=st.none() | IDS,
        before=st.none() | IDS,
        odd=st.booleans(),
    )
    def page(self, collection: str, odd: bool, **how: Any) -> None:
        def ask(store: Any) -> Any:
            try:
                view = (lambda _, item: item if len(item) % 2 else None) if odd else None
                page = store.page(collection, view=view, **how)
            except CursorError as error:
                return str(error)
            whole = [item for item in store.list(collection) if not odd or len(item[1]) % 2]
            if how["after"] is None and how["before"] is None:
                whole = whole if how["order"] == "asc" else whole[::-1]
                assert list(page.items) == whole[: how["limit"]]
                assert page.has_more == (len(whole) > how["limit"])
            return list(page.items), page.has_more

        self.both(ask)

    @rule(within=st.sampled_from(["", "/t"]))
    def take(self, within: str) -> None:
        self.both(lambda store: store.snapshot(within))
        self.taken = self.stores[0].snapshot(within)

    @rule(within=st.sampled_from(["", "/t"]))
    def restore(self, within: str) -> None:
        if self.taken is not None:
            self.both(lambda store: store.restore(self.taken, within))

    @invariant()
    def alike(self) -> None:
        self.both(lambda store: store.snapshot())

    def teardown(self) -> None:
        memory, file = self.stores
        left = memory.snapshot()
        for collection, id_, *_ in (*left.objects, *left.blobs):
            memory.delete(collection, id_)
        assert memory.bytes == 0
        file.close()


Alike.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_two_kinds_are_alike = Alike.TestCase


SHOWN = {"object": "vector_store", "name": "Docs", "metadata": {"team": "search"}, "text": "x" * 300}


def test_a_hundred_thousand_objects_take_less_than_300_megabytes() -> None:
    store = Dictionaries()
    tracemalloc.start()
    try:
        for number in range(10_000):
            store.put("/vector_stores", f"vs_{number}", {**SHOWN, "id": f"vs_{number}"})
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held * 10 < 300_000_000


def test_a_page_of_a_hundred_thousand_in_a_file_takes_less_than_a_millisecond(tmp_path: Path) -> None:
    store = SQLite(tmp_path / "x.db")
    with store.atomically():
        for number in range(100_000):
            store.put("/vector_stores", f"vs_{number}", {**SHOWN, "id": f"vs_{number}"})
    hows: tuple[dict[str, Any], ...] = ({}, {"after": "vs_50000"}, {"before": "vs_50000"}, {"order": "asc"})
    for how in hows:
        started = process_time()
        for _ in range(20):
            page = store.page("/vector_stores", limit=20, **how)
        assert (process_time() - started) / 20 < 0.001
        assert (len(page.items), page.has_more) == (20, True)
    store.close()
