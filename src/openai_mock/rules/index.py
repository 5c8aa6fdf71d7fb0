"""Finds the script that speaks, at a cost nearly independent of how many there are.

Theory. Flows form a trie: scripts that begin with the same lines share a point, and a script that stands alone is kept
as its number, its remaining lines unread until they are needed. The score of a flow for a request depends only on the
path to the point where the request ends, and every message adds at most a known amount; so a best-first search over
(highest score still possible, file order) verifies as little as it can: what it completes first is the answer, and no
lower tier is touched before. Full responses form one trie for each length, where every line scores 0 and file order
alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple

from msgspec import Struct

from openai_mock.rules.match import Text, answer, matches, tenths
from openai_mock.rules.patterns import Budget
from openai_mock.rules.script import Line, Script
from openai_mock.rules.tiers import BEST, Child, Edge, Node, first_of, tiers_of
from openai_mock.turns.turn import Message, Turn

_PREAMBLE = frozenset({"system", "developer"})
_COSTLY = frozenset({"regex", "fuzzy"})


class Found(Struct, frozen=True):
    """The script that matched. `turn` is a flow's answer and None for a full response; `score` is 0..1."""

    script: Script
    turn: Turn | None = None
    score: float = 1.0


class _Hit(NamedTuple):
    """A script's number in the file and its score as a fraction, so that equal means are equal."""

    order: int
    tenths: int
    weight: int


class Index:
    """The scripts, ready to be searched. It never changes; any number of threads may search it.

    `now` is a clock in seconds that bounds the time a request's patterns take together; without it only their number
    of time-outs is bounded.
    """

    def __init__(self, scripts: Sequence[Script], now: Callable[[], float] | None = None) -> None:
        self.scripts = tuple(scripts)
        self._now = now
        flows = [i for i, script in enumerate(self.scripts) if not script.whole and script.lines]
        headed = [i for i in flows if self.scripts[i].lines[0].role in _PREAMBLE]
        plain = [i for i in flows if self.scripts[i].lines[0].role not in _PREAMBLE]
        self._plain = _trie(self.scripts, plain, whole=False)
        self._headed = _trie(self.scripts, headed, whole=False)
        wholes: dict[int, list[int]] = {}
        self._inverted: dict[tuple[str, ...], list[int]] = {}
        for i, script in enumerate(self.scripts):
            if script.whole and script.invert:
                self._inverted.setdefault(tuple(line.role for line in script.lines), []).append(i)
            elif script.whole:
                wholes.setdefault(len(script.lines), []).append(i)
        self._wholes = {length: _trie(self.scripts, members, whole=True) for length, members in wholes.items()}

    def budget(self) -> Budget:
        """The time that patterns may take on one request."""
        return Budget(self._now)

    def find(self, messages: Sequence[Message]) -> Found | None:
        """The script that answers these messages, or None. Full responses come before flows."""
        if not messages:
            return None
        texts = [Text(message) for message in messages]
        budget = Budget(self._now)
        if self._wholes or self._inverted:
            order = self._find_whole(texts, budget)
            if order is not None:
                return Found(self.scripts[order])
        lead = preamble(messages)
        hit = self._search(self._plain, texts[lead:] if lead else texts, budget)
        matched = len(texts) - lead
        if lead and (other := self._search(self._headed, texts, budget)) and _beats(other, hit):
            hit, matched = other, len(texts)
        if hit is None:
            return None
        script = self.scripts[hit.order]
        return Found(script, answer(script, matched), hit.tenths / (10 * hit.weight) if hit.weight else 0.0)

    def _search(self, root: Node | None, texts: Sequence[Text], budget: Budget) -> _Hit | None:
        return _search(self.scripts, root, texts, budget, whole=False) if root and texts else None

    def _find_whole(self, texts: Sequence[Text], budget: Budget) -> int | None:
        """The first full response in the file that wants these messages."""
        root = self._wholes.get(len(texts))
        hit = _search(self.scripts, root, texts, budget, whole=True) if root else None
        best = hit.order if hit else None
        for order in self._inverted.get(tuple(text.message.role for text in texts), ()):
            if best is not None and order > best:
                break
            if differs(self.scripts[order], texts, budget):
                return order
        return best


