"""Templates: what they say, what they may not, and that no template takes long or much."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.rules.fill import is_template
from openai_mock.rules.template import template
from openai_mock.rules.work import MOST, TemplateError, Work

NAMES: dict[str, Any] = {
    "request": {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "tool", "content": "5"}],
        "metadata": {"a": "b"},
    },
    "model": "gpt-4o",
    "last_user": "Book 2 seats for Ada, please",
    "match": {"0": "2 seats", "1": "2", "what": "seats"},
    "nth": 3,
    "turn": 1,
    "headers": {"x-a": "1"},
    "tools": ["f", "g"],
    "tool_results": [],
}


def text(source: str) -> str:
    return template(source).text(NAMES, Work())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Plain", "Plain"),
        ("{{ last_user }}\n", "Book 2 seats for Ada, please\n"),
        ("{{ match[1] }} {{ match.what }} {{ match['0'] }}", "2 seats 2 seats"),
        (
            "{{ nth + 1 }} {{ nth * 2 }} {{ nth / 2 }} {{ nth // 2 }} {{ nth % 2 }} {{ nth ** 2 }} {{ -nth }}",
            "4 6 1.5 1 1 9 -3",
        ),
        ("{{ request.messages[-1].content | int + 1 }}", "6"),
        ("{{ headers['x-a'] }}{{ headers.nothing | default('-') }}", "1-"),
        (
            "{{ tools | join(', ') }} {{ tools | length }} {{ tools | first }} {{ tools[1:] | tojson }}",
            'f, g 2 f ["g"]',
        ),
        ("{% for each in request.messages %}{{ each.role }}{{ ';' if not loop.last }}{% endfor %}", "user;tool"),
        ("{% for each in request.messages %}{{ loop.index }}{{ each.role }} {% endfor %}", "1user 2tool "),
        ("{% for each in request.messages if each.role == 'tool' %}{{ each.content }}{% else %}none{% endfor %}", "5"),
        ("{% for key, value in request.metadata.items() %}{{ key }}={{ value }}{% endfor %}", "a=b"),
        ("{% for each in tool_results %}x{% else %}none{% endfor %}", "none"),
        ("{% if turn == 1 and 'Ada' in last_user %}yes{% elif nth > 5 %}later{% else %}no{% endif %}", "yes"),
        ("{% set name = last_user.split(' ')[-2] %}{{ name | replace(',', '') | upper ~ '!' }}", "ADA!"),
        ("{% with x = 1 %}{{ x }}{% endwith %}{# a remark #}", "1"),
        ("{{ {'a': [1, true, none, 'x']} }} {{ none }}{{ true }}", '{"a":[1,true,null,"x"]} true'),
        ("{{ 'a' if nth is odd else 'b' }}{{ nth is divisibleby 3 }}{{ seed is defined if false else 'x' }}", None),
        ("{{ [3, 1, 2] | sort | join }} {{ ['b', 'A'] | sort | join }} {{ [1, 1, 2] | unique | join }}", "123 Ab 12"),
        ("{{ request.messages | map(attribute='role') | join('/') }}", "user/tool"),
        (
            "{{ 'long text here' | truncate(8) }} {{ 2.345 | round(1) }} {{ '7.9' | int }} {{ [1, 2] | sum }}",
            "long... 2.3 7 3",
        ),
        ("{% raw %}{{ not this }}{% endraw %}", "{{ not this }}"),
        ("{{ 1 == 1.0 }} {{ true == 1 }} {{ 1 < 2 < 3 }} {{ 2 not in [1] }}", "true false true true"),
    ],
)
def test_what_templates_say(source: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(TemplateError):
            text(source)
    else:
        assert text(source) == said


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ a b }}", "the template cannot be read: expected token 'end of print statement', got 'b'"),
        ("{% if nth %}", "the template cannot be read: Unexpected end of template."),
        ("{{ last_usr }}", "there is nothing named 'last_usr'; did you mean 'last_user'?"),
        ("{{ nth | uper }}", "there is no filter 'uper'; did you mean 'upper'?"),
        ("{{ nth is od }}", "there is no test 'od'; did you mean 'odd'?"),
        ("{{ last_user.format(1) }}", "there is no method 'format'; there are"),
        ("{{ cycler('a') }}", "'cycler' cannot be called; the only function is range, the rest are filters"),
        ("{% macro x() %}{% endmacro %}", "'macro' is not for these templates; there are set, if, for and with"),
        ("{% include 'x' %}", "'include' is not for these templates"),
        ("{% set a.b = 1 %}", "'set a.b' is not for these templates"),
        ("{% import 'x' as y %}", "'import' is not for these templates"),
        ("one\n{{ nth }}\n{{ wrong }}", "(line 3 of the template)"),
        ("{{ last_user.upper(*tools) }}", "arguments with * or ** are not for these templates"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "expressions lie too deep in one another"),
        ("{{ " + "not " * 200 + "1 }}", "expressions lie more than 100 deep in one another"),
        ("{{ " + "1 + " * 300 + "1 }}", "expressions lie more than 100 deep in one another"),
    ],
)
def test_what_can_be_told_before_a_request_comes(source: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as caught:
        template(source)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ request.seed }}", "there is no 'seed' here; there are messages, metadata"),
        ("{{ request.seed.deeper }}", "there is no 'seed' here"),
        ("{{ system }}", "'system' is not there: the request has no system message"),
        ("{{ tool_results | first }}", "'first' of an empty list is not there"),
        ("{{ tools[5] }}", "there is no '5' in a list"),
        ("{{ 'a' is in }}", "the test 'in' takes one value: 'x is in y'"),
        ("{{ nth + 'a' }}", "'+' adds two of a kind, not a number and a text; '~' joins texts"),
        ("{{ nth / 0 }}", "this cannot be computed: division by zero"),
        ("{{ '%s' % nth }}", "'%' is for numbers; '~' joins texts"),
        ("{{ nth | length }}", "'length' takes a list, an object or a text, not a number"),
        ("{{ nth < 'a' }}", "this cannot be computed"),
        ("{{ model.__class__ }}", "there is no '__class__' in a text"),
        ("{{ request.__class__ }}", "there is no '__class__' here"),
        ("{{ (1).real }}", "there is no 'real' in a number"),
    ],
)
def test_what_only_a_request_can_tell(source: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as caught:
        text(source)
    assert sentence in str(caught.value)


DOUBLED = "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}"
NESTED = "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a == a }}{{ a }}"
BOMBS = [
    "{{ 'a' * 10 ** 9 }}",
    "{{ ['a'] * 10 ** 9 }}",
    "{{ range(10 ** 9) | length }}",
    "{{ range(0 - 10 ** 18, 10 ** 18) }}",
    "{% for a in range(10 ** 9) %}{% endfor %}",
    "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in range(40000) %}{{ last_user }}{% endfor %}",
    "{{ 2 ** (10 ** 9) }}",
    "{% set a = 2 ** 4000 %}{{ a * a }}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000) | replace('', 'b' * 100000) }}",
    "{{ range(30000) | join('x' * 100000) }}",
    "{{ [[['a'] * 1000] * 1000] * 1000 }}",
    "{{ [['a'] * 1000] * 1000 == [['a'] * 1000] * 1000 }}",
    "{{ {'a': 'b' * 900000, 'c': 'd' * 900000, 'e': 'f' * 900000} | tojson }}",
    DOUBLED,
    NESTED,
]


@pytest.mark.parametrize("source", BOMBS, ids=lambda source: source[:40])
def test_no_template_takes_long_or_much(source: str) -> None:
    parsed = template(source)
    started = time.process_time()
    with pytest.raises(TemplateError, match=r"too much work|bits is too large"):
        parsed.text(NAMES, Work())
    assert time.process_time() - started < 2.0


def test_no_template_takes_much_memory() -> None:
    """In a process of its own, which may have 128 MB of addresses more than it starts with."""
    code = f"""
