"""How alike two texts are, by the metrics that graders name; each is 1 for equal texts and 0 where nothing is shared.

Theory. Every metric divides texts into words. BLEU and GLEU keep case and count marks as words, since they judge the
wording; ROUGE and METEOR look at words alone, in lower case. A text without words equals only another one without. The
n-grams of a text are counted once per order, and long texts cost time in proportion to their words, except for the
longest common subsequence, which `rapidfuzz` counts in machine words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import exp, log
from types import MappingProxyType

from openai_mock.turns.vectors import vector

_WORD = re.compile(r"\w+")
_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
_ORDERS = range(1, 5)
_EMBEDDED = 3072
"""The size of text-embedding-3-large, by which the API compares."""


def similarity(metric: str, text: str, reference: str) -> float:
    """How alike a text is to its reference by a metric of `METRICS`, in 0..1. Raises KeyError for another metric."""
    return min(1.0, max(0.0, METRICS[metric](text, reference)))


def fuzzy_match(text: str, reference: str) -> float:
    """The normalised indel similarity: the share of characters that need be neither deleted nor inserted."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - 6 ms, and most mocks grade nothing

    return Indel.normalized_similarity(text, reference)


def cosine(text: str, reference: str) -> float:
    """The cosine of the vectors that `embeddings.create` answers for the two texts."""
    pairs = zip(vector(text, _EMBEDDED), vector(reference, _EMBEDDED), strict=True)
    return 1.0 if text == reference else sum([one * other for one, other in pairs])


def bleu(text: str, reference: str) -> float:
    """BLEU of Papineni et al. (2002) for a sentence: the geometric mean of the clipped precisions of 1- to 4-grams,
    times the brevity penalty.

    An order that the text is too short for does not count; one without a match is smoothed to half, a quarter, ... of
    a match (method 3 of Chen and Cherry, 2014). Without a shared word it is 0.
    """
    said, wanted = _WORD_OR_MARK.findall(text), _WORD_OR_MARK.findall(reference)
    if not said or not wanted:
        return float(said == wanted)
    logs: list[float] = []
    smoothed = 1.0
    for order in _ORDERS:
        total = len(said) - order + 1
        if total < 1:
            break
        shared = _shared(said, wanted, order)
        if not shared:
            if order == 1:
                return 0.0
            smoothed /= 2
        logs.append(log((shared or smoothed) / total))
    brevity = min(0.0, 1 - len(wanted) / len(said))
    return exp(brevity + sum(logs) / len(logs))


def gleu(text: str, reference: str) -> float:
    """Google's BLEU of Wu et al. (2016): of all 1- to 4-grams together, the smaller of precision and recall."""
    said, wanted = _WORD_OR_MARK.findall(text), _WORD_OR_MARK.findall(reference)
    if not said or not wanted:
        return float(said == wanted)
    shared = sum(_shared(said, wanted, order) for order in _ORDERS)
    most = max(sum(max(0, len(words) - order + 1) for order in _ORDERS) for words in (said, wanted))
    return shared / most


def meteor(text: str, reference: str) -> float:
    """METEOR of Banerjee and Lavie (2005) over equal words: recall counts nine times as much as precision, and up to
    half is lost to the number of chunks that the matches form; nothing is lost where all words match in one chunk.

    Words are matched from left to right, each if possible to the word behind the one before it.
    """
    said, wanted = _words(text), _words(reference)
    if not said or not wanted:
        return float(said == wanted)
    matches, chunks = _aligned(said, wanted)
    if not matches:
        return 0.0
    precision, recall = matches / len(said), matches / len(wanted)
    mean = 10 * precision * recall / (recall + 9 * precision)
    whole = chunks == 1 and matches == len(said) == len(wanted)
    return mean if whole else mean * (1 - 0.5 * (chunks / matches) ** 3)


def rouge_n(order: int, text: str, reference: str) -> float:
    """ROUGE-N of Lin (2004) as the F1 of the shared n-grams; for texts too short for any, whether they are equal."""
    said, wanted = _words(text), _words(reference)
    sizes = len(said) - order + 1, len(wanted) - order + 1
    if min(sizes) < 1:
        return float(said == wanted)
    return 2 * _shared(said, wanted, order) / sum(sizes)


def rouge_l(text: str, reference: str) -> float:
    """ROUGE-L of Lin (2004): the F1 of the longest common subsequence of words."""
    from rapidfuzz.distance import LCSseq  # noqa: PLC0415 - as above

    said, wanted = _words(text), _words(reference)
    if not said or not wanted:
        return float(said == wanted)
    return 2 * LCSseq.similarity(said, wanted) / (len(said) + len(wanted))


METRICS: Mapping[str, Callable[[str, str], float]] = MappingProxyType(
    {
        "cosine": cosine,
        "fuzzy_match": fuzzy_match,
        "bleu": bleu,
        "gleu": gleu,
        "meteor": meteor,
        **{f"rouge_{order}": partial(rouge_n, order) for order in range(1, 6)},
        "rouge_l": rouge_l,
    }
)
"""Every metric by the name that the API gives it."""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _shared(said: Sequence[str], wanted: Sequence[str], order: int) -> int:
    """How many n-grams two texts share, each as often as the rarer one has it."""
    return (_grams(said, order) & _grams(wanted, order)).total()


def _grams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(order)), strict=False))


def _aligned(said: Sequence[str], wanted: Sequence[str]) -> tuple[int, int]:
    """How many words match, each once, and how many runs of neighbours in both texts they form."""
    places: dict[str, list[int]] = {}
    for place in range(len(wanted) - 1, -1, -1):
        places.setdefault(wanted[place], []).append(place)
    taken: set[int] = set()
    matches = chunks = 0
    before = -2
    for word in said:
        free = places.get(word, [])
        while free and free[-1] in taken:
            free.pop()
        if not free:
            before = -2
            continue
        follows = before + 1
        place = follows if 0 <= follows < len(wanted) and wanted[follows] == word and follows not in taken else free[-1]
        taken.add(place)
        matches += 1
        chunks += place != before + 1
        before = place
    return matches, chunks
