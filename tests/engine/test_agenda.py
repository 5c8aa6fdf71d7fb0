"""What is due comes out in the order of its time, and a key has one entry."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from openai_mock.engine.agenda import Agenda


def agenda():
    return Agenda(threading.RLock())


def taken(made, now):
    jobs = []
    while (found := made.take(now)) is not None:
        jobs.append(found)
    return jobs


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))), st.integers(0, 10))
def test_it_is_a_sorted_dictionary(puts, now):
    made, known = agenda(), {}
    for number, (key, due) in enumerate(puts):
        made.put((key,), due, number)
        known[key] = (due, number)
    due = sorted(entry for entry in known.values() if entry[0] <= now)
    assert taken(made, now) == due
    assert len(made) == len(known) - len(due)
    assert made.next() == min((entry[0] for entry in known.values() if entry[0] > now), default=None)


def test_what_is_moved_often_takes_no_room():
    made = agenda()
    for due in range(10_000):
        made.put(("one",), due, due)
    assert len(made._heap) < 100
    assert taken(made, 10_000) == [(9_999, 9_999)]


def test_what_a_job_puts_comes_before_what_is_later():
    made = agenda()
    made.put(("a",), 1, "a")
    made.put(("c",), 3, "c")
    assert made.take(5) == (1, "a")
    made.put(("b",), 2, "b")
    assert taken(made, 5) == [(2, "b"), (3, "c")]
    made.put(("d",), 9, "d")
    made.clear()
    assert made.next() is None
