"""Sessions: who belongs to which, and how many there are."""

from __future__ import annotations

import pytest

from openai_mock.engine.dictionaries import Dictionaries
from openai_mock.engine.sessions import Sessions, session_of


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, ""),
        ({"authorization": "Bearer sk-other"}, ""),
        ({"authorization": "Bearer sk-mock-a"}, "a"),
        ({"api-key": "sk-mock-b"}, "b"),
        ({"x-mock-session": " c ", "authorization": "Bearer sk-mock-a"}, "c"),
        ({"x-mock-session": "", "authorization": "Bearer sk-mock-a"}, ""),
        ({"x-mock-session": "x" * 300}, "x" * 200),
    ],
)
def test_the_name_of_a_session(headers: dict[str, str], name: str) -> None:
    assert session_of(headers) == name


def test_sessions_see_nothing_of_each_other_whatever_their_names() -> None:
    sessions = Sessions(Dictionaries())
    names = ["", "a", "a:", "a:/files/x", "A", "%61", "a/b", "ü"]
    for name in names:
        sessions.store(name).put("/files", "x", {"of": name})
    for name in names:
        assert sessions.store(name).list("/files") == [("x", {"of": name})]
    sessions.store("a").delete("/files", "x")
    sessions.store("").clear()
    assert [len(sessions.store(name).list("/files")) for name in names] == [0, 0, 1, 1, 1, 1, 1, 1]


def test_the_one_used_least_recently_is_forgotten() -> None:
    whole = Dictionaries()
    sessions = Sessions(whole, most=2)
    for name in ("a", "b", "a", "c"):
        sessions.store(name).put("/files", "x", {})
    assert sessions.names == ("a", "c")
    assert sessions.store("b").list("/files") == []
    assert whole.count("c:/files") == 1
    assert whole.count("a:/files") == 0


def test_every_session_begins_alike() -> None:
    sessions = Sessions(Dictionaries(), begin=lambda store: store.put("/files", "seed", {}))
    assert sessions.store().count("/files") == sessions.store("a").count("/files") == 1
    sessions.store("a").delete("/files", "seed")
    assert sessions.store("a").count("/files") == 0
    sessions.begin(lambda store: store.put("/files", "other", {}))
    assert [sessions.store(name).count("/files") for name in ("", "a", "b")] == [2, 1, 1]
