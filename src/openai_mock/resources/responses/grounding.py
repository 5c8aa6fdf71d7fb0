"""File search in responses: what the model says is taken from the files of the vector stores that the request names.

Theory. The author knows no files; where it uses the tool it says an example. If the request names a vector store that
exists, the example gives way to the best passage and its citation. What was found is not kept: where a stored response
is asked for the results later, they are searched for again, with the queries and the tool that it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openai_mock.engine.resource import Call
from openai_mock.engine.search import search, usable, used
from openai_mock.turns.found import SEARCH, Hit, may_be_grounded, query_of, searches, told
from openai_mock.turns.ranking import rewritten
from openai_mock.turns.turn import Prompt, Reply

RESULTS = "file_search_call.results"
"""What a request puts into `include` to see what was found."""
_RESULTS = 20


def grounded(call: Call, prompt: Prompt, reply: Reply) -> Reply:
    """What is said, with the example of a file search replaced by what the files say.

    A message of the author that uses no tool at all, though the request offers file search, becomes a search where
    something is found. A rule's words stay as they are.
    """
    tool = _tool(prompt.body.get("tools"))
    stores = _stores(call, tool) if tool and may_be_grounded(prompt, reply) else []
    if not tool or not stores:
        return reply
    query = query_of(prompt)
    hits = _found(call, tool, stores, [query])
    if hits or searches(reply.turns[0]):
        for store in stores:
            used(call, store)
    return told(prompt, reply, query, hits)


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
        if item["type"] == SEARCH and item.get("results") is None
        else item
        for item in output
    ]


def _tool(tools: Iterable[Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    return next((tool for tool in tools or () if tool.get("type") == "file_search"), None)


def _stores(call: Call, tool: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stores of a tool that exist and have not expired."""
    return usable(call, tool.get("vector_store_ids") or ())


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
