"""Every form of answer a user may give, made into a function from a job to the steps of its answer.

    text, bytes                        what the model says; the content of a file
    a dict                             laid over the mock's own answer; in a stream, what the model says
    a model of the SDK                 the answer as it stands
    a response of httpx, httpx2 ...    sent as it stands, streams included
    a function                         asked for each call; what it returns is one of these forms
    an exception                       raised in the client; the SDK's own become the errors they stand for
    a list                             one form a call, the last one stays
    None                               the mock's own answer, in a list or from a function

What a user mistakes is told when the answer is set, as ValueError; what only a call can tell is an `Escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from openai_mock.doors.escape import AnswerFailed, Escape, played
from openai_mock.engine.answers import Answer, Events, Raw
from openai_mock.engine.errors import ApiError
from openai_mock.engine.failures import failure
from openai_mock.engine.overlay import laid_over
from openai_mock.engine.resource import Call, Handler
from openai_mock.engine.stubs import Relayed, Stubbing
from openai_mock.library.foreign import is_response, model_of, plain, raised_as, sent
from openai_mock.library.responder import arguments, checked
from openai_mock.library.said import TURNS
from openai_mock.rules.answer import Answer as RuleAnswer
from openai_mock.rules.asked import Asked
from openai_mock.rules.fill import filled
from openai_mock.spec.operations import Operation
from openai_mock.turns.honour import within_limits
from openai_mock.turns.turn import Prompt, Reply, Speak
from openai_mock.wire import Ask, Wait


class MockError(Escape):
    """A mistake in how the mock is used, which only a call could show; the sentence says what to write instead."""


class Heard(Struct, frozen=True):
    """What templates may use: the request, the patterns of the rule with their texts, and which of its calls it is."""

    asked: Asked
    patterns: tuple[tuple[str, str], ...] = ()
    number: int = 1


class Job(Struct, frozen=True):
    """One call to be answered. `usual` answers without the user, `author` speaks where no rule does, and `owner` is
    given to functions as `route`. `at` is when the answer is due, in seconds from the start of the exchange, `heard`
    finds what templates use.
    """

    call: Call
    usual: Handler
    author: Speak
    owner: Any
    at: float = 0.0
    heard: Callable[[], Heard] | None = None


Answering: TypeAlias = Callable[[Job], Stubbing]


def answering(value: Any, operation: Operation | None) -> Answering:
    """The answering of any form. `operation` None is a rule's, which may speak for several. Raises ValueError."""
    if value is None:
        return own
    if isinstance(value, list | tuple):
        return one_by_one([answering(each, operation) for each in value])
    if isinstance(value, str | bytes | bytearray):
        return partial(_text, value if isinstance(value, str) else bytes(value))
    if isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException)):
        return partial(_raise, value)
    if is_response(value):
        return partial(_send, value)
    if (whole := model_of(value)) is not None:
        return partial(_whole, whole)
    if isinstance(value, Mapping):
        return partial(_fields, plain(value))
    if callable(value):
        checked(value, operation)
        return partial(_ask, value)
    raise ValueError(
        f"{value!r} cannot be an answer. Write a text, a dict, a model of the SDK, a response of httpx, a function, "
        "an exception, or a list of these."
    )


def one_by_one(forms: list[Answering]) -> Answering:
    """One form a call; the last one stays. Raises ValueError for none at all."""
    if not forms:
        raise ValueError("An empty list answers nothing. Write None to return to the mock's own answers.")
    turn = count()

    def answer(job: Job) -> Stubbing:
        return forms[min(next(turn), len(forms) - 1)](job)

    return answer


def own(job: Job) -> Stubbing:
    """What the mock would have answered by itself."""
    yield from ()
    return job.usual(job.call)


def after(seconds: float, form: Answering) -> Answering:
    """The same answer, not before so many seconds."""

    def wait(job: Job) -> Stubbing:
        due = job.at + seconds
        yield Wait(due)
        return (yield from form(msgspec.structs.replace(job, at=due)))

    return wait if seconds else form


def saying(reply: Reply) -> Answering:
    """What the model says, whichever way the operation shows it."""
    return partial(_say, reply)


def written(answer: RuleAnswer) -> Answering:
    """An answer in the form of a rule; its templates are filled in for each call."""

    def write(job: Job) -> Stubbing:
        made = answer
        if answer.fill is not None and job.heard is not None:
            heard = job.heard()
            made = filled(answer, heard.asked, job.call.rule or job.call.operation.name, heard.patterns, heard.number)
        return (yield from _say(Reply((made.turn,) if made.turn else (), fields=made.fields), job))

    return write


def answer_of_file(answer: RuleAnswer, operation: Operation) -> Answering:
    """What a rule of a file answers to an operation in which no model speaks."""
    if answer.fields is not None:
        return answering(answer.fields, operation)
    text = answer.turn.text if answer.turn is not None else None
    return own if text is None else answering(text, operation)


