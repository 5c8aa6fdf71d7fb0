"""The store in memory forgets the oldest when it is full, and pages cost what they show."""

from __future__ import annotations

from time import process_time

from openai_mock.engine.dictionaries import Dictionaries


def test_the_oldest_is_forgotten_first_with_what_lies_below() -> None:
    store = Dictionaries(most=100_000)
    store.put("/files", "first", {"id": "first"})
    store.put_blob("/files", "first", b"x" * 10_000)
    store.put("/files/first/parts", "a", {})
    for number in range(1000):
        store.put("/files", str(number), {"id": "x" * 400})
        assert store.bytes <= 100_000
    assert store.get("/files", "first") is None
    assert store.blob("/files", "first") is None
    assert store.list("/files/first/parts") == []
    assert store.get("/files", "999")
    kept = [int(id_) for id_, _ in store.list("/files")]
    assert kept == list(range(kept[0], 1000))
    assert len(kept) > 90


def test_the_newest_stays_whatever_its_size() -> None:
    store = Dictionaries(most=1000)
    store.put("/files", "a", {})
    store.put("/files", "b", {"text": "x" * 5000})
    assert [id_ for id_, _ in store.list("/files")] == ["b"]


def test_everything_that_is_forgotten_is_counted_off() -> None:
    store = Dictionaries()
    for number in range(10):
        store.put("/t", str(number), {"n": number})
        store.put("/t", str(number), {"n": "replaced by more"})
        store.put(f"/t/{number}/m", "a", {"n": 1})
        store.put_blob(f"/t/{number}/m", "a", b"abc")
        store.put_blob(f"/t/{number}/m", "a", b"abcdef")
    for number in range(10):
        store.delete("/t", str(number))
    assert store.bytes == 0


def test_a_page_of_a_hundred_thousand_takes_less_than_a_millisecond() -> None:
    store = Dictionaries()
    for number in range(100_000):
        store.put("/files", str(number), {"id": number})
    started = process_time()
    for _ in range(20):
        page = store.page("/files", limit=20, after="50000")
    assert (process_time() - started) / 20 < 0.001
    assert page.items[0][0] == "49999"
