"""The index answers exactly as a slow and obvious search over all scripts does."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.rules.index import Index
from openai_mock.rules.match import Text, matches, tenths
from openai_mock.rules.patterns import Budget
from openai_mock.rules.script import Line, Script
from openai_mock.turns.turn import Message, Reply, ToolCall, Turn


def user(content="", **fields):
    return Line("user", content, **fields)


def says(text):
    return Line("assistant", text, turn=Turn(text=text))


def flow(name, *lines, **fields):
    return Script(name, tuple(lines), **fields)


def whole(name, *lines, **fields):
    return Script(name, tuple(lines), whole=True, reply=Reply((Turn(text=name),)), **fields)


def chat(*messages):
    """`user:hi` is a message; `tool#call_1:text` names its call."""
    made = []
    for message in messages:
        role, _, text = message.partition(":")
        role, _, call = role.partition("#")
        made.append(Message(role, text, tool_call_id=call or None))
    return made


def id_of(scripts, *messages):
    found = Index(scripts).find(chat(*messages))
    return found and found.script.id


def text_of(script, *messages):
    return Index([script]).find(chat(*messages)).turn.text


BOOKING = flow("booking", user("I want to book a table"), says("How many?"), user("4 people"), says("What time?"))


@pytest.mark.parametrize(
    ("messages", "matched"),
    [
        (["user:I want to book a table"], True),
        (["user:  I want to book a table\n"], True),
        (["user:i want to book a table"], False),
        (["user:I want to book a table", "assistant:anything at all"], True),
        (["user:I want to book a table", "assistant:"], True),
        (["user:I want to book a table", "assistant:x", "user:4 people"], True),
        (["user:I want to book a table", "assistant:x", "user:4 people", "assistant:y"], True),
        (["user:I want to book a table", "assistant:x", "user:4 people", "assistant:y", "user:z"], False),
        (["user:I want to book a table", "user:4 people"], False),
        (["user:I want to book a table", "assistant:x", "tool:4 people"], False),
        (["assistant:x"], False),
        (["user:"], False),
        (["system:be kind", "developer:be brief", "user:I want to book a table"], True),
        (["system:be kind"], False),
        ([], False),
    ],
)
def test_a_request_is_a_role_by_role_prefix_of_a_flow(messages, matched):
    assert (id_of([BOOKING], *messages) == "booking") is matched


def test_a_preamble_is_compared_where_the_flow_has_one():
    headed = flow("headed", Line("system", "pirate", matcher="contains"), user("hi"), says("arr"))
    plain = flow("plain", user("hi"), says("hello"))
    assert id_of([plain, headed], "system:You are a PIRATE", "user:hi") == "plain"
    assert id_of([headed], "system:You are a PIRATE", "user:hi") == "headed"
    assert id_of([headed], "system:You are a cook", "user:hi") is None
    assert id_of([headed], "user:hi") is None
    assert id_of([headed], "system:A pirate") == "headed"
    exact = flow("exact", Line("system", "pirate"), user("hi"), says("arr"))
    assert id_of([exact, plain], "system:pirate", "user:hi") == "exact"
    assert id_of([plain, exact], "system:pirate", "user:hi") == "plain"


def test_the_final_line_answers_partial_matches_too():
    script = flow("m", user("Start"), says("Hello!"), user("Weather?"), says("Sunny!"))
    asked = ["user:Start", "assistant:Hello!", "user:Weather?"]
    assert [text_of(script, *asked[:n]) for n in (1, 2, 3)] == ["Sunny!"] * 3
    script = flow("m", *script.lines, reply_with="next")
    assert [text_of(script, *asked[:n]) for n in (1, 2, 3)] == ["Hello!", "Sunny!", "Sunny!"]
    assert text_of(script, *asked, "assistant:Sunny!") == "Sunny!"
    assert text_of(flow("bare", user("a"), Line("assistant", "b")), "user:a") == "b"


def test_tool_calls_are_played_when_their_turn_comes():
    calls = Turn(tool_calls=(ToolCall("call_abc123", "get_weather", "{}"),))
    script = flow(
        "weather",
        user("weather in", matcher="contains"),
        Line("assistant", turn=calls),
        Line("tool", '{"temperature": 72}', tool_call_id="call_abc123"),
        says("72 degrees"),
    )
    index = Index([script])
    assert index.find(chat("user:The WEATHER in Rome?")).turn is calls
    assert index.find(chat("user:weather in Rome", "assistant:")).turn.text == "72 degrees"
    for last, matched in {
        'tool#call_abc123:{"temperature": 72}': True,
        'tool:{"temperature": 72}': True,
        "tool#call_abc123:": True,
        "tool#other:": False,
        "tool:": False,
        "tool#call_abc123:cold": False,
    }.items():
        found = index.find(chat("user:weather in Rome", "assistant:", last))
        assert bool(found) is matched, last
        assert not matched or found.turn.text == "72 degrees"
    empty = flow("empty", Line("tool", tool_call_id="call_1"), says("ok"))
    assert id_of([empty], "tool#call_1:whatever") == "empty"
    assert id_of([empty], "tool#call_2:whatever") is None


def test_the_highest_mean_wins_and_ties_go_by_file_order():
    scripts = [
        flow("any", user(matcher="any"), says("")),
        flow("fallback", user(".*", matcher="regex"), says("")),
        flow("fuzzy", user("hello there", matcher="fuzzy", threshold=0.5), says("")),
        flow("contains", user("HELLO", matcher="contains"), says("")),
        flow("regex", user("^hello", matcher="regex"), says("")),
        flow("exact", user("Hello there"), says("")),
        flow("exact-2", user("Hello there"), says("")),
    ]
    expected = ["exact", "regex", "contains", "fuzzy", "any"]
    for name in expected:
        assert id_of(scripts, "user:Hello there") == name
        scripts = [script for script in scripts if script.id.partition("-")[0] != name]
    assert id_of(scripts, "user:Hello there") == "fallback"
    mixed = [
        flow("early", user("a", matcher="contains"), says(""), user("b"), says("")),
        flow("late", user("a"), says(""), user(matcher="any"), says("")),
    ]
    assert id_of(mixed, "user:a") == "late"
    assert id_of(mixed, "user:a", "assistant:", "user:b") == "early"
    assert Index(mixed).find(chat("user:a", "assistant:", "user:b")).score == pytest.approx(0.8)


def test_an_empty_content_fits_only_any():
    for matcher in ("exact", "contains", "regex", "fuzzy"):
        for content in ("", ".*", "x"):
            line = user(content, matcher=matcher, threshold=0.0)
            assert id_of([flow("f", line, says(""))], "user:") is None
            assert id_of([flow("f", user("", matcher=matcher), says(""))], "user:x") is None
    assert id_of([flow("f", user(matcher="any"), says(""))], "user:") == "f"


def test_full_responses_want_as_many_messages_and_come_first():
    scripts = [
        flow("flow", user("hi"), says("")),
        whole("two", user("hi"), Line("assistant", "hello"), user("bye")),
        whole("loud", user("HI", matcher="contains")),
        whole("exact", user("hi")),
    ]
    assert id_of(scripts, "user:hi") == "loud"
    assert id_of(scripts, "user:hi", "assistant:hello", "user:bye") == "two"
    assert id_of(scripts, "user:hi", "assistant:other", "user:bye") is None
    assert id_of(scripts, "system:s", "user:hi") == "flow"
    assert id_of(scripts[3:], "system:s", "user:hi") is None
    calls = whole("calls", user("hi"), Line("assistant", ""), Line("tool", "4"))
    assert id_of([calls], "user:hi", "assistant:", "tool#x:4") == "calls"


def test_inverted_full_responses_want_other_contents():
    scripts = [whole("not", user("stop", matcher="contains"), invert=True), whole("stop", user("stop now"))]
    assert id_of(scripts, "user:go") == "not"
    assert id_of(scripts, "user:stop now") == "stop"
    assert id_of(scripts, "user:stop here") is None
    assert id_of(scripts, "assistant:go") is None
    assert id_of(scripts, "user:go", "user:go") is None
    both = whole("both", user("a"), user("b"), invert=True)
    assert id_of([both], "user:a", "user:x") == "both"
    assert id_of([both], "user:a", "user:b") is None


def test_flows_may_share_thousands_of_lines():
    lines = [user("a"), says("b")] * 1500
    scripts = [flow(f"f{i}", *lines, user(str(i)), says("end")) for i in range(3)]
    assert id_of(scripts, *["user:a", "assistant:b"] * 1500, "user:2") == "f2"


def test_the_dotted_capital_i_is_not_missed():
    scripts = [flow(f"f{i}", user(f"in{i}x", matcher="regex"), says("")) for i in range(40)]
    assert id_of(scripts, "user:\u0130n7x") == "f7"


def test_costly_lines_are_tried_only_where_the_other_messages_fit():
    evil = [f"^(a|aa)+{'b' * i}$" for i in range(1, 50)]
    scripts = [flow(f"f{i}", user(pattern, matcher="regex"), says(""), user(f"n{i}")) for i, pattern in enumerate(evil)]
    scripts.append(flow("last", user("a", matcher="contains"), says(""), user("end")))
    assert id_of(scripts, "user:" + "a" * 60 + "!", "assistant:", "user:end") == "last"
    scripts.append(flow("any", user("^[a!]+$", matcher="regex"), says(""), user("n7")))
    assert id_of(scripts, "user:" + "a" * 60 + "!", "assistant:", "user:n7") == "any"


# The slow and obvious search -----------------------------------------------------------------------------------------


def reference(scripts, messages):
    """The script's id, by trying every one in file order."""
    if not messages:
        return None
    texts = [Text(message) for message in messages]
    for script in scripts:
        if script.whole and [line.role for line in script.lines] == [message.role for message in messages]:
            fits = all(
                matches(line, text, Budget(), whole=True) for line, text in zip(script.lines, texts, strict=True)
            )
            if fits is not script.invert:
                return script.id
    best, best_score = None, None
    lead = 0
    while lead < len(messages) and messages[lead].role in {"system", "developer"}:
        lead += 1
    for script in scripts:
        if script.whole:
            continue
        view = texts if script.lines[0].role in {"system", "developer"} else texts[lead:]
        pairs = list(zip(script.lines, view, strict=False))
        if not view or len(pairs) < len(view):
            continue
        if any(line.role != text.message.role or not matches(line, text, Budget()) for line, text in pairs):
            continue
        counted = [tenths(line) for line, _ in pairs if line.role != "assistant"]
        score = Fraction(sum(counted), len(counted)) if counted else Fraction(0)
        if best_score is None or score > best_score:
            best, best_score = script.id, score
    return best


