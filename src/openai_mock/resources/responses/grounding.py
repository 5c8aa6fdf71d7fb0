"""File search in responses: what the model says is taken from the files of the vector stores that the request names.

Theory. The author knows no files; where it uses the tool it says an example. If the request names a vector store that
exists, the example gives way to the best passage and its citation. What was found is not kept: where a stored response
is asked for the results later, they are searched for again, with the queries and the tool that it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from openai_mock.engine.resource import Call
from openai_mock.engine.search import STORES, Hit, is_expired, search, used
from openai_mock.turns.honour import limited
from openai_mock.turns.hosted import FOUND_EXAMPLE
from openai_mock.turns.ranking import quote, rewritten
from openai_mock.turns.tools import heard, is_answered
from openai_mock.turns.turn import Prompt, Reply, Turn

RESULTS = "file_search_call.results"
"""What a request puts into `include` to see what was found."""
_RESULTS = 20
_QUERY = 120
"""Characters of a query."""


def grounded(call: Call, prompt: Prompt, reply: Reply) -> Reply:
    """What is said, with the example of a file search replaced by what the files say.

    A message of the author that uses no tool at all, though the request offers file search, becomes a search where
    something is found. A rule's words stay as they are.
    """
    tool = _tool(prompt.body.get("tools"))
    if tool is None or reply.rule or reply.fields or not reply.turns:
        return reply
    turn = reply.turns[0]
    searches = any(item.get("type") == "file_search_call" for item in turn.items)
    stores = _stores(call, tool) if searches or _may_search(turn, prompt) else []
    if not stores:
        return reply
    query = " ".join(heard(prompt.messages).split())[:_QUERY]
    hits = _found(call, tool, stores, [query])
    if not searches and not hits:
        return reply
    for store in stores:
        used(call, store)
    made = _saying(turn, query, hits) if searches else _searching(query, hits)
    spoken = limited(made, prompt)
    kept = [each for each in spoken.annotations if each.get("index", 0) < len(spoken.text or "")]
    return replace(reply, turns=(replace(spoken, annotations=tuple(kept)),))


def with_results(
    call: Call, output: list[dict[str, Any]], tools: Iterable[Mapping[str, Any]] | None, include: Iterable[str]
) -> list[dict[str, Any]]:
    """Items with what their file searches found, where `include` asks for it and the vector stores exist."""
    tool = _tool(tools) if RESULTS in include else None
    stores = _stores(call, tool) if tool else []
    if not tool or not stores:
        return output
    return [
        {**item, "results": [_result(hit) for hit in _found(call, tool, stores, item["queries"])]}
        if item["type"] == "file_search_call" and item.get("results") is None
        else item
        for item in output
    ]


def _tool(tools: Iterable[Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    return next((tool for tool in tools or () if tool.get("type") == "file_search"), None)


def _stores(call: Call, tool: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stores of a tool that exist and have not expired."""
    if STORES not in call.world.shapes:
        return []
    collection = call.collection(STORES)
    found = [collection.find(id_) for id_ in tool.get("vector_store_ids") or ()]
    return [store for store in found if store is not None and not is_expired(call, store)]


def _may_search(turn: Turn, prompt: Prompt) -> bool:
    """Whether the author answered at random a message that files may answer."""
    body = prompt.body
    shaped = ((body.get("text") or {}).get("format") or {}).get("type") in {"json_schema", "json_object"}
    free = turn.text is not None and not turn.items and not turn.tool_calls and not shaped
    return (
        free
        and body.get("tool_choice") in {None, "auto"}
        and body.get("max_tool_calls") != 0
        and not is_answered(prompt)
    )


def _found(call: Call, tool: Mapping[str, Any], stores: list[dict[str, Any]], queries: list[str]) -> list[Hit]:
    return search(
        call,
        [store["id"] for store in stores],
        [rewritten(query) for query in queries],
        most=tool.get("max_num_results") or _RESULTS,
        threshold=(tool.get("ranking_options") or {}).get("score_threshold") or 0.0,
        filters=tool.get("filters"),
    )


def _result(hit: Hit) -> dict[str, Any]:
    return {
        "file_id": hit.file_id,
        "filename": hit.filename,
        "score": hit.score,
        "text": hit.text,
        "attributes": dict(hit.attributes),
    }


def _saying(turn: Turn, query: str, hits: list[Hit]) -> Turn:
    """A turn that used the tool, with what was found in place of the example."""
    if turn.text is None or FOUND_EXAMPLE not in turn.text:
        return turn
    before, _, after = turn.text.partition(FOUND_EXAMPLE)
    said = _sentence(query, hits)
    others = [each for each in turn.annotations if each.get("type") != "file_citation"]
    cited = _citations(hits, len(before) + len(said) - 1)
    return replace(turn, text=f"{before}{said}{after}", annotations=(*others, *cited), tokens=None)


def _searching(query: str, hits: list[Hit]) -> Turn:
    said = _sentence(query, hits)
    items = ({"type": "file_search_call", "queries": [query]},)
    return Turn(said, items=items, annotations=_citations(hits, len(said) - 1))


def _sentence(query: str, hits: list[Hit]) -> str:
    if not hits:
        return "I searched your files and found nothing about that."
    return f'{hits[0].filename} says: "{quote(hits[0].text, rewritten(query))}"'


def _citations(hits: list[Hit], index: int) -> tuple[Mapping[str, Any], ...]:
    best = hits[:1]
    return tuple(
        {"type": "file_citation", "file_id": hit.file_id, "filename": hit.filename, "index": index} for hit in best
    )
