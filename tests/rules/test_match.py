"""The five matchers, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.rules.match import Text, matches, quoted, reason
from openai_mock.rules.patterns import Budget
from openai_mock.rules.script import Line
from openai_mock.turns.turn import Message

HELP = "I need help with something"


def fits(matcher, content, said, **fields):
    return matches(Line("user", content, matcher, **fields), Text(Message("user", said)), Budget())


@pytest.mark.parametrize(
    ("matcher", "content", "said", "expected"),
    [
        ("exact", "Hello", " Hello\n", True),
        ("exact", " Hello ", "Hello", True),
        ("exact", "Hello", "hello", False),
        ("exact", "Hello", "Hello!", False),
        ("contains", "PyThon", "i like python", True),
        ("contains", "STRASSE", "in der stra\u00dfe", True),
        ("contains", "python", "pyth on", False),
        ("regex", "help", "I need HELP now", True),
        ("regex", "^help", "I need help", False),
        ("regex", "a.b", "a\nb", False),
        ("regex", "\\d+ people", "for 4 People", True),
        ("fuzzy", "Hello,  World", "hello, world ", True),
        ("fuzzy", "Hello", "goodbye", False),
        ("any", "ignored", "", True),
        ("any", "", "x", True),
    ],
)
def test_matchers(matcher, content, said, expected):
    assert fits(matcher, content, said) is expected


def test_fuzzy_has_the_scale_users_expect():
    assert fits("fuzzy", HELP, "I need assistance with something", threshold=0.4)
    assert not fits("fuzzy", HELP, "I", threshold=0.2)
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        same = round(threshold * 10)
        assert fits("fuzzy", "a" * 10, "a" * same + "b" * (10 - same), threshold=threshold)


@given(
    st.sampled_from(["exact", "contains", "regex", "fuzzy", "any"]),
    st.sampled_from(["", "a", "a b", "[ab]+", "long " * 40]),
    st.text("ab \n", max_size=90),
    st.sampled_from(["user", "assistant", "tool"]),
    st.booleans(),
)
def test_a_reason_is_given_exactly_where_a_line_does_not_match(matcher, content, said, role, whole):
    line = Line(role, content, matcher, tool_call_id="c")
    text = Text(Message(role, said))
    why = reason(line, text, Budget(), whole=whole)
    assert (why is None) is matches(line, text, Budget(), whole=whole)
    assert why is None or (len(why) < 300 and "\n" not in why)


@pytest.mark.parametrize(
    ("line", "message", "expected"),
    [
        (
            Line("user", "Book it"),
            Message("user", "book it"),
            "content: 'book it' does not equal 'Book it' (similarity 1.00)",
        ),
        (Line("user", "py", "contains"), Message("user", "pearl"), "content: 'pearl' does not contain 'py'"),
        (Line("user", "^py", "regex"), Message("user", "a py"), "content: 'a py' does not match the pattern '^py'"),
        (
            Line("user", "python", "fuzzy"),
            Message("user", "pearls"),
            "content: 'pearls' is 0.17 similar to 'python', below the threshold 0.8",
        ),
        (
            Line("user", "^(a|aa)+$", "regex"),
            Message("user", "a" * 60 + "!"),
            "content: the pattern '^(a|aa)+$' was given up; one search may take 50 ms",
        ),
        (
            Line("user", "hi"),
            Message("user"),
            "content: an empty content fits only the matcher any, and this line has exact",
        ),
        (
            Line("user", ""),
            Message("user", "hi"),
            "content: the line has no content, which fits nothing with the matcher exact; write any",
        ),
        (
            Line("tool", "x", tool_call_id="c1"),
            Message("tool", tool_call_id="c2"),
            "tool_call_id: 'c2' is not 'c1', and the content is empty",
        ),
        (Line("tool", tool_call_id="c1"), Message("tool", "x", tool_call_id="c2"), "tool_call_id: 'c2' is not 'c1'"),
    ],
)
def test_reasons(line, message, expected):
    assert reason(line, Text(message), Budget()) == expected


def test_long_texts_are_cut_down_to_the_first_difference():
    said, wanted = quoted("x" * 5000 + "here" + "y" * 5000, "x" * 5000 + "there" + "y" * 10)
    assert "here" in said
    assert "there" in wanted
    assert max(len(said), len(wanted)) < 80
    assert said.startswith("...'xxx")
    assert said.endswith("...")
    assert wanted.endswith("y'")