def failing(status: int, fields: Mapping[str, Any]) -> Answering:
    """An error in OpenAI's words; `fields` replace them as `failure` says."""

    def fail(job: Job) -> Stubbing:
        yield from ()
        request_id = job.call.world.ids.hexadecimal("req_")
        raise failure(status, model=job.call.model, request_id=request_id, **fields)

    return fail


def _text(value: str | bytes, job: Job) -> Stubbing:
    operation = job.call.operation
    if operation.response_kind == "text" or (isinstance(value, bytes) and operation.response_kind == "binary"):
        yield from ()
        kind = "text/plain; charset=utf-8" if operation.response_kind == "text" else operation.accept
        content = value if isinstance(value, bytes) else value.encode()
        return Raw(content, kind or "application/octet-stream")
    if isinstance(value, bytes):
        raise MockError(f"{operation.name} does not answer with bytes. Give it a dict, or a response of httpx.")
    return (yield from _say(Reply(TURNS["completions.create"]({"choices": [{"text": value}]})), job))


def _say(reply: Reply, job: Job) -> Stubbing:
    yield from ()
    answer, spoken = _spoken(job, reply)
    if not spoken:
        name = job.call.operation.name
        raise MockError(f"No model speaks in {name}, so a text cannot answer it. Give it a dict: .response = {{...}}.")
    return answer


def _spoken(job: Job, reply: Reply) -> tuple[Answer, bool]:
    """The usual answer with these words in it, and whether the operation asked for words at all."""
    asked = False

    def speak(prompt: Prompt) -> Reply:
        nonlocal asked
        asked = True
        turns = reply.turns or job.author(prompt).turns
        if reply.fields and "choices" not in reply.fields:
            turns = tuple(turns[index % len(turns)] for index in range(max(prompt.body.get("n") or 1, len(turns))))
        return Reply(turns, reply.id, reply.fields, job.call.rule)

    job.call.world = msgspec.structs.replace(job.call.world, speak=within_limits(speak))
    return _usual(job), asked


def _usual(job: Job) -> Answer:
    """The mock's own answer; an example where the store does not know the id, because the user wants an answer."""
    try:
        return job.usual(job.call)
    except ApiError as error:
        if error.status != 404:
            raise
        return job.call.world.example(job.call)


def _fields(fields: Mapping[str, Any], job: Job) -> Stubbing:
    yield from ()
    operation = job.call.operation
    turns = TURNS.get(operation.name)
    answer, spoken = _spoken(job, Reply(turns(fields) if turns else (), fields.get("id"), fields))
    if spoken and turns:
        return answer
    if isinstance(answer, Events):
        raise MockError(
            f"{operation.name} was asked for a stream, which a dict cannot fill. "
            "Give its events: .stream([{...}, ...])."
        )
    if not isinstance(answer, dict):
        return dict(fields)
    laid = laid_over(answer, fields)
    _keep(job, answer.get("id"), laid)
    return laid


def _whole(whole: dict[str, Any], job: Job) -> Stubbing:
    if job.call.operation.name in TURNS and isinstance(job.call.body, Mapping) and job.call.body.get("stream"):
        return (yield from _fields(whole, job))
    _keep(job, None, whole)
    return whole


def _keep(job: Job, ours: Any, answer: dict[str, Any]) -> None:
    """Let the store know what the client was told, so that later calls agree with it."""
    call, store = job.call, job.call.store
    shape = call.world.shapes.get(call.operation.name)
    if shape is None or "id" not in answer:
        return
    collection = shape.collection.format_map(call.params)
    if shape.role == "create":
        if ours is not None and ours != answer["id"]:
            store.delete(collection, ours)
        store.put(collection, answer["id"], answer)
    elif shape.role in ("retrieve", "update") and store.get(collection, call.id) is not None:
        store.put(collection, call.id, answer)


def _send(response: Any, _job: Job) -> Stubbing:
    yield from ()
    status, headers, steps = sent(response)
    return Relayed(status, headers, steps)


def _raise(error: Any, job: Job) -> Stubbing:
    yield from ()
    if isinstance(error, type):
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            raise failure(status, model=job.call.model)
    status = getattr(error, "status_code", None)
    body = getattr(error, "body", None)
    if isinstance(status, int) and not isinstance(error, type):
        given = body if isinstance(body, Mapping) else {}
        message = given.get("message") or getattr(error, "message", None)
        raise failure(status, message=message, code=given.get("code"), kind=given.get("type"), param=given.get("param"))
    raise raised_as(error)


def _ask(function: Callable[..., Any], job: Job) -> Stubbing:
    given, named = arguments(function, job)
    try:
        value = yield Ask(partial(function, *given, **named))
    except ApiError:
        raise
    except Exception as error:
        if played(error):
            raise
        name = getattr(function, "__name__", type(function).__name__)
        words = f"The function {name}, which answers {job.call.operation.name}, raised {type(error).__name__}: {error}"
        raise AnswerFailed(words) from error
    try:
        form = answering(value, job.call.operation)
    except ValueError as error:
        name = job.call.operation.name
        raise MockError(f"What a function answered {name} with is of no known form: {error}") from None
    return (yield from form(job))
