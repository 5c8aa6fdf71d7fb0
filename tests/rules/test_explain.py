"""A miss names the nearest scripts and the first thing that differs."""

import time

import pytest

from openai_mock.rules.explain import nearest
from openai_mock.rules.index import Index
from openai_mock.rules.script import Line, Script
from openai_mock.turns.turn import Message, Turn

VERBS = ["book", "cancel", "change", "confirm", "review", "rate", "price", "find", "share", "print"]
THINGS = ["table", "flight", "room", "car", "ticket", "tour", "boat", "desk", "court", "meal"]
PLACES = ["Rome", "Paris", "Oslo", "Lima", "Cairo", "Delhi", "Kyoto", "Quito", "Porto", "Accra"]
END = Line("assistant", turn=Turn("ok"))


def flow(name, *lines, **fields):
    return Script(name, (*lines, END), where=f"flows.yaml:{len(name)}", **fields)


def user(content="", matcher="exact", **fields):
    return Line("user", content, matcher, **fields)


def thousand():
    return [
        flow(
            f"{verb}-{thing}-{place}", user(f"I want to {verb} a {thing} in {place}"), END, user(f"For {place}, please")
        )
        for verb in VERBS
        for thing in THINGS
        for place in PLACES
    ]


def nearest_to(scripts, *messages, k=3):
    return nearest(Index(scripts), [Message(*message.split(":", 1)) for message in messages], k)


TYPOS = {
    "I want to bok a table in Rome": "book-table-Rome",
    "I want to book a tabel in Rome": "book-table-Rome",
    "i want to book a table in Rome": "book-table-Rome",
    "I want to book a table in rome": "book-table-Rome",
    "I want to book a table in Rome.": "book-table-Rome",
    "I want to book a table  in Rome": "book-table-Rome",
    "I want to cancel flight in Paris": "cancel-flight-Paris",
    "I want cancel a flight in Paris": "cancel-flight-Paris",
    "I wnat to cancel a flight in Paris": "cancel-flight-Paris",
    "I'd want to cancel a flight in Paris": "cancel-flight-Paris",
    "I want to cancle a flight in Paris": "cancel-flight-Paris",
    "I want to change a romo in Oslo": "change-room-Oslo",
    "I want to change the room in Oslo": "change-room-Oslo",
    "I want to change a room in Osllo": "change-room-Oslo",
    "Please: I want to change a room in Oslo": "change-room-Oslo",
    "I want to chang a room in Oslo": "change-room-Oslo",
    "I want to confirm a car in Lmia": "confirm-car-Lima",
    "I want to confrm a car in Lima": "confirm-car-Lima",
    "I want to confirm acar in Lima": "confirm-car-Lima",
    "I want  to confirm a car in Lima!!": "confirm-car-Lima",
}


@pytest.mark.parametrize(("said", "name"), TYPOS.items())
def test_a_typo_leads_to_its_flow(said, name):
    best, *others = nearest_to(thousand(), f"user:{said}")
    assert (best.id, best.position, best.matched) == (name, 0, 0)
    assert best.reason.startswith("messages[0].content: ")
    assert "does not equal" in best.reason
    assert best.similarity > 0.8
    assert len(others) == 2


def test_more_matched_messages_come_first():
    scripts = thousand()
    opening = ("system:be brief", "user:I want to book a table in Rome", "assistant:ok")
    best = nearest_to(scripts, *opening, "user:For Paris, please")[0]
    assert (best.id, best.position, best.matched) == ("book-table-Rome", 3, 2)
    assert best.reason == "messages[3].content: 'For Paris, please' does not equal 'For Rome, please' (similarity 0.79)"
    best = nearest_to(scripts, *opening, "tool:4")[0]
    assert best.reason == "messages[3].role: 'tool', where the flow goes on with 'user'"
    best = nearest_to(scripts, *opening, "user:For Rome, please", "assistant:ok", "user:more")[0]
    assert best.reason == "messages[5]: the flow ends before it, after 4 messages"
    assert best.position == 5


@pytest.mark.parametrize(
    ("script", "messages", "expected"),
    [
        (flow("f", user("a")), [], "messages: the request has none"),
        (
            flow("f", user("a")),
            ["system:s"],
            "messages: the request has only system and developer messages, which this flow skips",
        ),
        (flow("f", user("a")), ["tool:a"], "messages[0].role: 'tool', where the flow starts with 'user'"),
        (
            flow("f", Line("system", "s"), user("a")),
            ["user:a"],
            "messages[0].role: 'user', where the flow starts with 'system'",
        ),
        (
            Script("w", (user("a"), user("b")), whole=True),
            ["user:a"],
            "messages: the rule wants exactly 2 messages, the request has 1",
        ),
        (
            Script("w", (user("a"),), whole=True),
            ["user:a", "user:b"],
            "messages: the rule wants exactly 1 message, the request has 2",
        ),
        (Script("w", (user("a"),), whole=True), ["tool:a"], "messages[0].role: 'tool', where the rule wants 'user'"),
        (
            Script("w", (user("a", "contains"), Line("assistant", "b", "contains")), whole=True),
            ["user:a", "assistant:c"],
            "messages[1].content: 'c' does not contain 'b'",
        ),
        (
            Script("w", (user("a", "contains"),), whole=True, invert=True),
            ["user:a"],
            "messages: the contents all match (or a pattern was given up), and with invert one must not",
        ),
        (
            Script("w", (user("a"),), whole=True, invert=True),
            ["user:b", "user:c"],
            "messages: the rule wants exactly 1 message, the request has 2",
        ),
    ],
)
def test_every_kind_of_difference_has_its_sentence(script, messages, expected):
    (miss,) = nearest_to([script], *messages)
    assert miss.reason == expected
    assert miss.where == script.where


def test_scripts_that_match_are_no_misses():
    assert nearest_to([flow("f", user("a")), Script("w", (user("b"),), whole=True)], "user:a")[0].id == "w"
    assert nearest_to([Script("w", (user("b"),), whole=True)], "user:b") == ()


def test_large_sets_are_explained_in_bounded_time():
    scripts = [flow(f"f{i}", user("The same opening"), END, user(f"question {i * i}")) for i in range(20_000)]
    started = time.process_time()
    best = nearest_to(scripts, "user:The same opening", "assistant:x", "user:qestion 144000000")[0]
    assert (best.id, best.matched) == ("f12000", 2)
    assert best.position == 2
    assert time.process_time() - started < 5


def test_long_texts_are_explained_in_bounded_time():
    scripts = [flow(f"f{i}", user(f"number {i};", "contains")) for i in range(1000)]
    started = time.process_time()
    best = nearest_to(scripts, "user:number 77!" + " lorem ipsum" * 80_000)[0]
    assert best.position == 0
    assert len(best.reason) < 250
    assert time.process_time() - started < 3
