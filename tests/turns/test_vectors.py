"""Vectors of texts: length one, the same for the same text, near for near texts."""

from __future__ import annotations

import base64
import struct
from math import fsum, isclose

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_mock.turns.vectors import packed, vector

SENTENCES = (
    "To reset your password, open the account settings and choose a new password.",
    "The weather in Paris will be sunny with a light breeze.",
    "Our refund policy lets customers return products within thirty days.",
    "The train to Berlin leaves from platform nine at noon.",
    "Photosynthesis turns sunlight into chemical energy in plants.",
    "The stock market fell sharply after the interest rate decision.",
    "Preheat the oven and bake the bread for forty minutes.",
    "The museum opens every day except Monday.",
    "Python lists can be sorted with a key function.",
    "Our cat sleeps on the sofa most of the afternoon.",
    "The football team won the championship in extra time.",
    "Vaccines teach the immune system to recognise a virus.",
    "Shipping to Canada takes five to seven business days.",
    "The novel tells the story of a family in Naples.",
    "Electric cars need charging stations along the motorway.",
    "Mount Everest is the highest mountain above sea level.",
    "The meeting was moved to Thursday because of the holiday.",
    "Regular exercise lowers blood pressure and improves sleep.",
    "The database index makes queries faster but writes slower.",
    "Coffee beans are roasted before they are ground.",
)
PARAPHRASES = {
    "How can I reset my password?": 0,
    "Is it sunny in Paris, what is the weather like?": 1,
    "returning a product and getting a refund": 2,
    "When does the Berlin train depart?": 3,
    "how plants convert sunlight to energy": 4,
    "sorting a list in Python": 8,
    "how long does shipping to Canada take": 12,
    "which mountain is the highest": 15,
    "why are database queries with an index faster": 18,
}
EXPECTED = [0.178194, -0.381354, -0.907092]


def cosine(one: str, other: str, dimensions: int = 1536) -> float:
    return fsum(a * b for a, b in zip(vector(one, dimensions), vector(other, dimensions), strict=True))


@given(st.text(max_size=60), st.integers(1, 400))
@example("", 1)
@example("\ud800", 3)
@example("İ" * 50, 1536)
def test_the_length_is_one(text: str, dimensions: int) -> None:
    found = vector(text, dimensions)
    assert len(found) == dimensions
    assert isclose(fsum(value * value for value in found), 1.0, abs_tol=1e-9)
    assert vector(text, dimensions) == found


@pytest.mark.parametrize("dimensions", [256, 1536, 3072])
@pytest.mark.parametrize(("query", "best"), PARAPHRASES.items())
def test_a_query_finds_its_paraphrase_first(query: str, best: int, dimensions: int) -> None:
    ranked = sorted(range(len(SENTENCES)), key=lambda index: -cosine(query, SENTENCES[index], dimensions))
    assert ranked[0] == best


def test_likeness_is_graded() -> None:
    text = SENTENCES[0]
    assert isclose(cosine(text, text), 1.0)
    assert 0.98 < cosine(text, text.upper()) < 1.0
    assert 0.5 < cosine(text, "To reset passwords, open your account settings.") < 1.0
    assert 0.0 < cosine(text, SENTENCES[9]) < 0.35
    assert all(value != 0 for value in vector(text, 1536))


def test_the_same_vector_in_every_process() -> None:
    assert [round(value, 6) for value in vector("Hello world", 3)] == EXPECTED


def test_base64_is_little_endian_floats() -> None:
    found = vector("Hello world", 5)
    assert struct.unpack("<5f", base64.b64decode(packed(found))) == pytest.approx(found, abs=1e-7)
