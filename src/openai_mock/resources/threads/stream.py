"""The event stream of a run, made from the objects it leaves behind, so that a stream and its objects never differ.

Theory. Each object is announced as it begins and told again as it ends:

    run created queued in_progress  (step created in_progress  its events  step completed)*  the run's end  done

A step that writes a message holds the message's own events; calls for the client to run come as deltas, and their step
stays open, as the run waits for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from openai_mock.engine.answers import Alike
from openai_mock.engine.store import Object
from openai_mock.resources.threads.work import Done
from openai_mock.turns.pieces import encoded_pieces, pieces
from openai_mock.turns.tokens import encoding_for

Parts: TypeAlias = Iterator[bytes | Alike]
_DONE = b"event: done\ndata: [DONE]\n\n"
_encode = msgspec.json.Encoder().encode


def frames(
    queued: Object, done: Done, now: int, *, thread: Object | None = None, before: Sequence[Object] = ()
) -> Parts:
    """Every event of a run that goes on from `queued`. `before` are the steps that submitted outputs ended."""
    if thread is not None:
        yield _event("thread.created", thread)
    if not before:
        yield _event("thread.run.created", queued)
    for each in before:
        yield _event("thread.run.step.completed", each)
    yield _event("thread.run.queued", queued)
    started = {**queued, "status": "in_progress", "started_at": queued["started_at"] or now}
    yield _event("thread.run.in_progress", started)
    encoding = encoding_for(queued["model"])
    messages = {each["id"]: each for each in done.messages}
    for each in done.steps:
        yield from _step(each, messages, encoding)
    yield _event(f"thread.run.{done.run['status']}", done.run)
    yield _DONE


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encode(data))


def _step(each: Object, messages: Mapping[str, Object], encoding: str) -> Parts:
    details = each["step_details"]
    empty = {"type": "tool_calls", "tool_calls": []} if each["type"] == "tool_calls" else details
    opened = {**each, "status": "in_progress", "completed_at": None, "usage": None, "step_details": empty}
    yield _event("thread.run.step.created", opened)
    yield _event("thread.run.step.in_progress", opened)
    if each["type"] == "tool_calls":
        for index, tool in enumerate(details["tool_calls"]):
            yield from _call(each["id"], index, tool, encoding)
    else:
        yield from _message(messages[details["message_creation"]["message_id"]], encoding)
    if each["status"] == "completed":
        yield _event("thread.run.step.completed", each)


def _call(step_id: str, index: int, tool: Mapping[str, Any], encoding: str) -> Parts:
    """A call as deltas: the first names it, the next bring what it is called with, the last what came of it."""
    kind = tool["type"]
    at = {"index": index, "type": kind}
    if kind == "file_search":
        found = {key: value for key, value in tool[kind].items() if key != "results"}
        yield _step_delta(step_id, {**at, "id": tool["id"], kind: found})
        return
    field = "arguments" if kind == "function" else "input"
    given = tool[kind]
    named = {"name": given["name"], field: "", "output": None} if kind == "function" else {field: "", "outputs": []}
    yield _step_delta(step_id, {**at, "id": tool["id"], kind: named})
    for piece in pieces(given[field], encoding):
        yield _step_delta(step_id, {**at, kind: {field: piece}})
    if kind == "code_interpreter":
        outputs = [{"index": number, **output} for number, output in enumerate(given["outputs"])]
        yield _step_delta(step_id, {**at, kind: {"outputs": outputs}})


def _step_delta(step_id: str, call: Mapping[str, Any]) -> bytes:
    delta = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
    return _event("thread.run.step.delta", {"id": step_id, "object": "thread.run.step.delta", "delta": delta})


def _message(each: Object, encoding: str) -> Parts:
    unset = {"completed_at": None, "incomplete_at": None, "incomplete_details": None}
    opened = {**each, "status": "in_progress", "content": [], **unset}
    yield _event("thread.message.created", opened)
    yield _event("thread.message.in_progress", opened)
    for index, part in enumerate(each["content"]):
        yield from _content(each["id"], index, part, encoding)
    yield _event(f"thread.message.{each['status']}", each)


def _content(message_id: str, index: int, part: Mapping[str, Any], encoding: str) -> Parts:
    """The deltas of a part, which are alike but for the piece; the first of a text says that nothing is cited yet."""
    told = _encode({"id": message_id, "object": "thread.message.delta"})[:-1]
    before = b'event: thread.message.delta\ndata: %b,"delta":{"content":[{"index":%d,' % (told, index)
    if part["type"] == "refusal":
        before += b'"type":"refusal","refusal":"'
        yield Alike(before, encoded_pieces(part["refusal"], encoding), b'"}]}}\n\n')
        return
    before += b'"type":"text","text":{"value":"'
    cut = encoded_pieces(part["text"]["value"], encoding) or (b"",)
    yield before + cut[0] + b'","annotations":[]}}]}}\n\n'
    yield Alike(before, cut[1:], b'"}}]}}\n\n')
    for number, annotation in enumerate(part["text"]["annotations"]):
        yield before + b'","annotations":[%b]}}]}}\n\n' % _encode({"index": number, **annotation})
