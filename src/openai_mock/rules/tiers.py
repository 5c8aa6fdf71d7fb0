"""The ways on from a point in the scripts: lines that may stand there, filed by matcher so that few are looked at.

Theory. All lines that continue the same beginning with the same role form a list of `Tier`s, best score first. A tier
holds the lines of one matcher and finds those that fit a text: `exact` in a dictionary, `contains` and `regex` through
the grams of what they need, `fuzzy` by a compiled comparison that gives up early. It yields children in file order, as
they are asked for, and only children whose line fits.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import TypeAlias

from msgspec import Struct

from openai_mock.rules.match import Text, cutoff_of, normal, reaches, scorer, tenths
from openai_mock.rules.needles import finder
from openai_mock.rules.patterns import Budget, Requirements, read
from openai_mock.rules.script import Line

BEST = 10
DOTTED_I = "\u0130"


class Node(Struct):
    """A point that several scripts share. `first` is the first of them in the file; `ways` leads on, by role."""

    first: int
    ways: dict[str, tuple[Tier, ...]]


Child: TypeAlias = int | Node
"""What follows a line: a shared point, or the number of the one script that stands there."""

Keep: TypeAlias = Callable[[Child], bool]
"""A cheap doubt about a child, asked before its line is compared at a price."""

Lookup: TypeAlias = Callable[[Text], Sequence[Child]]
Find: TypeAlias = Callable[[Text, Budget, Keep], Iterable[Child]]
Edge: TypeAlias = tuple[Line, Child]


class Tier(Struct, frozen=True):
    """Lines of one matcher that may stand at one point.

    `tenths` is what each adds to a flow's score, `first` the earliest script of this tier and those behind it, and
    `blank` whether an empty text can fit. `sure` finds what nothing can beat: exact texts or the assistant's line,
    where no other tier scores as much.
    """

    tenths: int
    first: int
    blank: bool
    sure: Lookup | None
    find: Find


def first_of(child: Child) -> int:
    """The first script, in file order, that stands at the child."""
    return child if isinstance(child, int) else child.first


def tiers_of(edges: Sequence[Edge], *, whole: bool) -> tuple[Tier, ...]:
    """The tiers of lines that stand at one point and share their role, the highest score first."""
    groups = sorted(_sorted_out(edges, whole=whole).items(), key=lambda group: -group[0][0])
    tiers: list[Tier] = []
    earliest = sys.maxsize
    for i, ((score, matcher), members) in reversed(list(enumerate(groups))):
        earliest = min(earliest, *(first_of(child) for _, child in members))
        lookup = _LOOKUPS[matcher](members) if matcher in _LOOKUPS else None
        best = not whole and i == 0 and score in {0, BEST} and (len(groups) == 1 or groups[1][0][0] < score)
        blank = whole or matcher in {"any", "call"}
        find = _searching(lookup) if lookup else _SEARCHES[matcher](members)
        tiers.append(Tier(score, earliest, blank, lookup if best else None, find))
    return tuple(reversed(tiers))


def _searching(lookup: Lookup) -> Find:
    return lambda text, _budget, _keep: lookup(text)


def _sorted_out(edges: Sequence[Edge], *, whole: bool) -> dict[tuple[int, str], list[Edge]]:
    """The lines by score and way of finding. In flows a line without content is found by its call or not at all."""
    groups: dict[tuple[int, str], list[Edge]] = {}
    for line, child in edges:
        if whole:
            groups.setdefault((0, line.matcher), []).append((line, child))
            continue
        score = tenths(line)
        if line.role == "assistant" or line.matcher == "any":
            groups.setdefault((score, "any"), []).append((line, child))
            continue
        if line.content:
            groups.setdefault((score, line.matcher), []).append((line, child))
        if line.role == "tool" and line.tool_call_id is not None:
            groups.setdefault((score, "call"), []).append((line, child))
    return groups


def _exact(edges: Sequence[Edge]) -> Lookup:
    lists: dict[str, list[Child]] = {}
    for line, child in edges:
        lists.setdefault(line.content.strip(), []).append(child)
    by_text = {content: tuple(children) for content, children in lists.items()}
    return lambda text: by_text.get(text.raw.strip(), ())


def _call(edges: Sequence[Edge]) -> Lookup:
    """By equal `tool_call_id`: every line when the message is empty, else those that are empty themselves."""
    every: dict[str | None, list[Child]] = {}
    empty: dict[str | None, list[Child]] = {}
    for line, child in edges:
        every.setdefault(line.tool_call_id, []).append(child)
        if not line.content:
            empty.setdefault(line.tool_call_id, []).append(child)
    return lambda text: (empty if text.raw else every).get(text.message.tool_call_id, ())


def _any(edges: Sequence[Edge]) -> Lookup:
    children = tuple(child for _, child in edges)
    return lambda _text: children


def _contains(edges: Sequence[Edge]) -> Find:
    children = [child for _, child in edges]
    find = finder([(line.content.casefold(),) for line, _ in edges])
    return lambda text, _budget, _keep: (children[i] for i in find(text.folded))


def _regex(edges: Sequence[Edge]) -> Find:
    needs = _rarest([read(line.content).requirements for line, _ in edges])
    told = [i for i, texts in enumerate(needs) if texts]
    untold = [i for i, texts in enumerate(needs) if not texts]
    find = finder([needs[i] for i in told])

    def candidates(text: Text) -> Iterable[int]:
        if DOTTED_I in text.raw:
            return range(len(edges))
        return merge((told[i] for i in find(text.folded)), untold) if told else untold

    def search(text: Text, budget: Budget, keep: Keep) -> Iterator[Child]:
        for i in candidates(text):
            line, child = edges[i]
            if keep(child) and budget.found(line.content, text.raw):
                yield child

    return search


def _rarest(requirements: Sequence[Requirements]) -> list[tuple[str, ...]]:
    """Of what each pattern requires, the part that the fewest patterns share; empty where nothing is known."""
    shared = Counter(texts for one in requirements for texts in one)
    return [min(one, key=lambda texts: (shared[texts], -min(map(len, texts))), default=()) for one in requirements]


def _fuzzy(edges: Sequence[Edge]) -> Find:
    from rapidfuzz import process  # noqa: PLC0415  (see `scorer`)

    contents = [normal(line.content) for line, _ in edges]
    cutoff = cutoff_of(min(line.threshold for line, _ in edges))
    alike = scorer()

    def search(text: Text, _budget: Budget, _keep: Keep) -> Iterator[Child]:
        for _, score, i in process.extract_iter(text.normal, contents, scorer=alike, score_cutoff=cutoff):
            line, child = edges[i]
            if reaches(score, line.threshold):
                yield child

    return search


_LOOKUPS: dict[str, Callable[[Sequence[Edge]], Lookup]] = {"exact": _exact, "call": _call, "any": _any}
_SEARCHES: dict[str, Callable[[Sequence[Edge]], Find]] = {"contains": _contains, "regex": _regex, "fuzzy": _fuzzy}
