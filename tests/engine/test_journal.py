"""The journal keeps what a test looks at, within bounds."""

from __future__ import annotations

import pytest

from openai_mock.engine.journal import Entry, Journal
from openai_mock.wire import Data, Exchange, Request


def opened(journal: Journal, operation: str, size: int = 40) -> Entry:
    entry = journal.open(Entry(Request("POST", "/x", body=b"x" * size), "req_1", 0.0))
    journal.locate(entry, operation)
    return entry


def steps() -> Exchange:
    yield Data(b"z" * 10)


def test_what_is_forgotten_weighs_nothing() -> None:
    journal = Journal(10, bodies=100)
    opened(journal, "a")
    opened(journal, "b")
    journal.forget("a")
    assert (journal.calls, [entry.operation for entry in journal.entries]) == ({"b": 1}, ["b"])
    last = opened(journal, "c")
    assert [len(entry.request.body) for entry in journal.entries] == [40, 40]
    journal.forget()
    assert not journal.entries
    assert not journal.calls
    assert last.request.body


@pytest.mark.parametrize("answers", [False, True])
def test_what_is_forgotten_under_way_weighs_nothing_when_it_ends(answers: bool) -> None:
    journal = Journal(10, bodies=100, answers=answers)
    entry = opened(journal, "a")
    chunks = iter(journal.keep(entry, (), iter([b"y" * 30, b"y" * 30])))
    next(chunks)
    journal.forget()
    list(chunks)
    journal.close(entry, 1.0)
    assert journal._held == 0


def test_answers_count_and_the_oldest_bodies_go_first() -> None:
    journal = Journal(10, bodies=100, answers=True)
    first, second = opened(journal, "a"), opened(journal, "a")
    assert journal.keep(first, (), (b"y" * 15,)) == (b"y" * 15,)
    journal.close(first, 1.0)
    assert list(journal.keep(second, (), iter([b"y", b"y"]))) == [b"y", b"y"]
    assert (first.chunks, second.chunks) == ((b"y" * 15,), [b"y", b"y"])
    list(journal.relayed(second, (), steps()))
    assert (first.request.body, first.chunks) == (b"", ())
    assert (len(second.request.body), second.chunks) == (40, [b"z" * 10])


def test_what_falls_out_of_the_ring_weighs_nothing() -> None:
    journal = Journal(2, bodies=100)
    for _ in range(5):
        opened(journal, "a")
    assert [len(entry.request.body) for entry in journal.entries] == [40, 40]
    assert journal.calls["a"] == 5


def test_a_full_journal_takes_each_body_away_once() -> None:
    journal = Journal(4, bodies=100)
    for _ in range(9):
        journal.close(opened(journal, "a"), 1.0)
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 40, 40]
    late = journal.entries[0]
    journal.keep(late, (), (b"y" * 90,))
    journal.close(late, 1.0)
    assert (late.weight, late.chunks) == (0, ()), "a light entry stays light"
    latest = opened(journal, "a")
    journal.leave_out(latest)
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 0, 40]
    opened(journal, "b")
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 40, 40]


def test_what_is_under_way_keeps_its_bodies_until_it_ends() -> None:
    journal = Journal(2, bodies=60, answers=True)
    settled: list[Entry] = []
    journal.settle = settled.append
    first, second = opened(journal, "a"), opened(journal, "a")
    assert (first.light, second.light) == (True, False)
    journal.keep(first, (), (b"y" * 90,))
    assert (first.request.body, first.chunks) == (b"x" * 40, (b"y" * 90,))
    journal.close(first, 1.0)
    assert settled == [first]
    assert (first.request.body, first.chunks) == (b"", ())
    third, _ = opened(journal, "b", 1), opened(journal, "b", 1)
    assert (second in journal.entries, second.seconds) == (False, None)
    journal.keep(second, (), iter([b"z" * 100]))
    journal.close(second, 1.0)
    assert settled == [first, second]
    assert journal._held == sum(entry.weight for entry in journal.entries) == 2
    assert not third.light


def test_a_journal_without_answers_has_them_until_they_have_ended() -> None:
    journal = Journal(10)
    seen: list[tuple[bytes, ...]] = []
    journal.settle = lambda entry: seen.append(tuple(entry.chunks))
    entry = opened(journal, "a")
    journal.keep(entry, ((b"x-a", b"b"),), (b"y",))
    journal.close(entry, 1.0)
    assert seen == [(b"y",)]
    assert (entry.headers, entry.chunks, journal._held) == ((), (), 40)


def test_a_request_that_tells_nothing_displaces_nothing_under_way() -> None:
    journal = Journal(1)
    first = opened(journal, "a")
    journal.leave_out(opened(journal, "b"))
    assert ([*journal.entries], first.light, journal._held, journal._light) == ([first], False, 40, 0)
