"""What a model says of the files that it searched: the best passage, quoted and cited, in place of an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.turns.honour import limited
from openai_mock.turns.hosted import FOUND_EXAMPLE
from openai_mock.turns.ranking import quote, rewritten
from openai_mock.turns.tools import heard, is_answered
from openai_mock.turns.turn import Prompt, Reply, Turn

SEARCH = "file_search_call"
_QUERY = 120
"""Characters of a query."""


class Hit(Struct, frozen=True):
    """A passage that was found. `score` lies in 0..1."""

    file_id: str
    filename: str
    score: float
    attributes: Mapping[str, Any]
    text: str


def searches(turn: Turn) -> bool:
    """Whether a turn uses file search."""
    return any(item.get("type") == SEARCH for item in turn.items)


def may_be_grounded(prompt: Prompt, reply: Reply) -> bool:
    """Whether files may have a say: the author speaks, and searches or answers what files may answer as well."""
    if reply.rule or reply.fields or not reply.turns:
        return False
    return searches(reply.turns[0]) or _may_search(reply.turns[0], prompt)


def query_of(prompt: Prompt) -> str:
    """What to search for: what the user said last."""
    return " ".join(heard(prompt.messages).split())[:_QUERY]


def told(prompt: Prompt, reply: Reply, query: str, hits: Sequence[Hit]) -> Reply:
    """A reply with what was found in place of its example, within what the request lets it say.

    A message that searched for nothing, because the author did not think of it, becomes a search where there are hits.
    """
    turn = reply.turns[0]
    if not searches(turn) and not hits:
        return reply
    spoken = limited(_saying(turn, query, hits) if searches(turn) else _searching(query, hits), prompt)
    kept = [each for each in spoken.annotations if each.get("index", 0) < len(spoken.text or "")]
    return replace(reply, turns=(replace(spoken, annotations=tuple(kept)),))


def _may_search(turn: Turn, prompt: Prompt) -> bool:
    """Whether the author answered at random a message that files may answer."""
    body = prompt.body
    form = (body.get("text") or {}).get("format") or body.get("response_format")
    shaped = isinstance(form, Mapping) and form.get("type") in {"json_schema", "json_object"}
    free = turn.text is not None and not turn.items and not turn.tool_calls and not shaped
    return (
        free
        and body.get("tool_choice") in {None, "auto"}
        and body.get("max_tool_calls") != 0
        and not is_answered(prompt)
    )


def _saying(turn: Turn, query: str, hits: Sequence[Hit]) -> Turn:
    """A turn that used the tool, with what was found in place of the example."""
    if turn.text is None or FOUND_EXAMPLE not in turn.text:
        return turn
    before, _, after = turn.text.partition(FOUND_EXAMPLE)
    said = _sentence(query, hits)
    others = [each for each in turn.annotations if each.get("type") != "file_citation"]
    cited = _citations(hits, len(before) + len(said) - 1)
    return replace(turn, text=f"{before}{said}{after}", annotations=(*others, *cited), tokens=None)


def _searching(query: str, hits: Sequence[Hit]) -> Turn:
    said = _sentence(query, hits)
    return Turn(said, items=({"type": SEARCH, "queries": [query]},), annotations=_citations(hits, len(said) - 1))


def _sentence(query: str, hits: Sequence[Hit]) -> str:
    if not hits:
        return "I searched your files and found nothing about that."
    return f'{hits[0].filename} says: "{quote(hits[0].text, rewritten(query))}"'


def _citations(hits: Sequence[Hit], index: int) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {"type": "file_citation", "file_id": hit.file_id, "filename": hit.filename, "index": index} for hit in hits[:1]
    )
