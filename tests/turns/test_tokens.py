"""Counts are tiktoken's own, whatever the text, and no text is slow or fatal."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import time
import unicodedata
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import pytest
import regex
import tiktoken
import tiktoken.model
import tiktoken_ext.openai_public as tiktoken_public
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_mock.turns import tokens
from openai_mock.turns.encoder import encoder
from openai_mock.turns.tokens import count, encode, encoding_for, prompt_tokens, spellings, tools_tokens
from openai_mock.turns.vocabulary import ENCODINGS

SCRIPTS = (
    "aAsStTmMdDlLrReEzZéßñ'\u017f",
    "яЖщё",
    "漢字かなカナ한글",
    "ابتثىً",
    "हिन्दीक्षी",
    "0123456789²½٣",
    " \t\n\r\u00a0\u3000\u2028\x1f",
    "😀👩‍👩‍👧🇫🇷",
)
MARKS = ".,;:!?\"()[]{}<>=/+_-'\u2019、。\uff0c\uff01\uff1f\uff1a\uff1b|@#$%^&*~`\\…"
TEXTS = st.text(st.sampled_from("".join(SCRIPTS) + MARKS + " '" * 10)) | st.text()
both = pytest.mark.parametrize("encoding", ENCODINGS)


@lru_cache(maxsize=2)
def plain(encoding: str) -> tiktoken.Encoding:
    """tiktoken's own constructor, given the vocabulary of the package only if its hash is the one it asks for."""
    numbers = range(200_000 if encoding == "o200k_base" else 100_000)
    known = spellings([n for n in range(len(numbers) + 256) if is_token(n, encoding)], encoding)

    def load(_url: str, expected_hash: str) -> dict[bytes, int]:
        original = b"".join(b"%b %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(known))
        assert hashlib.sha256(original).hexdigest() == expected_hash
        return {token: rank for rank, token in enumerate(known)}

    with patch.object(tiktoken_public, "load_tiktoken_bpe", load):
        return tiktoken.Encoding(**tiktoken_public.ENCODING_CONSTRUCTORS[encoding]())


def is_token(number: int, encoding: str) -> bool:
    return number < {"o200k_base": 199_998, "cl100k_base": 100_256}[encoding]


@both
def test_the_vocabulary_is_byte_for_byte_the_one_that_tiktoken_would_download(encoding: str) -> None:
    assert plain(encoding).encode_ordinary("tiktoken is great!") == encode("tiktoken is great!", encoding)


@both
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="Hello, how are you 12345?")
@example(text="<|endoftext|>")
@example(text="\ud83d lone \udc00")
def test_tokens_are_those_of_tiktoken(encoding: str, text: str) -> None:
    expected = plain(encoding).encode_ordinary(text)
    assert encode(text, encoding) == expected
    assert count(text, encoding) == len(expected)


@both
@settings(max_examples=60, deadline=None)
@given(words=st.lists(TEXTS, min_size=1, max_size=30), times=st.integers(100, 400))
def test_long_texts_keep_their_tokens_where_they_are_cut(encoding: str, words: list[str], times: int) -> None:
    text = "".join(f"{word} and,so\n" for word in words) * times
    assert encode(text[:60_000], encoding) == plain(encoding).encode_ordinary(text[:60_000])


@both
@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
@example(text="it's we'LL I'd they\u2019re a'\u017f x'm, y's/z_'ve")
@example(text="e\u0301.\u0301! a\u0301, a/\n/b a\n\n /c  . \u200d.\u200d a\u200d,")
def test_a_word_ends_at_every_place_where_a_long_text_may_be_cut(encoding: str, text: str) -> None:
    whole = plain(encoding).encode_ordinary(text)
    for found in tokens._WORD_END.finditer(text):
        left, right = text[: found.start()], text[found.start() :]
        assert plain(encoding).encode_ordinary(left) + plain(encoding).encode_ordinary(right) == whole


def test_no_cutting_mark_continues_a_word_and_every_letter_before_one_is_a_letter_to_tiktoken() -> None:
    marks = [chr(n) for n in range(sys.maxunicode + 1) if tokens._WORD_END.fullmatch(f"a{chr(n)}", 1) and chr(n) != " "]
    assert len(marks) > 20
    assert all(unicodedata.category(mark)[0] in "PS" or mark in "\r\n" for mark in marks)
    letters = "".join(chr(n) for n in range(sys.maxunicode + 1) if tokens._WORD_END.fullmatch(f"{chr(n)}=", 1))
    assert regex.sub(r"[\p{L}\p{N}]+", "", letters) == ""


