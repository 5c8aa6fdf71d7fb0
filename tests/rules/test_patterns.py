"""Patterns are read correctly and never stall."""

import time

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_mock.rules.index import Index
from openai_mock.rules.patterns import Budget, compile_pattern, read
from openai_mock.rules.script import Line, Script
from openai_mock.turns.turn import Message, Turn

CATCH_ALL = [
    ".*",
    "^.*$",
    "(.*)",
    "[\\s\\S]*",
    ".+",
    "^.+$",
    ".*?",
    "\\A.*\\Z",
    "",
    "x*",
    "(?s).*",
    "(?:.|\\n)*",
    ".*|foo",
]
CATCH_ALL += [
    "[\\s\\S]+",
    ".",
    "[^\\n]+",
    "^[\\w\\W]*$",
    "(foo)?",
    "^",
    "$",
    "^(.*)$",
    "(^.*$)",
    ".*.*",
    "\\s*",
    "[\\d\\D]",
]
PARTICULAR = [
    "foo",
    "^$",
    ".{2,}",
    "^(?!foo).*$",
    "\\w+",
    "\\S",
    "[^x]",
    "^.$",
    "a.*",
    ".*a",
    "\\b.*",
    "(?=a).*",
    "^a*$",
    "^.?$",
]
PARTICULAR += [
    ".*+.",
    "(?>.*).",
    "(.)\\1",
    "(?<n>.*)x",
    "(?:hello){e}",
    "\\p{L}*x",
    "^|foo bar$x",
    "^((?!no).)*$",
    "[[:alpha:]]+",
]


@pytest.mark.parametrize("pattern", CATCH_ALL)
@given(said=st.text(min_size=1).filter(lambda said: len(said.splitlines()) == 1 and "\n" not in said))
@settings(max_examples=15, deadline=None)
def test_a_catch_all_matches_every_line(pattern, said):
    assert read(pattern).catch_all
    assert compile_pattern(pattern).search(said)


@pytest.mark.parametrize("pattern", PARTICULAR)
def test_a_particular_pattern_is_no_catch_all(pattern):
    assert read(pattern).catch_all is (pattern == "^|foo bar$x")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("hello", [("hello",)]),
        ("^Book\\s+a (table|desk)", [("book",), ("a ",), ("table", "desk")]),
        ("(cat|dog)s", [("cat", "dog"), ("s",)]),
        ("(?:cat|.)", []),
        ("(abc)+", [("abc",)]),
        ("(abc)*d", [("d",)]),
        ("a{2}bcd", [("a",), ("bcd",)]),
        ("(?>abc)x", [("abc",), ("x",)]),
        ("stra\u00dfe", [("stra",)]),
        ("(?:hello){e<=1}", []),
        ("\\{hello", [("{hello",)]),
        ("[[:alpha:]]x", []),
        ("\\p{L}+", []),
        ("(?!no)yes", [("yes",)]),
        (".*", []),
    ],
)
def test_what_a_pattern_requires(pattern, expected):
    assert list(read(pattern).requirements) == expected


PIECES = [
    "a",
    "B",
    "ss",
    "\u00df",
    "\u03c2",
    "k",
    "i",
    ".",
    "\\w",
    "[ab]",
    "[^a]",
    "a|b",
    "(?:ab|c)",
    "(a)",
    "x?",
    "b+",
]
PIECES += [
    "b*",
    "^",
    "$",
    "\\b",
    "(?=a)",
    "(?!b)",
    "{2}",
    "{e}",
    "\\{",
    "\\\\",
    "[[",
    "]",
    "[:",
    "--",
    "(?i)",
    "(?>ab)",
    " ",
    "#",
]


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text("aAbBcsSkKi\u00df\u212a\u03a3\u03c3{e}:\\ x\n", max_size=8),
)
@example("(?:ab){e}", "a")
def test_every_match_contains_what_its_pattern_requires(pattern, said):
    try:
        compiled = compile_pattern(pattern)
    except ValueError:
        return
    needs = read(pattern).requirements
    matched = compiled.search(said) is not None
    if matched:
        assert all(any(need in said.casefold() for need in alternatives) for alternatives in needs)
    if read(pattern).catch_all and said and "\n" not in said:
        assert matched


def test_an_invalid_pattern_is_a_sentence():
    with pytest.raises(ValueError, match=r"'\(' is not a valid regular expression: missing \) at position 1"):
        compile_pattern("(")
    assert isinstance(compile_pattern("a"), regex.Pattern)


EVIL = "^(a|aa)+$"
SAID = [Message("user", "a" * 60 + "!")]


def flows(count):
    return [
        Script(f"f{i}", (Line("user", f"{EVIL}|(b+)+${'x' * i}", "regex"), Line("assistant", turn=Turn(""))))
        for i in range(count)
    ]


@pytest.mark.parametrize("now", [None, time.perf_counter])
def test_patterns_that_explode_are_given_up(now):
    index = Index([*flows(50), Script("last", (Line("user", matcher="any"), Line("assistant", turn=Turn("ok"))))], now)
    started = time.process_time()
    assert index.find(SAID).script.id == "last"
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("pattern", ["^(a+)+$", EVIL, "^(a|a)*$", "^(\\w+\\s?)*$", "(x+x+)+y"])
def test_no_pattern_stalls(pattern):
    started = time.process_time()
    assert not Budget().found(pattern, "a" * 40 + "!")
    assert time.process_time() - started < 0.5


def test_an_inverted_pattern_that_is_given_up_proves_nothing():
    script = Script("not", (Line("user", EVIL, "regex"),), whole=True, invert=True)
    assert Index([script]).find(SAID) is None
    assert Index([script]).find([Message("user", "b")]).script.id == "not"


def test_the_budget_is_charged_by_the_clock():
    ticks = iter(range(100))
    budget = Budget(lambda: next(ticks) * 0.15)
    assert budget.found("a", "a")
    assert budget.found("a", "a")
    assert not budget.found("a", "a")
    assert budget.overdue
