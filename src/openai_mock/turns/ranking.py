"""Ranks passages of text for a query by the words they share, and finds the words of a passage that answer best.

Theory. BM25: a word that few passages have says more (inverse document frequency), a word said again says ever less
(`K1`), and a long passage has to say more than a short one (`B`). A document is indexed once, as counts of its words.
The sum for a query is measured against what a passage of average length has that says each of its words once, and bent
into 0..1: such a passage scores 0.78, one with half of them about 0.5, and nothing reaches 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log

from msgspec import Struct

K1, B = 1.2, 0.75
_STEEPNESS = 1.5
_DIGITS = 4
_MANY = 400
"""Characters of a passage that is quoted whole."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
"""A word; scripts that write no blanks between words count by the character."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKING = frozenset({
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "did", "do", "does", "file",
    "files", "find", "for", "from", "get", "give", "has", "have", "how", "i", "in", "is", "it", "its", "look", "many",
    "me", "much", "my", "of", "on", "or", "our", "please", "say", "says", "search", "should", "so", "tell", "that",
    "the", "there", "this", "to", "was", "we", "what", "when", "where", "which", "who", "why", "will", "with", "would",
    "you", "your",
})  # fmt: skip
"""Words by which people ask, which say nothing of what they look for."""


class Indexed(Struct, frozen=True):
    """A document as its passages: their texts, their lengths in words, and how often each has which word."""

    passages: tuple[str, ...]
    lengths: tuple[int, ...]
    counts: tuple[Mapping[str, int], ...]


class Ranked(Struct, frozen=True):
    """A passage that shares words with the query: its score in 0..1, its document's number and its own."""

    score: float
    document: int
    passage: int


def words(text: str) -> list[str]:
    """The words of a text, casefolded."""
    return _WORD.findall(text.casefold())


def rewritten(query: str) -> str:
    """A question as words to look for; as it was where nothing would be left."""
    return " ".join(word for word in words(query) if word not in _ASKING) or query


def index(passages: Iterable[str]) -> Indexed:
    """Index a document for `rank`."""
    texts = tuple(passages)
    said = [words(text) for text in texts]
    return Indexed(texts, tuple(len(each) for each in said), tuple(dict(Counter(each)) for each in said))


def rank(documents: Sequence[Indexed], queries: Iterable[str]) -> list[Ranked]:
    """The passages that share a word with a query, best first; of several queries the best counts.

    Passages that are equally good stay in the order of documents and passages.
    """
    total = sum([len(each.lengths) for each in documents])
    average = (sum([sum(each.lengths) for each in documents]) / total if total else 0) or 1.0
    best: dict[tuple[int, int], float] = {}
    for query in queries:
        for place, score in _scores(documents, set(words(query)), total, average).items():
            best[place] = max(score, best.get(place, 0.0))
    ordered = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Ranked(round(1 - exp(-_STEEPNESS * score), _DIGITS), *place) for place, score in ordered]


def _scores(documents: Sequence[Indexed], wanted: set[str], total: int, average: float) -> dict[tuple[int, int], float]:
    """By passage, BM25 as a share of what each word said once would be."""
    sums: dict[tuple[int, int], float] = {}
    weights = 0.0
    for word in sorted(wanted):
        found = [
            (at, passage, times)
            for at, each in enumerate(documents)
            for passage, counts in enumerate(each.counts)
            if (times := counts.get(word))
        ]
        weight = log(1 + (total - len(found) + 0.5) / (len(found) + 0.5))
        weights += weight
        for at, passage, times in found:
            longer = K1 * (1 - B + B * documents[at].lengths[passage] / average)
            place = at, passage
            sums[place] = sums.get(place, 0.0) + weight * times * (K1 + 1) / (times + longer)
    return {place: score / weights for place, score in sums.items()}


def quote(passage: str, query: str, most: int = _MANY) -> str:
    """A short passage whole; of a long one, the sentence with most of the query's words. At most `most` characters."""
    if len(passage) <= most:
        return passage.strip()
    wanted = set(words(query))
    sentences = [part for part in _SENTENCE_END.split(passage) if part.strip()]
    return max(sentences, key=lambda part: len(wanted & set(words(part))), default="")[:most].strip()