ROLES = st.sampled_from(["user"] * 4 + ["assistant"] * 2 + ["system", "developer", "tool"])
WORDS = [
    "",
    " ",
    "a",
    "b",
    "A b",
    "ab",
    "book a table",
    "Book a  Table",
    "a table",
    "k\u0130",
    "stra\u00dfe",
    "STRASSE",
]
TEXTS = st.sampled_from([*WORDS, "a\nb", "book a table for 4"])
PATTERNS = st.sampled_from(
    [".*", "^.*$", "a", "^a", "b$", "(a|b)", "book\\s+a", "k?i", "\u00df", "a.b", "", "x*", "tab(le)?", "^(?!a)"]
)
CALLS = st.sampled_from([None, None, "c1", "c2"])


@st.composite
def script_lines(draw, matcher=None):
    kind = matcher or draw(st.sampled_from(["exact", "exact", "contains", "regex", "fuzzy", "any"]))
    content = draw(PATTERNS if kind == "regex" else TEXTS)
    role = draw(ROLES)
    threshold = draw(st.sampled_from([0.0, 0.1, 0.5, 0.8, 1.0]))
    return Line(role, content, kind, threshold, draw(CALLS) if role == "tool" else None)


@st.composite
def script_sets(draw):
    scripts = []
    for i in range(draw(st.integers(1, 40))):
        if draw(st.booleans()) and draw(st.booleans()):
            kind = draw(st.sampled_from(["exact", "contains", "regex", "fuzzy"]))
            lines = draw(st.lists(script_lines(kind), min_size=1, max_size=3))
            scripts.append(whole(str(i), *lines, invert=draw(st.booleans()) and draw(st.booleans())))
        else:
            lines = draw(st.lists(script_lines(), min_size=1, max_size=4))
            scripts.append(flow(str(i), *lines, says("end")))
    return scripts


