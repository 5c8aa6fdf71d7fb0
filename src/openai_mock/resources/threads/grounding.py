"""File search in runs: what the assistant says is taken from the files of its vector stores and of its thread's.

Theory. As in responses, the author's example gives way to the best passage, and to a mark that cites it; a rule's words
stay as they are. A run waits up to a minute for files that are still processed, which counts as a poll a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from openai_mock.engine.resource import Call
from openai_mock.engine.search import EVERY, FILES, search, usable, used
from openai_mock.turns.found import SEARCH, Hit, may_be_grounded, query_of, searches, told
from openai_mock.turns.ranking import rewritten
from openai_mock.turns.turn import Prompt, Reply

_PATIENCE = 60
"""Seconds that a run waits for files."""
_RESULTS, _RESULTS_THEN = 20, 5


def stores_of(*owners: Mapping[str, Any] | None) -> list[str]:
    """The ids of the vector stores of a thread and an assistant."""
    resources = [(owner or {}).get("tool_resources") or {} for owner in owners]
    return [id_ for each in resources for id_ in (each.get("file_search") or {}).get("vector_store_ids") or ()]


def grounded(
    call: Call, run: Mapping[str, Any], prompt: Prompt, reply: Reply, stores: Callable[[], Sequence[str]]
) -> Reply:
    """What is said, with the example of a file search replaced by what the files of these `stores` say.

    A message of the author that uses no tool at all becomes a search where something is found.
    """
    tool = next((each for each in run["tools"] if each["type"] == "file_search"), None)
    if tool is None or not may_be_grounded(prompt, reply):
        return reply
    ready = usable(call, stores())
    if not ready:
        return reply
    query, hits = query_of(prompt), _found(call, run, tool.get("file_search") or {}, ready, query_of(prompt))
    if hits or searches(reply.turns[0]):
        for store in ready:
            used(call, store)
    spoken = told(prompt, reply, query, hits)
    items = [{**item, "results": [*map(_result, hits)]} if item["type"] == SEARCH else item for item in _items(spoken)]
    return replace(spoken, turns=(replace(spoken.turns[0], items=tuple(items)),))


def _items(reply: Reply) -> Sequence[Mapping[str, Any]]:
    return reply.turns[0].items


def _found(
    call: Call, run: Mapping[str, Any], asked: Mapping[str, Any], stores: Sequence[Mapping[str, Any]], query: str
) -> list[Hit]:
    for store in stores:
        _wait(call, store["id"])
    usual = _RESULTS_THEN if str(run["model"]).startswith("gpt-3.5") else _RESULTS
    return search(
        call,
        [store["id"] for store in stores],
        [rewritten(query)],
        most=asked.get("max_num_results") or usual,
        threshold=(asked.get("ranking_options") or {}).get("score_threshold") or 0.0,
    )


def _wait(call: Call, store: str) -> None:
    files = call.collection(FILES, vector_store_id=store)
    for id_, item in files.page(limit=EVERY, order="asc").items:
        seen, left = item, _PATIENCE
        while seen.get("status") == "in_progress" and left:
            seen, left = files.find(id_, polled=True) or {}, left - 1


def _result(hit: Hit) -> dict[str, Any]:
    return {"file_id": hit.file_id, "filename": hit.filename, "score": hit.score, "text": hit.text}
