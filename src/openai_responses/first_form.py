"""What the decorators of single resources say, put into a mock: choices, embeddings, sequences, steps, validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

import msgspec

from openai_mock.engine.errors import unknown_id
from openai_responses.facade import OpenAIMock
from openai_responses.sdk import dumped
from openai_responses.stores import Shelf, StateStore

MESSAGES, RUNS = "beta.threads.messages", "beta.threads.runs"
_STEPS = "beta.threads.runs.steps"
_METHODS: Mapping[str, tuple[str, ...]] = {
    MESSAGES: ("create", "list", "retrieve", "update", "delete"),
    RUNS: ("create", "list", "retrieve", "update", "cancel", "submit_tool_outputs"),
}
_UNSET: Mapping[str, Any] = {
    "description": None, "model": "gpt-4", "metadata": {}, "response_format": None, "temperature": None,
    "tool_resources": None, "top_p": None,
}  # fmt: skip
_ENDED = ("cancelled", "failed", "completed", "incomplete", "expired")
_DONE: Mapping[str, Any] = {
    "status": "completed",
    "required_action": None,
    "last_error": None,
    "incomplete_details": None,
}


def choices(mock: OpenAIMock, given: Sequence[Mapping[str, Any]]) -> None:
    """Answer chat with these choices: as many as a request's `n` asks for, else all."""
    if not given:
        return

    def answer(request: Any) -> Any:
        wanted = msgspec.json.decode(request.content).get("n") or len(given)
        chosen = islice(cycle(given), wanted)
        return {"choices": [{**choice, "index": index} for index, choice in enumerate(chosen)]}

    mock.endpoint("chat.completions.create").response = answer


def embedding(mock: OpenAIMock, given: Sequence[float]) -> None:
    """Answer with this embedding for each input."""
    if not given:
        return

    def answer(request: Any) -> Any:
        sent = msgspec.json.decode(request.content).get("input")
        tokens = isinstance(sent, list) and all(isinstance(each, int) for each in sent)
        count = len(sent) if isinstance(sent, list) and not tokens else 1
        one = {"object": "embedding", "embedding": list(given)}
        return {"data": [{**one, "index": index} for index in range(count)]}

    mock.endpoint("embeddings.create").response = answer


def threads_of(mock: OpenAIMock, resource: str, *, sequence: Any = (), required: frozenset[str] = frozenset()) -> None:
    """Answer the methods of a resource that belongs to threads.

    `sequence` are partial objects by method, one a call; a list is for `retrieve`. `required` are the owners, by the
    name of their parameter, that have to exist; others come into being when they are first named.
    """
    by_method = sequence if isinstance(sequence, Mapping) else {"retrieve": sequence}
    unknown = by_method.keys() - set(_METHODS[resource])
    if unknown:
        raise ValueError(f"A sequence is for {', '.join(_METHODS[resource])}; there is no '{min(unknown)}'.")
    for method in _METHODS[resource]:
        answers = list(by_method.get(method) or ()) or [None]
        prepare = partial(_owners, required)
        mock.endpoint(f"{resource}.{method}").response = [_seen_to(prepare, each) for each in answers]


def _seen_to(prepare: Callable[..., None], answer: Any) -> Callable[..., Any]:
    """A function that sees to the owners of an object and then answers."""

    def answered(request: Any, *, state_store: StateStore, **params: str) -> Any:
        prepare(request, state_store, params)
        return answer

    return answered


def _owners(required: frozenset[str], request: Any, state: StateStore, params: Mapping[str, str]) -> None:
    """Have the owners of an object exist, or refuse. Raises OpenAI's 404."""
    thread = params["thread_id"]
    _exists(state.beta.threads, {"id": thread}, "thread_id" in required)
    if request.method == "POST" and request.url.path.endswith(("/runs", "/messages")):
        _end_runs(state, thread)
    if request.method == "POST" and request.url.path.endswith("/runs"):
        assistant = msgspec.json.decode(request.content).get("assistant_id")
        if isinstance(assistant, str):
            given = {"id": assistant, "name": None, "instructions": None, "tools": [], **_UNSET}
            _exists(state.beta.assistants, given, "assistant_id" in required)


def _end_runs(state: StateStore, thread: str) -> None:
    """Let a thread take the next run or message, however far its latest run has come."""
    for run in state.shelf(RUNS).list(thread, limit=1):
        if run.status not in _ENDED:
            state.shelf(RUNS).put({**dumped(run), "status": "completed"})


def _exists(shelf: Shelf, given: Mapping[str, Any], required: bool) -> None:
    if shelf.get(given["id"]) is None:
        if required:
            raise unknown_id(shelf.template, given["id"], {"thread_id": given.get("thread_id", "")})
        shelf.put(given)


def steps(mock: OpenAIMock, given: Sequence[Mapping[str, Any]], *, required: frozenset[str]) -> None:
    """Answer with these steps, whichever run is asked for."""

    def answered(request: Any, *, state_store: StateStore, thread_id: str, run_id: str, **_params: str) -> None:
        owners = {"thread_id": thread_id, "run_id": run_id}
        _owners(required, request, state_store, owners)
        _exists(state_store.shelf(RUNS), {"id": run_id, "thread_id": thread_id, **_DONE}, "run_id" in required)
        shelf = state_store.shelf(_STEPS)
        if not shelf.list(thread_id, run_id):
            for number, each in enumerate(given):
                shelf.put({"id": f"step_{run_id.removeprefix('run_')}{number}", **owners, **each})

    for method in ("list", "retrieve"):
        mock.endpoint(f"{_STEPS}.{method}").response = answered
