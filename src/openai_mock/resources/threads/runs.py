"""Runs: an assistant answers on a thread, waits for the outputs of tools, and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from openai_mock.engine.answers import Answer, Events
from openai_mock.engine.errors import ApiError, UnknownIdError
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.engine.uses import of_run
from openai_mock.resources.threads.grounding import stores_of
from openai_mock.resources.threads.objects import ASSISTANTS, RUNS, THREADS, assumed_assistant, message, run, usage
from openai_mock.resources.threads.steps import open_steps, steps_of
from openai_mock.resources.threads.stream import frames
from openai_mock.resources.threads.threads import active_run, begun, equip, keep, keep_messages, messages_of
from openai_mock.resources.threads.vector_stores import with_attachments, with_stores
from openai_mock.resources.threads.work import Done, Work, ended, keep_work, planned, work_of
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.requests import in_run

runs = Resource(
    "run",
    keeps=RUNS,
    lifecycle=Lifecycle(
        "queued -> in_progress -> completed",
        "cancelling -> cancelled",
        moves=("queued | in_progress | requires_action -> cancelling", "requires_action -> queued"),
        expiry="queued | in_progress | requires_action | cancelling -> expired",
        refusal="Cannot cancel run with status '{status}'.",
    ),
)


@runs.checks("beta.threads.runs.create", "beta.threads.create_and_run")
def misuse(call: Call) -> Iterator[Misuse]:
    """What the model does not do, tools that are not offered, and files that do not exist."""
    known = call.collection(ASSISTANTS).find(call.body["assistant_id"]) or {}
    yield from in_run({**known, **{name: value for name, value in call.body.items() if value is not None}})
    yield from unknown_references(call)


@runs.on("beta.threads.runs.create")
def create(call: Call) -> Answer:
    """Let an assistant answer on a thread."""
    body, thread_id = call.body, call.params["thread_id"]
    thread_ = call.collection(THREADS).get(thread_id)
    _idle(call, thread_id)
    known = _assistant(call)
    made = run(body, known, thread_id, call.world.ids, call.now)
    more = [message(each, thread_id, call.world.ids, call.now) for each in body.get("additional_messages") or ()]
    equipped = cache(lambda: {"tool_resources": with_attachments(call, thread_.get("tool_resources"), more)})
    said = [*messages_of(call, thread_id), *more]
    work = planned(call, made, said, Work(), lambda: stores_of(equipped(), known))
    with call.store.atomically():
        _idle(call, thread_id)
        if any(each["attachments"] for each in more):
            equip(call, thread_, equipped()["tool_resources"])
        keep_messages(call, thread_id, more)
        return _begin(call, made, work)


@runs.on("beta.threads.create_and_run")
def create_and_run(call: Call) -> Answer:
    """Let an assistant answer on a new thread."""
    body, known = call.body, _assistant(call)
    given = body.get("thread") or {}
    thread, said = begun(call, given)
    made = run(body, known, thread["id"], call.world.ids, call.now)
    equipped = cache(lambda: {"tool_resources": _resources(call, given, said)})
    work = planned(call, made, said, Work(), lambda: stores_of(equipped(), known))
    thread |= equipped()
    keep(call, thread, said)
    return _begin(call, made, work, thread=thread)


@runs.on("beta.threads.runs.submit_tool_outputs")
def submit_tool_outputs(call: Call) -> Answer:
    """Give a run the outputs of all the tools it called."""
    with call.store.atomically():
        item = call.item
        if item["status"] != "requires_action" or not item["required_action"]:
            raise ApiError(400, f'Runs in status "{item["status"]}" do not accept tool outputs.')
        outputs = _outputs(call, item)
        before = work_of(call, item["thread_id"], item["id"])
        answered = [{"role": "tool", "tool_call_id": id_, "content": outputs[id_]} for id_ in outputs]
        rounds = before.said or [{"role": "assistant", "content": None, "tool_calls": _called(item)}]
        work = Work([*rounds, *answered], before.read, before.written, before.last)
        going_on = {**item, "required_action": None}
        owners = (
            call.collection(THREADS).find(item["thread_id"]),
            call.collection(ASSISTANTS).find(item["assistant_id"]),
        )
        said = messages_of(call, item["thread_id"])
        work = planned(call, going_on, said, work, lambda: stores_of(*owners))
        closed = _close(call, item, "completed", "completed_at", call.now, outputs, usage(*before.last))
        if not call.body.get("stream"):
            keep_work(call, item, work)
            return call.move(going_on, "queued")
        queued = {**going_on, "status": "queued"}
        done = _arrive(call, queued, work)
        call.collection().save(done.run)
        return Events(frames(queued, done, call.now, before=closed))


@runs.on("beta.threads.runs.cancel")
def cancel(call: Call) -> Answer:
    """Stop a run that has not ended."""
    return call.move(call.item, "cancelling")


@runs.entering("in_progress")
def start(_: Call, item: Object, at: int) -> Object:
    """Note when it began; tools that answer do not begin it anew."""
    return {**item, "started_at": item["started_at"] or at}


@runs.entering("completed")
def arrive(call: Call, item: Object, at: int) -> Object:
    """Come to the end, whichever it is, or to the tools that the client is to run."""
    done = ended(item, work_of(call, item["thread_id"], item["id"]), at)
    _keep_done(call, done, at)
    return done.run


@runs.entering("cancelled")
def stop(call: Call, item: Object, at: int) -> Object:
    """Note when it stopped, and that nobody waits for tools any more."""
    return {**_given_up(call, item, "cancelled", at), "cancelled_at": at}


@runs.entering("expired")
def expire(call: Call, item: Object, at: int) -> Object:
    """End what nobody went on with."""
    return _given_up(call, item, "expired", at)


def _resources(call: Call, given: Mapping[str, Any], said: Sequence[Object]) -> Object:
    """What the tools work on: of the new thread, of the run, and of the messages."""
    first, second = [with_stores(call, each).get("tool_resources") or {} for each in (given, call.body)]
    return with_attachments(call, {**first, **second}, said)


def _assistant(call: Call) -> Object:
    """The assistant that the request names. Raises the 404; with lenient ids any name is one."""
    id_ = call.body["assistant_id"]
    try:
        return call.collection(ASSISTANTS).get(id_)
    except UnknownIdError:
        if call.world.lenient_ids:
            return assumed_assistant(id_)
        raise


def _idle(call: Call, thread_id: str) -> None:
    if active := active_run(call, thread_id):
        raise ApiError(400, f"Thread {thread_id} already has an active run {active}.")


def _begin(call: Call, made: Object, work: Work, *, thread: Object | None = None) -> Answer:
    """A new run: as it is by now, or the stream that tells all of it."""
    collection = call.collection(RUNS, thread_id=made["thread_id"])
    if not call.body.get("stream"):
        keep_work(call, made, work)
        return collection.create(made)
    done = _arrive(call, made, work)
    collection.create(done.run)
    return Events(frames(made, done, call.now, thread=thread))


def _arrive(call: Call, item: Object, work: Work) -> Done:
    """Do all the work at once, as a stream does. The run itself is still to be kept."""
    keep_work(call, item, work)
    done = ended(start(call, item, call.now), work, call.now)
    _keep_done(call, done, call.now)
    return done


def _keep_done(call: Call, done: Done, at: int) -> None:
    """Keep what a run did until a Unix second, and count what that round used."""
    item = done.run
    collection = steps_of(call, item["thread_id"], item["id"])
    for each in done.steps:
        collection.create(each)
    keep_messages(call, item["thread_id"], done.messages)
    work = work_of(call, item["thread_id"], item["id"])
    if any(work.last):
        call.world.account.told(call.request.headers, item["model"], at, of_run(work.last, done.steps))
    keep_work(call, item, Work(work.said, work.read, work.written, work.last))


def _called(item: Object) -> list[dict[str, Any]]:
    """The calls that the client is to run."""
    calls: list[dict[str, Any]] = item["required_action"]["submit_tool_outputs"]["tool_calls"]
    return calls


def _outputs(call: Call, item: Object) -> dict[str, str]:
    """What each tool answered, in the order of the calls. Raises OpenAI's 400 unless all calls are answered."""
    called = [each["id"] for each in _called(item)]
    given = {each.get("tool_call_id"): each.get("output") or "" for each in call.body["tool_outputs"]}
    if given.keys() != set(called):
        raise ApiError(400, f"Expected tool outputs for call_ids {called}, got {list(given)}")
    return {id_: given[id_] for id_ in called}


def _close(
    call: Call, item: Object, status: str, stamp: str, at: int, outputs: dict[str, str], used: dict[str, int]
) -> Sequence[Object]:
    """End the steps that wait for the client."""
    collection = steps_of(call, item["thread_id"], item["id"])
    return [
        collection.save({**_answered(each, outputs), "status": status, stamp: at, "usage": used})
        for each in open_steps(call, item)
    ]


def _answered(each: Object, outputs: dict[str, str]) -> Object:
    calls: list[dict[str, Any]] = [
        {**one, "function": {**one["function"], "output": outputs.get(one["id"])}}
        for one in each["step_details"]["tool_calls"]
    ]
    return {**each, "step_details": {**each["step_details"], "tool_calls": calls}}


def _given_up(call: Call, item: Object, status: str, at: int) -> Object:
    work = work_of(call, item["thread_id"], item["id"])
    _close(call, item, status, f"{status}_at", at, {}, usage(*work.last))
    keep_work(call, item, work.given_up())
    return {**item, "required_action": None, "expires_at": None, "usage": work.used()}
