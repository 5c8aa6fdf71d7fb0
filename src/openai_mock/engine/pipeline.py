"""The life of a request, on one screen: locate, admit, check, answer, write, wrap, note."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from openai_mock.engine import headers
from openai_mock.engine.access import admit
from openai_mock.engine.answers import Answer, Empty, Events, Raw
from openai_mock.engine.bodies import is_deep
from openai_mock.engine.check import check
from openai_mock.engine.errors import ApiError, not_json, server_error, unknown_url, wrong_method
from openai_mock.engine.failures import LimitError
from openai_mock.engine.journal import Admission, Entry, Journal
from openai_mock.engine.meaning import weighed
from openai_mock.engine.polling import polled_again
from openai_mock.engine.resource import Call, Handler, Meaning, World
from openai_mock.engine.stubs import Pending, Relayed, Stub
from openai_mock.engine.transit import Journey, whole
from openai_mock.spec.families import is_model_call
from openai_mock.spec.router import Miss, Router
from openai_mock.spec.validate import Validators
from openai_mock.wire import Data, Exchange, Head, Headers, Request, Step

_log = logging.getLogger("openai_mock")
_encode = msgspec.json.Encoder().encode
_Sent: TypeAlias = tuple[Head, Iterable[bytes]]
"""An answer as it is written: its head, and its body in chunks."""
_NO_MEANINGS: Mapping[str, Meaning] = MappingProxyType({})


class Machine:
    """Everything a request meets on its way. `handle` is the contract between the core and the doors."""

    def __init__(
        self,
        router: Router,
        world: World,
        validators: Validators,
        handlers: Mapping[str, Handler],
        *,
        local: Mapping[tuple[str, str], Callable[[Request], Answer | Pending]],
        raise_errors: bool = False,
        journal: Journal | None = None,
        stubs: Mapping[str, Stub] | None = None,
        meanings: Mapping[str, Meaning] = _NO_MEANINGS,
    ) -> None:
        """`local` answers the mock's own (method, path) pairs, without a key. With `raise_errors` an unexpected
        exception leaves the exchange as itself (in process); otherwise it is logged and becomes OpenAI's 500.
        """
        self.router, self.world, self.validators = router, world, validators
        self.handlers, self.local = handlers, local
        self.journal = journal or Journal()
        self.stubs = {} if stubs is None else stubs
        self.meanings = meanings
        self.raise_errors = raise_errors

    def handle(self, request: Request, *, limited: bool = True, batch: bool = False) -> Exchange:
        """Answer one request. Limits do not count it unless it is `limited`: it is part of another. The line of a
        `batch` counts as used, but is no exchange of the journal: a batch must not displace what clients asked.
        """
        world = self.world  # read once: a reload must not change the world under a running exchange
        if not limited and (world.limits is not None or world.project_rates is not None):
            world = replace(world, limits=None, project_rates=None)
        elapsed = world.clock.elapsed
        entry = Entry(request, world.ids.hexadecimal("req_"), elapsed())
        if batch:
            entry.number = -1
        else:
            self.journal.open(entry)
        entry.at = world.clock.now()
        journey = world.transit.journey(request, entry)
        try:
            answer: _Sent | Pending | None = self._answered(request, world, entry, journey)
            if isinstance(answer, Pending):
                answer = yield from self._stubbed(answer, request, world, entry, journey)
            if answer is not None:
                head, chunks = answer
                if journey is not None:
                    yield from self.journal.relayed(entry, head.headers, journey.steps(head, chunks))
                else:
                    chunks = self.journal.keep(entry, head.headers, chunks)
                    yield head
                    for chunk in chunks:
                        yield Data(chunk)
            entry.finished = True
        finally:
            if entry.admission is not None and entry.admission.leave is not None:
                entry.admission.leave()
            self.journal.close(entry, elapsed())

    def _answered(self, request: Request, world: World, entry: Entry, journey: Journey | None) -> _Sent | Pending:
        more: Headers = ()
        try:
            if request.method == "OPTIONS":
                return Head(204, headers.preflight(request.headers, self._allowed(request))), ()
            answer, status = self._answer_or_raise(request, world, entry, journey)
            if request.method == "GET" and type(answer) is dict:
                more = polled_again(world, entry.operation, answer)
        except Exception as error:  # noqa: BLE001 - what is not the client's to see is raised again
            answer, status, more = self._refused(error, request, entry)
        if isinstance(answer, Pending):
            return answer
        return self._written(answer, status, more, request, world, entry)

    def _stubbed(
        self, pending: Pending, request: Request, world: World, entry: Entry, journey: Journey | None
    ) -> Generator[Step, Any, _Sent | None]:
        """The steps of a call that the user answers; the answer, unless it came in steps as well."""
        more: Headers = ()
        try:
            answer, status = (yield from pending.steps), pending.status
            entry.used = pending.used
            entry.rule = pending.rule or entry.rule
            if journey is not None:
                journey.after(answer)
        except Exception as error:  # noqa: BLE001 - what is not the client's to see is raised again
            answer, status, more = self._refused(error, request, entry)
            entry.rule = pending.rule or entry.rule
        if isinstance(answer, Relayed):
            head, _ = self._written(Empty(answer.status), answer.status, (), request, world, entry)
            own = {name for name, _ in answer.headers}
            shared = [pair for pair in head.headers if pair[0] not in own and pair[0] != b"content-length"]
            head = Head(answer.status, [*shared, *answer.headers])
            entry.stream = headers.is_stream(head.headers)
            steps = (whole if journey is None else journey.relayed)(head, answer.steps)
            yield from self.journal.relayed(entry, head.headers, steps)
            return None
        return self._written(answer, status, more, request, world, entry)

    def _refused(self, error: Exception, request: Request, entry: Entry) -> tuple[Answer, int, Headers]:
        """An error as the answer that the client gets. Raises what a client must not see."""
        if isinstance(error, RecursionError) and is_deep(request.body):
            error = not_json()  # what could just be read cannot be written again, a level deeper
        if isinstance(error, ApiError):
            entry.error, entry.nearest = error.message, error.extra.get("nearest", ())
            if isinstance(error, LimitError) and error.rates and is_model_call(entry.operation or ""):
                entry.admission = entry.admission or Admission(error.rates)
            entry.rule = error.rule or entry.rule
            return error.body(), error.status, error.headers
        if self.raise_errors:
            raise error
        _log.error("%s %s failed inside the mock", request.method, request.path, exc_info=error)
        ours = server_error(entry.request_id)
        entry.error = ours.message
        return ours.body(), ours.status, ()

    def _written(
        self, answer: Answer, status: int, more: Headers, request: Request, world: World, entry: Entry
    ) -> _Sent:
        entry.status = answer.status if type(answer) is Empty else status
        entry.stream = type(answer) is Events
        head = headers.standard(
            request.headers,
            request_id=entry.request_id,
            seconds=world.clock.elapsed() - entry.started,
            status=entry.status,
            model_call=entry.admission is None and entry.operation is not None and is_model_call(entry.operation),
        )
        if entry.admission is not None:
            head += entry.admission.headers
        head += more
        chunks = _written(answer, head)
        return Head(entry.status, head), () if request.method == "HEAD" else chunks

    def _answer_or_raise(
        self, request: Request, world: World, entry: Entry, journey: Journey | None
    ) -> tuple[Answer | Pending, int]:
        # locate
        found = self.router.find(request.method, request.path, request.headers, request.query)
        if isinstance(found, Miss):
            return self._answer_locally(request, entry), 200
        operation = found.operation
        self.journal.locate(entry, operation.name)
        # admit
        admit(request.headers, operation, world.keys, world.admin_keys, world.issued)
        # check
        checked = check(self.validators, found, request, world)
        entry.ignored = checked.ignored
        call = Call(operation, found.params, request, checked.query, checked.body, world)
        entry.model = call.model or None
        meaning = self.meanings.get(operation.name)
        if meaning is not None and (wrong := meaning(call)):
            entry.ignored = (*entry.ignored, *weighed(wrong, lenient=world.forgiving))
        # answer
        rates = world.project_rates
        if (world.limits is not None or (rates is not None and rates.known)) and is_model_call(operation.name):
            _admit_within(world, call, entry)
        if journey is not None:
            journey.before()
        handler = self.handlers.get(operation.name, world.otherwise)
        stub = self.stubs.get(operation.name)
        if stub is not None:
            return Pending(call, operation.status, stub(call, handler)), operation.status
        answer = handler(call)
        entry.rule, entry.used = call.rule, call.used
        if journey is not None and not isinstance(answer, Pending):
            journey.after(answer)
        return answer, operation.status

    def _answer_locally(self, request: Request, entry: Entry) -> Answer | Pending:
        method = "GET" if request.method == "HEAD" else request.method
        local = self.local.get((method, request.path))
        if local is not None:
            self.journal.leave_out(entry)
            return local(request)
        raise wrong_method(request.method, request.path, self._allowed(request))

    def _allowed(self, request: Request) -> tuple[str, ...]:
        """Every method the path answers, or the 404 if there is none."""
        own = tuple(method for method, path in self.local if path == request.path)
        methods = own or self.router.allowed(request.path)
        if not methods:
            raise unknown_url(request.method, request.path)
        head = ("HEAD",) if "GET" in methods and "HEAD" not in methods else ()
        return (*sorted((*methods, *head)), "OPTIONS")


def _admit_within(world: World, call: Call, entry: Entry) -> None:
    """Count the call, or raise OpenAI's 429; the limits are announced either way."""
    try:
        if world.project_rates is not None:
            entry.admission = world.project_rates.admit(call)
        if world.limits is not None:
            entry.admission = world.limits.admit(call)
    except LimitError as error:
        entry.admission = Admission(error.rates)
        raise


def _written(answer: Answer, head: list[tuple[bytes, bytes]]) -> Iterable[bytes]:
    """The body of an answer in chunks; what describes it is added to the head."""
    if type(answer) is Events:
        head.append(headers.EVENT_STREAM)
        return answer.together()
    if type(answer) is Empty:
        if answer.status != 204:
            head.append((b"content-length", b"0"))
        return ()
    if type(answer) is Raw:
        body, kind = answer.body, (b"content-type", answer.content_type.encode())
        if answer.chunked:
            head.append(kind)
            return answer.pieces()
    else:
        body, kind = _encode(answer), headers.JSON
    head += (kind, (b"content-length", b"%d" % len(body)))
    return (body,)