@st.composite
def conversations(draw, scripts):
    """Any messages, or the beginning of a script with some messages exchanged, so that matches are frequent."""
    messages = [Message(draw(ROLES), draw(TEXTS), tool_call_id=draw(CALLS)) for _ in range(draw(st.integers(0, 4)))]
    if draw(st.booleans()):
        lines = draw(st.sampled_from(scripts)).lines
        messages = [
            Message(line.role, draw(st.one_of(st.just(line.content), TEXTS)), tool_call_id=line.tool_call_id)
            for line in lines[: draw(st.integers(1, len(lines)))]
        ]
    return messages


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_index_agrees_with_the_obvious_search(data):
    scripts = data.draw(script_sets())
    index = Index(scripts)
    for _ in range(4):
        messages = data.draw(conversations(scripts))
        found = index.find(messages)
        assert (found and found.script.id) == reference(scripts, messages)


def test_large_tiers_agree_with_the_obvious_search():
    """Enough lines at one point that grams and length bands are in use."""
    words = ["book", "table", "weather", "a", "in", "san", "stra\u00dfe", "\u4f60\u597d", "x"]
    contents = [f"{one} {two}" for one in words for two in words] + words
    scripts = [flow(f"c{text}", user(text, matcher="contains"), says("")) for text in contents]
    scripts += [flow(f"r{text}", user(text.replace(" ", "\\s+"), matcher="regex"), says("")) for text in contents[::3]]
    scripts += [flow(f"f{text}", user(text, matcher="fuzzy", threshold=0.6), says("")) for text in contents[::2]]
    for part in (scripts, scripts[: len(contents)], scripts[len(contents) :], scripts[-45:]):
        index = Index(part)
        for said in [
            "Book  table",
            "the weather in san f",
            "STRASSE x",
            "\u4f60\u597d x",
            "tabel weather",
            "?",
            "\u0130n san",
        ]:
            found = index.find(chat(f"user:{said}"))
            assert (found and found.script.id) == reference(part, chat(f"user:{said}")), said
