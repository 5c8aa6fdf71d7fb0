"""What a run is about to do: decided when it is asked for, shown when its lifecycle gets there.

Theory. The model speaks when a run is created and whenever tool outputs are submitted, so an error of a rule is the
answer to that request. What comes of it, an `Ahead`, waits beside the run. `ended` turns it into the run, the steps and
the messages of the moment at which the run gets there; a stream tells the very same objects.

A run tells later ones what it said as chat does, calls and outputs included, so a thread and the conversation of a chat
are the same to rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine.ids import Ids
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object
from openai_mock.resources.threads.grounding import grounded
from openai_mock.resources.threads.objects import RUNS, answer, step, usage
from openai_mock.turns.checks.room import fitted, overflows
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.facts import facts
from openai_mock.turns.tokens import count, encoding_for, prompt_tokens
from openai_mock.turns.turn import Reply, ToolCall, Turn

_WORK = "work"
"""The name of the bytes beside a run that hold its work."""
_ERRORS = ("server_error", "rate_limit_exceeded", "invalid_prompt")
_SENT = ("temperature", "top_p", "response_format", "tool_choice", "parallel_tool_calls", "reasoning_effort")
_BUILT_IN = ("file_search_call", "code_interpreter_call")
_RANKED = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
_REFUSED = {"content_filter": None, "length": "max_completion_tokens"}


class Ahead(Struct, frozen=True):
    """Where a run is going: its state there, and the fields, steps and messages that it then has."""

    status: str
    fields: dict[str, Any] = {}
    steps: list[Object] = []
    messages: list[Object] = []


class Work(Struct, frozen=True):
    """`said` are the chat messages a run has made; `read` and `written` its tokens, `last` those of the last round."""

    said: list[dict[str, Any]] = []
    read: int = 0
    written: int = 0
    last: tuple[int, int] = (0, 0)
    ahead: Ahead | None = None

    def used(self) -> dict[str, int]:
        """The usage of the rounds that are done."""
        waiting = self.last if self.ahead else (0, 0)
        return usage(self.read - waiting[0], self.written - waiting[1])

    def given_up(self) -> Work:
        """The work of a run that nobody goes on with: what it has not shown was not said, nor what waits for tools."""
        shown = self.said[:-1] if self.ahead else self.said
        if shown and shown[-1].get("tool_calls"):
            text = shown[-1]["content"]
            shown = [*shown[:-1], *([{"role": "assistant", "content": text}] if text else ())]
        used = self.used()
        return Work(shown, used["prompt_tokens"], used["completion_tokens"], self.last)


class Done(Struct, frozen=True):
    """A run that has come to its end or waits for tools, with the steps and messages since it went on."""

    run: Object
    steps: list[Object]
    messages: list[Object]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Work).decode


def work_of(call: Call, thread_id: str, run_id: str) -> Work:
    """The work of a run; none for one that the configuration put there."""
    held = call.collection(RUNS, thread_id=thread_id).content(run_id, _WORK)
    return _decode(held) if held else Work()


def keep_work(call: Call, run: Mapping[str, Any], work: Work) -> None:
    """Remember the work of a run."""
    call.collection(RUNS, thread_id=run["thread_id"]).put_content(run["id"], _encode(work), _WORK)


def planned(
    call: Call, run: Mapping[str, Any], messages: Sequence[Object], work: Work, stores: Callable[[], Sequence[str]]
) -> Work:
    """The next round of a run on a thread with these messages. Raises `ApiError` where rules say so.

    `stores` tells the ids of the vector stores for file search, and is asked only once nothing is refused any more.
    """
    model = run["model"]
    told = _told(call, run, messages, work)
    most = run["max_prompt_tokens"]
    room = facts(model).room if most is None else most - work.read
    if most is not None or overflows(told, model, run["tools"], room):
        told = fitted(told, model, run["tools"], room)
    read = prompt_tokens(told, model, run["tools"])
    if most is not None and read > most - work.read:
        details = {"incomplete_details": {"reason": "max_prompt_tokens"}}
        return Work(work.said, work.read, work.written, ahead=Ahead("incomplete", details))
    prompt = call.prompt(from_chat(told), model, _body(run, told, work))
    reply = call.world.speak(prompt)
    call.rule = reply.rule
    reply = grounded(call, run, prompt, reply, stores)
    turn = reply.turns[0] if reply.turns else Turn("")
    used = _tokens(turn, reply, read, model)
    calls = [_named(each, call.world.ids) for each in turn.tool_calls] if turn.finish != "length" else []
    ahead = _failure(reply) or _ahead(run, turn, calls, usage(*used), call.world.ids)
    said = [*work.said, _as_said(turn, calls)]
    return Work(said, work.read + used[0], work.written + used[1], used, ahead)


# What the model hears.


def _told(call: Call, run: Mapping[str, Any], messages: Sequence[Object], work: Work) -> list[dict[str, Any]]:
    """The thread as chat says it, with the instructions first and what this run has said last."""
    strategy, thread_id = run["truncation_strategy"] or {}, run["thread_id"]
    if strategy.get("type") == "last_messages" and strategy.get("last_messages"):
        messages = messages[-strategy["last_messages"] :]
    system = [{"role": "system", "content": run["instructions"]}] if run["instructions"] else []
    told: list[dict[str, Any]] = [*system]
    heard = {run["id"]}
    for each in messages:
        by = each.get("run_id")
        if by in heard:
            continue
        said = work_of(call, thread_id, by).said if by else []
        if said:
            heard.add(by)
        told += said or [{"role": each["role"], "content": _content(each["content"])}]
    return [*told, *work.said]


def _content(parts: Iterable[Mapping[str, Any]]) -> Any:
    chat = [_part(part) for part in parts]
    return chat[0]["text"] if len(chat) == 1 and chat[0]["type"] == "text" else chat


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]["value"]}
    return dict(part)


def _body(run: Mapping[str, Any], told: list[dict[str, Any]], work: Work) -> dict[str, Any]:
    """The run as a request of chat, for rules and authors. Once tools have answered, none has to be called again."""
    body = {"model": run["model"], "messages": told}
    body |= {key: run[key] for key in _SENT if run.get(key) is not None}
    if run["tools"]:
        body["tools"] = run["tools"]
    if work.said and body.get("tool_choice") != "none":
        body["tool_choice"] = "auto"
    if run["max_completion_tokens"] is not None:
        body["max_completion_tokens"] = max(0, run["max_completion_tokens"] - work.written)
    return body


# What comes of what the model says.


def _tokens(turn: Turn, reply: Reply, read: int, model: str) -> tuple[int, int]:
    """The tokens of a round; what a rule fixed counts."""
    fixed = (reply.fields or {}).get("usage") or {}
    encoding = encoding_for(model)
    written = turn.tokens
    if written is None:
        written = count(turn.text or turn.refusal or "", encoding)
        written += sum([count(call.name, encoding) + count(call.arguments, encoding) for call in turn.tool_calls])
    written += turn.reasoning_tokens
    return (
        fixed.get("prompt_tokens", fixed.get("input_tokens", read)),
        fixed.get("completion_tokens", fixed.get("output_tokens", written)),
    )


def _named(call: ToolCall, ids: Ids) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id or ids.letters("call_"), "type": "function", "function": function}


def _as_said(turn: Turn, calls: list[dict[str, Any]]) -> dict[str, Any]:
    said = {"role": "assistant", "content": turn.text if turn.text is not None else turn.refusal}
    return {**said, "tool_calls": calls} if calls else {**said, "content": said["content"] or ""}


def _failure(reply: Reply) -> Ahead | None:
    """The end of a run that a rule lets fail."""
    fields = reply.fields or {}
    if fields.get("status") != "failed":
        return None
    error = fields.get("error") or {}
    code = error.get("code") if error.get("code") in _ERRORS else "server_error"
    return Ahead("failed", {"last_error": {"code": code, "message": error.get("message") or "The run failed."}})


def _ahead(run: Mapping[str, Any], turn: Turn, calls: list[dict[str, Any]], used: dict[str, int], ids: Ids) -> Ahead:
    """The steps of a turn: built-in tools that were used, the message, and calls that wait for the client."""
    steps: list[Object] = []
    messages: list[Object] = []
    if built_in := [_use(item, run, ids) for item in turn.items if item["type"] in _BUILT_IN]:
        steps.append(step(run, {"type": "tool_calls", "tool_calls": built_in}, ids))
    content = _written(turn)
    if content or not calls:
        message = answer(run, content or [_text("", ())], ids)
        if turn.finish in _REFUSED:
            reason = "max_tokens" if turn.finish == "length" else "content_filter"
            message["incomplete_details"] = {"reason": reason}
        messages.append(message)
        created = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
        steps.append(step(run, created, ids))
    for done in steps:
        done["usage"] = usage(0, 0)
    if calls:
        waiting = [{**each, "function": {**each["function"], "output": None}} for each in calls]
        steps.append(step(run, {"type": "tool_calls", "tool_calls": waiting}, ids))
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
        return Ahead("requires_action", {"required_action": action}, steps, messages)
    steps[-1]["usage"] = used
    if turn.finish in _REFUSED:
        details = {"incomplete_details": {"reason": _REFUSED[turn.finish]}}
        return Ahead("incomplete", details, steps, messages)
    return Ahead("completed", {}, steps, messages)


def _written(turn: Turn) -> list[dict[str, Any]]:
    content = [_text(turn.text, turn.annotations)] if turn.text else []
    return [*content, {"type": "refusal", "refusal": turn.refusal}] if turn.refusal is not None else content


def _text(text: str, annotations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A text with a mark in it for each file that it cites, as the API writes them."""
    cited = [each for each in annotations if each.get("type") == "file_citation"]
    made: list[dict[str, Any]] = []
    moved = 0
    for number, each in enumerate(sorted(cited, key=lambda one: one.get("index") or 0)):
        at = min(each.get("index") or 0, len(text) - moved) + moved
        mark = f"\u3010{number}:0\u2020{each.get('filename') or 'source'}\u3011"
        text = text[:at] + mark + text[at:]
        moved += len(mark)
        place = {"start_index": at, "end_index": at + len(mark)}
        file = {"file_id": each.get("file_id") or ""}
        made.append({"type": "file_citation", "text": mark, **place, "file_citation": file})
    return {"type": "text", "text": {"value": text, "annotations": made}}


