"""The store in memory forgets the oldest when it is full, and pages cost what they show."""

from __future__ import annotations

from random import Random
from time import process_time

import msgspec
import pytest

from openai_mock.engine.dictionaries import _EACH, Dictionaries


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


@pytest.mark.parametrize("most", [2_000, 80_000, 10**9])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_is_the_newest_in_order_of_age(seed: int, most: int) -> None:
    draw = Random(seed)
    store, model = Dictionaries(most=most), dict[tuple[str, str], bytes]()
    for step in range(2_000):
        key = draw.choice(("/a", "/b")), str(draw.randrange(200))
        if draw.random() < 0.4:
            assert store.delete(*key) == (model.pop(key, None) is not None)
        else:
            value, content = {"text": "x" * draw.randrange(300)}, b"y" * draw.randrange(300)
            store.put(*key, value, {"content": content})
            model[key] = msgspec.json.encode(value) + content
        while sum(len(text) + _EACH for text in model.values()) > most and len(model) > 1:
            del model[next(iter(model))]
        assert store.bytes == sum(len(text) + _EACH for text in model.values())
        assert len(store._ages) < 2 * len(model) + 200, "what is gone takes no room for long"
        if step % 20 == 0:
            assert [(collection, id_) for collection, id_, _ in store.snapshot().objects] == list(model)
            own = [id_ for at, id_ in model if at == "/a"]
            assert [id_ for id_, _ in store.list("/a")] == own
            assert [id_ for id_, _ in store.page("/a", limit=5).items] == own[::-1][:5]
            if own:
                behind = store.page("/a", limit=200, order="asc", after=own[0])
                assert [id_ for id_, _ in behind.items] == own[1:]


def test_a_page_of_a_hundred_thousand_takes_less_than_a_millisecond() -> None:
    store = Dictionaries()
    for number in range(100_000):
        store.put("/files", str(number), {"id": number})
    started = process_time()
    for _ in range(20):
        page = store.page("/files", limit=20, after="50000")
    assert (process_time() - started) / 20 < 0.001
    assert page.items[0][0] == "49999"