def preamble(messages: Sequence[Message]) -> int:
    """How many system and developer messages lead the request; flows that have none at their head skip them."""
    for lead, message in enumerate(messages):
        if message.role not in _PREAMBLE:
            return lead
    return len(messages)


def differs(script: Script, texts: Sequence[Text], budget: Budget) -> bool:
    """Whether the contents do not all match, as an inverted script wants. A pattern given up proves nothing: False."""
    for line, text in zip(script.lines, texts, strict=True):
        if not matches(line, text, budget, whole=True):
            return not (line.matcher == "regex" and budget.overdue)
    return False


def _beats(one: _Hit, other: _Hit | None) -> bool:
    if other is None:
        return True
    ours, theirs = one.tenths * max(other.weight, 1), other.tenths * max(one.weight, 1)
    return ours > theirs or (ours == theirs and one.order < other.order)


def _trie(scripts: Sequence[Script], members: list[int], *, whole: bool) -> Node | None:
    """The trie of these scripts, built from the root down without recursion: flows may share hundreds of lines."""
    if not members:
        return None
    root = Node(members[0], {})
    waiting = [(root, 0, members)]
    settled: list[tuple[Node, dict[str, list[Edge]]]] = []
    while waiting:
        node, depth, group = waiting.pop()
        by_role: dict[str, list[Edge]] = {}
        for shared in _partition(scripts, group, depth, whole=whole):
            child: Child = shared[0]
            if len(shared) > 1:
                child = Node(shared[0], {})
                waiting.append((child, depth + 1, shared))
            line = scripts[shared[0]].lines[depth]
            by_role.setdefault(line.role, []).append((line, child))
        settled.append((node, by_role))
    for node, by_role in settled:
        node.ways.update((role, tiers_of(edges, whole=whole)) for role, edges in by_role.items())
    return root


def _partition(scripts: Sequence[Script], group: list[int], depth: int, *, whole: bool) -> list[list[int]]:
    """The scripts that go on, in file order, put together where their next lines are the same to the search."""
    parts: dict[object, list[int]] = {}
    for i in group:
        lines = scripts[i].lines
        if depth < len(lines):
            parts.setdefault(_key(lines[depth], whole=whole), []).append(i)
    return list(parts.values())


def _key(line: Line, *, whole: bool) -> object:
    if line.role == "assistant" and not whole:
        return "assistant"
    if line.matcher == "any":
        return (line.role, "any")
    content = line.content.strip() if line.matcher == "exact" else line.content
    threshold = line.threshold if line.matcher == "fuzzy" else None
    call = line.tool_call_id if line.role == "tool" and not whole else None
    return (line.role, line.matcher, content, bool(line.content), threshold, call)


def _search(
    scripts: Sequence[Script], root: Node, texts: Sequence[Text], budget: Budget, *, whole: bool
) -> _Hit | None:
    """The best-first search. An entry of the heap is (minus the score it can reach, first script, serial number,
    depth, score so far, child, number of the child's tier to try next; -1 for a child whose own lines come next).
    """
    if len(texts) == 1:
        return _only(root, texts[0], budget)
    if not whole and (straight := _straight(scripts, root, texts)) is not None:
        weight = sum(map(_weight, texts))
        return _Hit(straight, BEST * weight, weight)
    rest = _rest(texts, whole=whole)
    end = len(texts)
    heap: list[tuple[int, int, int, int, int, Child, int]] = []
    serial = 0

    def push_tier(node: Node, depth: int, score: int, number: int) -> None:
        nonlocal serial
        tiers = node.ways.get(texts[depth].message.role, ())
        if number < len(tiers):
            serial += 1
            reach = score + tiers[number].tenths + rest[depth + 1]
            heappush(heap, (-reach, tiers[number].first, serial, depth, score, node, number))

    def push_child(child: Child, depth: int, score: int) -> None:
        nonlocal serial
        if depth < end and isinstance(child, Node):
            push_tier(child, depth, score, 0)
            return
        if isinstance(child, int):
            score += 0 if whole else sum(map(tenths, scripts[child].lines[depth:end]))
        serial += 1
        heappush(heap, (-score, first_of(child), serial, depth, score, child, -1))

    def keep(child: Child, depth: int) -> bool:
        return not isinstance(child, int) or depth == end or _plausible(scripts[child].lines, texts, depth, whole=whole)

    push_tier(root, 0, 0, 0)
    while heap:
        _, order, _, depth, score, child, number = heappop(heap)
        if isinstance(child, int) and not _fits(scripts[child].lines, texts, depth, budget, whole=whole):
            continue
        if isinstance(child, int) or number < 0:
            return _Hit(order, score, sum(map(_weight, texts)))
        push_tier(child, depth, score, number + 1)
        text = texts[depth]
        tier = child.ways[text.message.role][number]
        if not (text.raw or tier.blank):
            continue
        for following in tier.find(text, budget, partial(keep, depth=depth + 1)):
            if keep(following, depth + 1):
                push_child(following, depth + 1, score + tier.tenths)
                if depth + 1 == end:
                    break
    return None


