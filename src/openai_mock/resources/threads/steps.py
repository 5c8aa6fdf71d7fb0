"""The steps of runs: messages that were written, tools that were called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import unknown_id
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.threads.objects import RUNS, THREADS

_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"

steps = Resource("run_step", keeps=RUNS)


@steps.on("beta.threads.runs.steps.list")
def list_steps(call: Call) -> Answer:
    """The steps of a run, newest first."""
    page = stored_page(call, _steps_of_path(call))
    return {**page, "data": [_shown(call, each) for each in page["data"]]}


@steps.on("beta.threads.runs.steps.retrieve")
def retrieve(call: Call) -> Answer:
    """One step."""
    collection, id_ = _steps_of_path(call), call.params["step_id"]
    found = collection.find(id_)
    if found is None:
        raise unknown_id(collection.template, id_)
    return _shown(call, found)


def steps_of(call: Call, thread_id: str, run_id: str) -> Collection:
    """The steps of a run."""
    return call.collection(RUNS, thread_id=thread_id).below(run_id, "steps")


def open_steps(call: Call, run: Mapping[str, Any]) -> list[Object]:
    """The steps of a run that wait for the client."""
    known = call.store.list(steps_of(call, run["thread_id"], run["id"]).path)
    return [each for _, each in known if each["status"] == "in_progress"]


def _steps_of_path(call: Call) -> Collection:
    thread_id, run_id = call.params["thread_id"], call.params["run_id"]
    call.collection(THREADS).get(thread_id)
    call.collection(RUNS).get(run_id)
    return steps_of(call, thread_id, run_id)


def _shown(call: Call, each: Object) -> Object:
    """A step; what file search found shows its content only to who asks for it."""
    if each["type"] != "tool_calls" or _CONTENT in (call.query.get("include") or ()):
        return each
    calls = [_without_content(tool) for tool in each["step_details"]["tool_calls"]]
    return {**each, "step_details": {**each["step_details"], "tool_calls": calls}}


def _without_content(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    if tool["type"] != "file_search":
        return tool
    found = [
        {key: value for key, value in each.items() if key != "content"}
        for each in tool["file_search"].get("results") or ()
    ]
    return {**tool, "file_search": {**tool["file_search"], "results": found}}
