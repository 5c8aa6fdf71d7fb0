"""Choosing among rules: the index finds what looking at each rule in turn finds, and a miss is explained."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.config.formats.conditions import WHEN, when_of
from openai_mock.config.formats.plain import plainly
from openai_mock.rules.asked import Asked
from openai_mock.rules.choose import Rules
from openai_mock.rules.when import When
from openai_mock.turns.conversation import from_chat


class Named(msgspec.Struct, frozen=True):
    number: int
    when: When


def when(given: dict[str, Any], priority: int = 0) -> When:
    return plainly(given, WHEN, "when", lambda value, report: when_of(value, (), report, priority))


def asked(body: dict[str, Any], operation: str = "chat.completions.create", **headers: str) -> Asked:
    messages = from_chat(body.get("messages", []))
    return Asked(operation, body.get("model", ""), messages, body, headers=headers)


def fits(_: Named) -> None:
    return None


_WORDS = st.sampled_from(["a", "b", "ab", "weather", "the weather", "Weather in Paris", "", "x y"])
_TEXT = st.sampled_from(["a", "b", "weather", "the weather", "PARIS"])
_SAID = st.one_of(
    _TEXT,
    st.fixed_dictionaries({"contains": _TEXT}),
    st.fixed_dictionaries({"regex": st.sampled_from(["^a", "weather$", ".*", "pa.is", "[ab]"])}),
    st.fixed_dictionaries({"fuzzy": _TEXT, "threshold": st.sampled_from([0.3, 0.8])}),
    st.fixed_dictionaries({"contains": _TEXT, "regex": st.just("a")}),
)
_VALUES = st.sampled_from([0, 1, 1.0, True, "a", "1", None])
_WANTS = st.one_of(
    _VALUES,
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"one_of": st.lists(_VALUES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"at_least": st.sampled_from([0, 1])}),
)
_CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(["chat.*", "chat.completions.create", "responses.create", "*"]),
        "model": st.sampled_from(["m", "gpt-4*", "gpt-4o"]),
        "last_user": _SAID,
        "system": _SAID,
        "latest": _SAID,
        "json": st.dictionaries(st.sampled_from(["seed", "$.metadata.env", "messages[0].content"]), _WANTS, max_size=2),
        "headers": st.dictionaries(st.sampled_from(["x-a", "X-B"]), st.sampled_from(["a", "b"]), max_size=1),
        "turn": st.sampled_from([1, 2]),
        "tools": st.sampled_from(["f", ["f", "g"], ["g", "g"]]),
        "has_tool_result": st.booleans(),
        "session": st.sampled_from(["s", "*"]),
    },
)
_TOOLS = st.lists(
    st.sampled_from(["f", "g", "h"]).map(lambda name: {"type": "function", "function": {"name": name}}), max_size=3
)
_MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": _WORDS}), max_size=4
)
_BODIES = st.fixed_dictionaries(
    {"model": st.sampled_from(["m", "gpt-4o", "gpt-4"]), "messages": _MESSAGES},
    optional={"tools": _TOOLS, "seed": _VALUES, "metadata": st.fixed_dictionaries({"env": _VALUES})},
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_CONDITIONS, st.sampled_from([0, 0, 0, 1, -1])), max_size=8),
    _BODIES,
    st.sampled_from(["", "a", "b"]),
)
def test_the_index_finds_what_looking_at_each_finds(
    conditions: list[tuple[dict[str, Any], int]], body: dict[str, Any], header: str
) -> None:
    rules = [Named(number, when(each, priority)) for number, (each, priority) in enumerate(conditions)]
    request = asked(body, **({"x-a": header, "x-mock-session": "s"} if header else {}))
    chosen = Rules(rules)
    fitting = [rule for rule in rules if rule.when.why_not(request) is None]
    best = max(fitting, key=lambda rule: rule.when.rank, default=None)
    assert chosen.find(request, fits) == best
    for rule, stand in chosen.nearest(request, fits):
        assert (stand.reason == "") == (rule in fitting)


def test_a_rule_that_refuses_gives_way() -> None:
    rules = Rules([Named(0, when({"last_user": "a"})), Named(1, when({}))])
    request = asked({"messages": [{"role": "user", "content": "a"}]})
    found = rules.find(request, lambda rule: "used up" if rule.number == 0 else None)
    assert found is not None
    assert found.number == 1
    assert rules.nearest(request, lambda rule: "used up" if rule.number == 0 else None)[0][1].reason == "used up"


def test_only_the_rules_that_may_fit_are_looked_at() -> None:
    looked: list[int] = []

    class Watched(msgspec.Struct, frozen=True):
        number: int
        when: When

    conditions: list[dict[str, Any]] = [{"json": {"metadata.id": f"id-{n}"}} for n in range(300)]
    conditions += [{"headers": {"x-tenant": f"t-{n}"}} for n in range(300)]
    conditions += [{"last_user": {"contains": f"order {n}."}} for n in range(300)]
    conditions += [{"model": f"model-{n}"} for n in range(300)]
    conditions += [{"operation": "responses.create"} for _ in range(300)]
    conditions += [{"tools": f"tool_{n}"} for n in range(300)]
    rules = Rules([Watched(number, when(each)) for number, each in enumerate(conditions)])
    said: Any = [{"role": "user", "content": "my order 9. please"}]
    tools = [{"type": "function", "function": {"name": "tool_4"}}]
    body = {"model": "model-7", "metadata": {"id": "id-5"}, "messages": said, "tools": tools}

    def refuses(rule: Watched) -> str:
        looked.append(rule.number)
        return "no"

    assert rules.find(asked(body, **{"x-tenant": "t-3"}), refuses) is None
    assert sorted(looked) == [5, 303, 609, 907, 1504]


def test_the_nearest_rule_is_the_one_that_holds_longest() -> None:
    rules = Rules(
        [
            Named(0, when({"last_user": "Bonjour"})),
            Named(1, when({"last_user": "Hello", "headers": {"x-a": "1"}})),
            Named(2, when({"last_user": "Hello!", "headers": {"x-a": "1"}})),
        ]
    )
    near = rules.nearest(asked({"messages": [{"role": "user", "content": "Hello"}]}), fits)
    assert [rule.number for rule, _ in near[:2]] == [1, 2]
    assert near[0][1].reason == "headers.x-a: the request has nothing there, where the rule wants a value equal to '1'"
    assert near[1][1].reason == "last_user: 'Hello' does not equal 'Hello!' (similarity 0.91)"


def test_a_field_that_is_called_like_a_condition() -> None:
    """A request is filed under what its field says, and not under what the condition of that name would."""
    for name, value in {"turn": 7, "session": "s", "tools": "f"}.items():
        rules = Rules([Named(0, when({name: value})), Named(1, when({"json": {name: value}}))])
        found = rules.find(Asked("chat.completions.create", "", [], {}, fields={name: value}), fits)
        assert found is not None, name
        assert found.number == 1, name
