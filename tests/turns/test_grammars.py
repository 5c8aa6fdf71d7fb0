"""Texts of grammars in Lark's notation: a reader written for each grammar judges them."""

from __future__ import annotations

import json
import re
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.turns.grammars import sentence

SUMS = """
// sums and products
start: expr
expr: term (SP ADD SP term)* -> add
    | term
term: factor (SP MUL SP factor)*
factor: INT | "(" expr ")"
SP: " "
ADD: "+"
MUL: "*"
%import common.INT
"""
VALUES = """
?start: value
?value: object | array | ESCAPED_STRING -> string | SIGNED_NUMBER | "true" | "null"
array : "[" [value ("," value)*] "]"
object : "{" [pair ("," pair)*] "}"
pair : ESCAPED_STRING ":" value
%import common.ESCAPED_STRING
%import common.SIGNED_NUMBER
%import common.WS
%ignore WS
"""
QUERY = r"""
start: "select"i columns "from" NAME ["limit" COUNT] ";"
columns: NAME ("," NAME)*
COUNT.2: "1".."9" /[0-9]/~1..2
NAME: CNAME
%import common (CNAME, WS_INLINE)
%ignore /\s+/
"""
SEEDS = st.integers().map(str)


@settings(max_examples=100)
@given(SEEDS)
def test_sums(seed: str) -> None:
    made = sentence(SUMS, seed)
    assert made is not None
    while (inner := re.sub(r"\([^()]+\)", "1", made)) != made:
        assert all(re.fullmatch(r"\(\d+(?: [+*] \d+)*\)", each) for each in re.findall(r"\([^()]+\)", made))
        made = inner
    assert re.fullmatch(r"\d+(?: [+*] \d+)*", made)
    assert sentence(SUMS, seed) == sentence(SUMS, seed)


@settings(max_examples=100)
@given(SEEDS)
def test_values(seed: str) -> None:
    json.loads(sentence(VALUES, seed) or "")


@settings(max_examples=100)
@given(SEEDS)
def test_blanks_that_mean_nothing_keep_words_apart(seed: str) -> None:
    form = r"select [a-z]+(?: , [a-z]+)* from [a-z]+(?: limit [1-9]\d{1,2})? ;"
    assert re.fullmatch(form, sentence(QUERY, seed) or "")


def test_texts_differ() -> None:
    assert len({sentence(VALUES, str(seed)) for seed in range(30)}) > 10


@pytest.mark.parametrize(
    "grammar",
    ["", "start", "start:", 'other: "a"', 'start: start "a"', "start: nothing", "start: (", 'start: "a" )',
     "start: /(/",
     'start: "a"~99999999999', 'start: ["a" (', "start: _sep{x, y}", "%import nowhere.X\nstart: X"],
)  # fmt: skip
def test_what_cannot_be_read_or_never_ends(grammar: str) -> None:
    assert sentence(grammar, "1") in {None, ""}


@settings(max_examples=300)
@given(st.lists(st.sampled_from([
    "start", ":", "a", '"b"', "/c+/", "|", "(", ")", "[", "]", "?", "*", "+", "~", "3", "..", "->", "\n",
    "%import common.INT", "%ignore", ".", "INT", "\na: ", "\nstart: ", "start: a",
])))  # fmt: skip
def test_no_grammar_breaks_it(words: list[str]) -> None:
    began = perf_counter()
    sentence(" ".join(words), "1")
    assert perf_counter() - began < 5