def _use(item: Mapping[str, Any], run: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """The use of a built-in tool as a step tells it."""
    id_ = ids.letters("call_")
    if item["type"] == "code_interpreter_call":
        logs = [{"type": "logs", "logs": "42\n"}]
        ran = {"input": item.get("code") or "", "outputs": item.get("outputs") or logs}
        return {"id": id_, "type": "code_interpreter", "code_interpreter": ran}
    asked = next((tool.get("file_search") or {} for tool in run["tools"] if tool["type"] == "file_search"), {})
    ranked = {**_RANKED, **(asked.get("ranking_options") or {})}
    found = [_hit(each) for each in _examples(item) if each.get("score", 1.0) >= ranked["score_threshold"]]
    return {"id": id_, "type": "file_search", "file_search": {"ranking_options": ranked, "results": found}}


def _examples(item: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a file search found, or where nobody knows, an example."""
    if item.get("results") is not None:
        found: Sequence[Mapping[str, Any]] = item["results"]
        return found
    text = " ".join(f"An example about {query}." for query in item.get("queries") or ())
    return [{"file_id": "file-openaimock000000000001", "filename": "example.txt", "score": 0.9, "text": text}]


def _hit(found: Mapping[str, Any]) -> dict[str, Any]:
    """A passage that was found, from the words of Responses into those of steps."""
    return {
        "file_id": found.get("file_id") or "",
        "file_name": found.get("filename") or "",
        "score": found.get("score", 1.0),
        "content": [{"type": "text", "text": found.get("text") or ""}],
    }


# Getting there.


def ended(run: Mapping[str, Any], work: Work, at: int) -> Done:
    """The run when it gets where it is going, at a Unix second."""
    ahead = work.ahead or Ahead("completed")
    waits = ahead.status == "requires_action"
    moment = {"completed": "completed_at", "failed": "failed_at", "incomplete": "completed_at"}
    over = {} if waits else {"expires_at": None, "required_action": None, "usage": usage(work.read, work.written)}
    stamp = {moment[ahead.status]: at} if ahead.status in moment else {}
    shown = {**run, "status": ahead.status, **over, **ahead.fields, **stamp}
    return Done(shown, [_taken(each, at) for each in ahead.steps], [_finished(each, at) for each in ahead.messages])


def _taken(each: Object, at: int) -> Object:
    if each["usage"] is None:  # waits for the client
        return {**each, "created_at": at}
    return {**each, "created_at": at, "status": "completed", "completed_at": at}


def _finished(each: Object, at: int) -> Object:
    if each["incomplete_details"]:
        return {**each, "created_at": at, "status": "incomplete", "incomplete_at": at}
    return {**each, "created_at": at, "status": "completed", "completed_at": at}
