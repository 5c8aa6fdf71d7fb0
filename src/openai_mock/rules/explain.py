"""Why nothing matched: the scripts nearest to a conversation, and for each the first thing that differs.

Theory. Nearest is the script that follows the conversation furthest, then the one whose next line is most similar to
the message that differs, then the first in the file. Sentences are written only for the few that are shown. Of a large
set, or for long texts, only the scripts are compared whose lines are most similar to the conversation's first or last
message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nsmallest

from msgspec import Struct

from openai_mock.rules.index import Index, preamble
from openai_mock.rules.match import Text, matches, reason, scorer, similarity
from openai_mock.rules.patterns import Budget
from openai_mock.rules.script import Script
from openai_mock.turns.turn import Message

COMPARED_SCRIPTS = 2000
SEARCHED_CHARACTERS = 50_000_000
SIMILAR_TEXTS = 64
SHARED_TEXT = 8
COMPARED_CHARACTERS = 1000


class Miss(Struct, frozen=True):
    """A script that did not match.

    `position` is the index of the first message that differs, None where the number of messages does; `matched` counts
    the messages before it that fit, and `similarity` (0..1) is the differing message's.
    """

    id: str
    where: str
    position: int | None
    reason: str
    similarity: float
    matched: int


class _Stand(Struct, frozen=True):
    """How far a script follows the conversation. `offset` messages before its first line are skipped."""

    order: int
    offset: int
    matched: int
    similarity: float


def nearest(index: Index, messages: Sequence[Message], k: int = 3) -> tuple[Miss, ...]:
    """The `k` scripts nearest to the messages, nearest first, each with the first thing that differs."""
    texts = [Text(message) for message in messages]
    budget = index.budget()
    lead = preamble(messages)
    stands = (_stand(index.scripts[i], i, texts, lead, budget) for i in _candidates(index.scripts, texts, lead))
    missed = (stand for stand in stands if stand is not None)
    best = nsmallest(k, missed, key=lambda stand: (-stand.matched, -stand.similarity, stand.order))
    return tuple(_miss(index, texts, stand) for stand in best)


def _offset(script: Script, lead: int) -> int:
    """How many leading messages the script skips."""
    headed = bool(script.lines) and script.lines[0].role in {"system", "developer"}
    return 0 if script.whole or headed else lead


def _stand(script: Script, order: int, texts: Sequence[Text], lead: int, budget: Budget) -> _Stand | None:
    offset = _offset(script, lead)
    view = texts[offset:]
    content_counts = not script.invert
    for i, (line, text) in enumerate(zip(script.lines, view, strict=False)):
        if line.role != text.message.role:
            return _Stand(order, offset, i, 0.0)
        if content_counts and not matches(line, text, budget, whole=script.whole):
            return _Stand(order, offset, i, similarity(line, text))
    matched = min(len(view), len(script.lines))
    if script.whole and not script.invert and len(view) == len(script.lines):
        return None
    if not script.whole and view and len(view) <= len(script.lines):
        return None
    return _Stand(order, offset, matched, 0.0)


def _miss(index: Index, texts: Sequence[Text], stand: _Stand) -> Miss:
    script = index.scripts[stand.order]
    position = stand.offset + stand.matched
    differs = stand.matched < len(script.lines) and position < len(texts)
    why = _difference(script, stand, texts, index.budget()) if differs else _count(script, stand, texts)
    counts = not differs and (script.whole or position >= len(texts))
    return Miss(script.id, script.where, None if counts else position, why, round(stand.similarity, 2), stand.matched)


def _difference(script: Script, stand: _Stand, texts: Sequence[Text], budget: Budget) -> str:
    position = stand.offset + stand.matched
    line, text = script.lines[stand.matched], texts[position]
    if line.role != text.message.role:
        kind = "rule wants" if script.whole else "flow starts with" if stand.matched == 0 else "flow goes on with"
        return f"messages[{position}].role: {text.message.role!r}, where the {kind} {line.role!r}"
    why = reason(line, text, budget, whole=script.whole) or "content: its pattern was given up, no time was left for it"
    return f"messages[{position}].{why}"


def _count(script: Script, stand: _Stand, texts: Sequence[Text]) -> str:
    sent = len(texts) - stand.offset
    if script.whole and sent != len(script.lines):
        return f"messages: the rule wants exactly {_number(len(script.lines))}, the request has {len(texts)}"
    if script.invert:
        return "messages: the contents all match (or a pattern was given up), and with invert one must not"
    if not texts:
        return "messages: the request has none"
    if not sent:
        return "messages: the request has only system and developer messages, which this flow skips"
    return f"messages[{stand.offset + stand.matched}]: the flow ends before it, after {_number(len(script.lines))}"


def _number(count: int) -> str:
    return f"{count} message" if count == 1 else f"{count} messages"


def _candidates(scripts: Sequence[Script], texts: Sequence[Text], lead: int) -> Iterable[int]:
    """The scripts worth comparing, in file order: all of a small set, of a large one those with a similar line."""
    affordable = SEARCHED_CHARACTERS // (1 + sum(len(text.raw) for text in texts))
    limit = max(SIMILAR_TEXTS, min(COMPARED_SCRIPTS, affordable))
    if len(scripts) <= limit or len(texts) <= lead:
        return range(min(len(scripts), limit))
    chosen: set[int] = set()
    for position in {0, lead, len(texts) - 1}:
        chosen.update(_similar(scripts, texts[position], position, lead))
    return sorted(chosen) or range(limit)


def _similar(scripts: Sequence[Script], text: Text, position: int, lead: int) -> Iterable[int]:
    """Scripts whose line at this message has the same role and one of the most similar contents."""
    from rapidfuzz import process  # noqa: PLC0415  (see `scorer`)

    by_content: dict[str, list[int]] = {}
    for i, script in enumerate(scripts):
        at = position - _offset(script, lead)
        if 0 <= at < len(script.lines) and script.lines[at].role == text.message.role:
            by_content.setdefault(script.lines[at].content[:COMPARED_CHARACTERS], []).append(i)
    said = text.raw[:COMPARED_CHARACTERS]
    near = process.extract(said, list(by_content), scorer=scorer(), limit=SIMILAR_TEXTS)
    for content, _, _ in near:
        yield from by_content[content][:SHARED_TEXT]