def _only(root: Node, text: Text, budget: Budget) -> _Hit | None:
    """The best script for a single message: what the first tier that has any finds first, unless one that scores the
    same stands before it.
    """
    best: _Hit | None = None
    for tier in root.ways.get(text.message.role, ()):
        if best and (tier.tenths < best.tenths or tier.first > best.order):
            break
        if text.raw or tier.blank:
            for child in tier.find(text, budget, _any_child):
                order = first_of(child)
                if best is None or order < best.order:
                    best = _Hit(order, tier.tenths, _weight(text))
                break
    return best


def _any_child(_child: Child) -> bool:
    return True


def _straight(scripts: Sequence[Script], root: Node, texts: Sequence[Text]) -> int | None:
    """The script at the end of a path of exact lines: where each is the only best one, nothing can beat it."""
    child: Child = root
    for depth, text in enumerate(texts):
        if isinstance(child, int):
            return child if _same(scripts[child].lines, texts, depth) else None
        tiers = child.ways.get(text.message.role)
        if not tiers or not tiers[0].sure or not (text.raw or tiers[0].blank):
            return None
        following = tiers[0].sure(text)
        if len(following) != 1:
            return None
        child = following[0]
    return first_of(child)


def _same(lines: Sequence[Line], texts: Sequence[Text], depth: int) -> bool:
    return all(
        line.role == "assistant" or (line.matcher == "exact" and line.content and text.raw)
        for line, text in zip(lines[depth:], texts[depth:], strict=False)
    ) and _plausible(lines, texts, depth, whole=False)


def _weight(text: Text) -> int:
    """Whether a flow's score counts the message: 1 for all but the assistant's, which every flow accepts."""
    return int(text.message.role != "assistant")


def _rest(texts: Sequence[Text], *, whole: bool) -> list[int]:
    """For each depth, the most that the messages from there on can add to a score, in tenths."""
    rest = [0] * (len(texts) + 1)
    if not whole:
        for depth in range(len(texts) - 1, -1, -1):
            rest[depth] = rest[depth + 1] + BEST * _weight(texts[depth])
    return rest


def _plausible(lines: Sequence[Line], texts: Sequence[Text], depth: int, *, whole: bool) -> bool:
    """Whether length, roles and exact lines allow the script: what can be said at next to no cost."""
    if len(lines) < len(texts):
        return False
    for line, text in zip(lines[depth : len(texts)], texts[depth:], strict=True):
        if line.role != text.message.role:
            return False
        compared = whole or (line.role != "assistant" and line.content and text.raw)
        if compared and line.matcher == "exact" and line.content.strip() != text.raw.strip():
            return False
    return True


def _fits(lines: Sequence[Line], texts: Sequence[Text], depth: int, budget: Budget, *, whole: bool) -> bool:
    """Whether the script's remaining lines match, the cheap ones first. Roles and length are known to agree."""
    pairs = list(zip(lines[depth : len(texts)], texts[depth:], strict=True))
    return all(matches(line, text, budget, whole=whole) for line, text in pairs if line.matcher not in _COSTLY) and all(
        matches(line, text, budget, whole=whole) for line, text in pairs if line.matcher in _COSTLY
    )
