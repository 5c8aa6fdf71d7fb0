"""The journal keeps what a test looks at, within bounds."""

from __future__ import annotations

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


def test_answers_count_and_the_oldest_bodies_go_first() -> None:
    journal = Journal(10, bodies=100, answers=True)
    first, second = opened(journal, "a"), opened(journal, "a")
    assert journal.keep(first, (), (b"y" * 15,)) == (b"y" * 15,)
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
        opened(journal, "a")
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 40, 40]
    late = journal.entries[0]
    journal.keep(late, (), (b"y" * 90,))
    assert (late.weight, late.chunks) == (0, ()), "a light entry stays light"
    latest = opened(journal, "a")
    journal.leave_out(latest)
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 0, 40]
    opened(journal, "b")
    assert [len(entry.request.body) for entry in journal.entries] == [0, 0, 40, 40]