@both
@pytest.mark.parametrize("unit", ["a", " ", "=", "1", "字", "\n", "😀", "x\u0301", "\t ", "ab_1,", "\u3000", "\ud83d"])
def test_a_megabyte_without_a_break_is_counted_at_once(encoding: str, unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    encoder(encoding).build()
    began = time.process_time()
    found = count(text, encoding)
    assert time.process_time() - began < 2
    per_unit = len(plain(encoding).encode_ordinary(unit * 1536)) / 1536
    assert found == pytest.approx(per_unit * len(text) / len(unit), rel=0.02)


def test_a_long_number_is_counted_exactly() -> None:
    assert count("7" * 100_000, "o200k_base") == 33_334


def test_beyond_two_million_characters_a_sample_is_counted() -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 60_000
    assert len(text) > tokens.EXACT
    assert count(text, "o200k_base") == pytest.approx(len(encode(text, "o200k_base")), rel=0.001)


@both
def test_roles_are_counted_as_the_constants_say(encoding: str) -> None:
    assert {role: len(plain(encoding).encode_ordinary(role)) for role in tokens._ROLES} == tokens._ROLES


OURS = {"o200k_harmony": "o200k_base", "p50k_base": "cl100k_base", "p50k_edit": "cl100k_base"}
OURS |= {"r50k_base": "cl100k_base", "gpt2": "cl100k_base"}


def test_every_model_that_tiktoken_knows_has_its_encoding_or_the_next_newer_one() -> None:
    known = tiktoken.model.MODEL_TO_ENCODING | {
        f"{prefix}x": name for prefix, name in tiktoken.model.MODEL_PREFIX_TO_ENCODING.items() if prefix != "ft:gpt-4"
    }
    assert {model: encoding_for(model) for model in known} == {
        model: OURS.get(name, name) for model, name in known.items()
    }


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo-2024-04-09", "cl100k_base"),
        ("ft:gpt-4-0613:org::id", "cl100k_base"),
        ("ft:gpt-3.5-turbo:my-org:name:id", "cl100k_base"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "o200k_base"),
        ("ft:gpt-4.1-nano:org::id", "o200k_base"),
        ("gpt-4o", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("text-embedding-3-large", "cl100k_base"),
        ("o5-huge", "o200k_base"),
        ("my-own-model", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_encoding_for(model: str, encoding: str) -> None:
    assert encoding_for(model) == encoding


def test_an_unknown_encoding_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no encoding 'p50k'; write one of o200k_base, cl100k_base"):
        count("x", "p50k")


CONVERSATION = [
    {"role": "system", "content": "Answer every question about the ferry timetable in one line."},
    {"role": "user", "name": "passenger_7", "content": "When does the last boat leave for Ærø on Sundays?"},
    {"role": "assistant", "content": "At 21:45, from the north quay."},
    {"role": "user", "name": "passenger_7", "content": "谢谢! Can I take my bike?"},
]


@pytest.mark.parametrize(("model", "encoding"), [("gpt-4-0613", "cl100k_base"), ("gpt-4o", "o200k_base")])
def test_a_prompt_counts_by_the_published_formula(model: str, encoding: str) -> None:
    expected = 3
    for message in CONVERSATION:
        expected += 3 + sum(len(plain(encoding).encode_ordinary(value)) for value in message.values())
        expected += 1 if "name" in message else 0
    assert prompt_tokens(CONVERSATION, model) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": "hello"}, 3 + 1 + 1),
        ({"role": "user", "content": None}, 3 + 1),
        ({"role": "user"}, 3 + 1),
        ({"role": "user", "content": "hello", "name": "bob"}, 3 + 1 + 1 + 1 + count("bob", "o200k_base")),
        ({"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "input_text", "text": "hello"}]}, 6),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u", "detail": "low"}}]}, 4 + 85),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}, 4 + 765),
        ({"role": "user", "content": [{"type": "input_image", "image_url": "u", "detail": "low"}]}, 4 + 85),
        (
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "wav"}}],
            },
            14,
        ),
        (
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "mp3"}}],
            },
            34,
        ),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}, 4 + 1000),
        ({"role": "assistant", "content": None, "refusal": "no"}, 4 + 1),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            4 + 3 + 1 + 1,
        ),
        (
            {"role": "assistant", "tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "x"}}]},
            4 + 3 + 1 + 1,
        ),
        ({"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}, 4 + 3 + 1 + 1),
        ({"role": "tool", "content": "hello", "tool_call_id": "call_1"}, 3 + 1 + 1),
        ({"role": "narrator", "content": "hello"}, 3 + count("narrator", "o200k_base") + 1),
    ],
)
def test_what_a_message_costs(message: dict[str, Any], expected: int) -> None:
    assert prompt_tokens([message], "gpt-4o") == 3 + expected


def test_what_tools_cost() -> None:
    unit = {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "Unit."}
    function = {"name": "weather", "description": "Weather now.", "parameters": {"properties": {"unit": unit}}}
    expected = 12 + 7 + len(plain("o200k_base").encode_ordinary("weather:Weather now")) + 3
    expected += 3 + len(plain("o200k_base").encode_ordinary("unit:string:Unit")) - 3
    expected += sum(3 + len(plain("o200k_base").encode_ordinary(value)) for value in unit["enum"])
    assert tools_tokens([{"type": "function", "function": function}], "o200k_base") == expected
    assert tools_tokens([{"type": "function", **function}], "o200k_base") == expected
    assert tools_tokens([{"type": "function", **function}], "cl100k_base") > expected
    assert prompt_tokens([], "gpt-4o", [{"function": function}]) == 3 + expected
    assert tools_tokens([], "o200k_base") == 0


def test_parameters_inside_parameters_count() -> None:
    inner = {"type": "object", "properties": {"city": {"type": "string"}, "odd": True}}
    flat = {"name": "f", "parameters": {"properties": {"where": {"type": "object"}}}}
    nested = {"name": "f", "parameters": {"properties": {"where": inner}}}
    listed = {"name": "f", "parameters": {"properties": {"where": {"type": "object", "items": inner}}}}
    assert (
        tools_tokens([nested], "o200k_base")
        == tools_tokens([listed], "o200k_base")
        > tools_tokens([flat], "o200k_base")
    )


def test_importing_the_module_does_not_load_tiktoken() -> None:
    code = "import sys, openai_mock.turns.tokens; sys.exit('tiktoken' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