import resource, sys
from openai_mock.rules.template import template
from openai_mock.rules.work import TemplateError, Work
bombs = {BOMBS!r}
parsed = [template(each) for each in bombs]
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20), used + (128 << 20)))
for each in parsed:
    try:
        each.text({NAMES!r}, Work())
    except TemplateError:
        continue
    sys.exit("no error")
"""
    if sys.platform != "linux":
        pytest.skip("memory is limited by Linux")
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr


_ATOMS = st.sampled_from(
    ["1", "999999999", "'a'", "nth", "last_user", "tools", "request", "[1, 2]", "{'k': 1}", "none", "range(9)", "2.5"]
)
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and"]), inner
        ).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(
            inner, st.sampled_from(["length", "join", "upper", "tojson", "first", "list", "sort", "int", "sum"])
        ).map(lambda parts: f"({parts[0]}) | {parts[1]}"),
        inner.map(lambda each: f"[{each}, {each}]"),
        inner.map(lambda each: f"({each}) * 1000"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]})[{parts[1]}]"),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(_EXPRESSIONS, st.booleans())
def test_any_template_ends_soon_with_a_text_or_a_sentence(expression: str, loop: bool) -> None:
    source = f"{{% for x in {expression} %}}{{{{ x }}}}{{% endfor %}}" if loop else f"{{{{ {expression} }}}}"
    work = Work()
    started = time.process_time()
    try:
        said = template(source).text(NAMES, work)
    except TemplateError as error:
        said = error.sentence
    assert len(said) <= MOST
    assert time.process_time() - started < 2.0


def test_a_lone_expression_keeps_its_type() -> None:
    assert template("{{ nth }}").value(NAMES, Work()) == 3
    assert template("{{ tools }}").value(NAMES, Work()) == ["f", "g"]
    assert template("{{ nth }} ").value(NAMES, Work()) == "3 "


def test_what_is_a_template() -> None:
    assert [is_template(each) for each in ("{{ x }}", "{% x %}", "{x}", "{# x #}", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_jinja_is_loaded_by_the_first_template_only() -> None:
    code = """
import sys
from openai_mock.config.load import load
load("responses: [{id: a, then: plain}]", name="x", env={})
assert "jinja2" not in sys.modules
load("responses: [{id: a, then: '{{ nth }}'}]", name="x", env={})
assert "jinja2" in sys.modules
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
