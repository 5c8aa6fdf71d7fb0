"""The light encoder makes tiktoken's tokens of every text that it accepts."""

from __future__ import annotations

import sys
import time
import unicodedata
from functools import lru_cache

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_mock.turns.light import LONGEST, Light, Unfit, light, translated
from openai_mock.turns.vocabulary import ENCODINGS, all_ranks, read

POOL = (
    "aAsStTmMdDlLrReEvVzZéßñ\u017fǅʰª\u212a яЖщё 漢字かなカナー한글 ابتثىًـ हिन्दीक्षी नमस्ते 0123456789²½٣Ⅷ一 "
    " \t\n\r\v\f\u00a0\u3000\u2028\u2029\u1680\x85\x1c\x1f\u200b\u200d\ufeff\x00"
    " 😀👩‍👩‍👧🇫🇷👍🏽 .,;:!?\"()[]{}<>=/+_-'\u2019、。\uff0c\uff01@#$%^&*~`\\…|\ue000\u0301"
)
CODE = (
    "def f(x):\n",
    "    return x\n",
    "\r\n",
    "\t\t",
    "  ",
    "it's",
    "'LL",
    "'\u017f",
    "//",
    "/\n",
    "12345",
    "<|endoftext|>",
)
TEXTS = (
    st.text(st.sampled_from(POOL + " '" * 20))
    | st.text(st.characters(exclude_categories=["Cn"]))
    | st.lists(st.sampled_from(CODE) | st.text(st.sampled_from(POOL), max_size=4)).map("".join)
    | st.text(st.characters(max_codepoint=127))
)
EXAMPLES = (
    "",
    "Hello, how are you? It's 12345 o'clock; we'LL see, THEY'D say.",
    "def merged(run: bytes) -> list[int]:\n\n    if len(run) > 3:  # why\n\t\traise Unfit\r\n    return [*run]\n  ",
    "Привет! Расскажи мне, пожалуйста, какая сегодня погода в Лиссабоне и стоит ли брать зонт.",
    "请告诉我今天里斯本的天气怎么样\uff0c我需要带雨伞吗\uff1f谢谢你的帮助。",
    "مرحبا، أخبرني من فضلك كيف هو الطقس اليوم في لشبونة وهل أحتاج إلى مظلة؟",
    "नमस्ते, कृपया मुझे बताएं कि आज लिस्बन में मौसम कैसा है और क्या मुझे छाता चाहिए?",
    "こんにちは、今日のリスボンの天気はどうですか\uff1f 안녕하세요, 우산이 필요할까요?",
    "Great 👍🏽 party 🎉🎉 with family 👩‍👩‍👧 and 🇫🇷!",
    " \n\n \t  x  \r\n\r\n   ",
    "\ud83d lone \udc00, paired \ud83d\ude00",
)
both = pytest.mark.parametrize("encoding", ENCODINGS)
vocabulary = lru_cache(read)


@lru_cache
def whole(encoding: str) -> tiktoken.Encoding:
    held = vocabulary(encoding)
    return tiktoken.Encoding(mergeable_ranks=all_ranks(held), **held.header)


@lru_cache
def lasting(encoding: str) -> Light:
    """One encoder for all examples of a test, so that what it remembers is tried too."""
    return light(vocabulary(encoding))


@both
@pytest.mark.parametrize("text", EXAMPLES)
def test_ordinary_texts_have_the_tokens_of_tiktoken(encoding: str, text: str) -> None:
    assert light(vocabulary(encoding)).encode(text) == whole(encoding).encode_ordinary(text)


@both
@settings(max_examples=600, deadline=None)
@given(text=TEXTS)
@example(text="x" * LONGEST)
@example(text=" I'\u017fx")
@example(text="a\u0345'\u017f \u0301a ـ'S")
def test_an_accepted_text_has_the_tokens_of_tiktoken(encoding: str, text: str) -> None:
    assert lasting(encoding).encode(text) == whole(encoding).encode_ordinary(text)


@both
def test_every_character_is_of_the_class_that_tiktoken_gives_it(encoding: str) -> None:
    """Each character before and behind letters, blanks, digits, marks and breaks; a thousand characters in one text."""
    encode, reference = light(vocabulary(encoding)).encode, whole(encoding)
    known = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) not in {"Cn", "Cs", "Co"}]
    alike = [character for character in known if not _by_rule(character)]
    for at in range(0, len(alike), 1000):
        text = "".join(f"a{c}b {c}A{c}1{c}\n{c}'s it'{c} {c}  {c}/\n" for c in alike[at : at + 1000])
        assert encode(text) == reference.encode_ordinary(text)


def _by_rule(character: str) -> bool:
    """Whether the character is one of the thousands whose class follows from their block; every 50th is tried."""
    name = unicodedata.name(character, "")
    return (
        name.startswith(("CJK", "HANGUL SYLL", "TANGUT", "NUSHU", "KHITAN", "EGYPT", "CUNEI"))
        and ord(character) % 50 > 0
    )


@both
@pytest.mark.parametrize("text", ["\u0378", "known \U000e0fff", "\u0378 \ud83d"])
def test_a_character_that_unicode_does_not_know_is_declined(encoding: str, text: str) -> None:
    with pytest.raises(Unfit):
        light(vocabulary(encoding)).encode(text)


def test_a_long_word_that_is_no_token_is_declined() -> None:
    encoder = light(vocabulary("o200k_base"))
    with pytest.raises(Unfit):
        encoder.encode("xq" * LONGEST)
    assert encoder.encode("-" * 64) == [7535]


@both
def test_every_token_made_is_spelled(encoding: str) -> None:
    encoder = light(vocabulary(encoding))
    for text in EXAMPLES[:-1]:
        assert b"".join(encoder.spelled[token] for token in encoder.encode(text)).decode() == text


def test_only_what_is_new_is_work() -> None:
    encoder = light(vocabulary("o200k_base"))
    encoder.encode("The weather in Lisbon")
    before = encoder.work()
    encoder.encode("The Lisbon in weather")
    assert encoder.work() == before == 4


def test_a_class_unknown_to_the_translation_is_an_error() -> None:
    assert translated(r"\p{N}{1,3}|[^\s\p{L}]") == r"[0-9]{1,3}|[^\sA-Za-zª]"
    with pytest.raises(KeyError):
        translated(r"\p{Greek}+")


def test_an_ordinary_text_takes_microseconds_even_at_first() -> None:
    encoder = light(vocabulary("o200k_base"))
    text = EXAMPLES[1]
    encoder.encode("x")
    began = time.process_time()
    encoder.encode(text)
    assert time.process_time() - began < 0.005
