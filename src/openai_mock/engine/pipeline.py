"""The life of a request, on one screen: locate, admit, check, answer, write, note."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

import msgspec

from openai_mock.engine import headers
from openai_mock.engine.access import admit
from openai_mock.engine.answers import Answer, Empty, Events, Raw
from openai_mock.engine.check import check
from openai_mock.engine.errors import ApiError, server_error, unknown_url, wrong_method
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.resource import Call, Handler, World
from openai_mock.spec.families import is_model_call
from openai_mock.spec.router import Miss, Router
from openai_mock.spec.validate import Validators
from openai_mock.wire import Data, Exchange, Head, Headers, Request

_log = logging.getLogger("openai_mock")
_encode = msgspec.json.Encoder().encode


class Machine:
    """Everything a request meets on its way. `handle` is the contract between the core and the doors."""

    def __init__(
        self,
        router: Router,
        world: World,
        validators: Validators,
        handlers: Mapping[str, Handler],
        *,
        local: Mapping[tuple[str, str], Callable[[], Answer]],
        raise_errors: bool = False,
    ) -> None:
        """`local` answers the mock's own (method, path) pairs, without a key. With `raise_errors` an unexpected
        exception leaves the exchange as itself (in process); otherwise it is logged and becomes OpenAI's 500.
        """
        self.router, self.world, self.validators = router, world, validators
        self.handlers, self.local = handlers, local
        self.journal = Journal()
        self.raise_errors = raise_errors

    def handle(self, request: Request) -> Exchange:
        """Answer one request."""
        world = self.world  # read once: a reload must not change the world under a running exchange
        elapsed = world.clock.elapsed
        entry = self.journal.open(Entry(request, world.ids.hexadecimal("req_"), elapsed()))
        try:
            head, chunks = self._answered(request, world, entry)
            yield head
            for chunk in chunks:
                yield Data(chunk)
            entry.finished = True
        finally:
            self.journal.close(entry, elapsed())

    def _answered(self, request: Request, world: World, entry: Entry) -> tuple[Head, Iterable[bytes]]:
        more: Headers = ()
        try:
            if request.method == "OPTIONS":
                return Head(204, headers.preflight(request.headers, self._allowed(request))), ()
            answer, status = self._answer_or_raise(request, world, entry)
        except ApiError as error:
            answer, status, more = error.body(), error.status, error.headers
            entry.error, entry.nearest = error.message, error.extra.get("nearest", ())
        except Exception:
            if self.raise_errors:
                raise
            _log.exception("%s %s failed inside the mock", request.method, request.path)
            ours = server_error(entry.request_id)
            answer, status, entry.error = ours.body(), ours.status, ours.message
        entry.status = answer.status if type(answer) is Empty else status
        entry.stream = type(answer) is Events
        head = headers.standard(
            request.headers,
            request_id=entry.request_id,
            seconds=world.clock.elapsed() - entry.started,
            status=entry.status,
            model_call=entry.operation is not None and is_model_call(entry.operation),
        )
        head += more
        chunks = _written(answer, head)
        return Head(entry.status, head), () if request.method == "HEAD" else chunks

    def _answer_or_raise(self, request: Request, world: World, entry: Entry) -> tuple[Answer, int]:
        # locate
        found = self.router.find(request.method, request.path, request.headers, request.query)
        if isinstance(found, Miss):
            return self._answer_locally(request), 200
        operation = found.operation
        entry.operation = operation.name
        # admit
        admit(request.headers, operation, world.keys, world.admin_keys)
        # check
        checked = check(self.validators, found, request, lenient=world.lenient)
        entry.ignored = checked.ignored
        # answer
        call = Call(operation, found.params, request, checked.query, checked.body, world)
        entry.model = call.model or None
        answer = self.handlers.get(operation.name, world.otherwise)(call)
        entry.rule = call.rule
        return answer, operation.status

    def _answer_locally(self, request: Request) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        local = self.local.get((method, request.path))
        if local is not None:
            return local()
        raise wrong_method(request.method, request.path, self._allowed(request))

    def _allowed(self, request: Request) -> tuple[str, ...]:
        """Every method the path answers, or the 404 if there is none."""
        own = tuple(method for method, path in self.local if path == request.path)
        methods = own or self.router.allowed(request.path)
        if not methods:
            raise unknown_url(request.method, request.path)
        head = ("HEAD",) if "GET" in methods and "HEAD" not in methods else ()
        return (*sorted((*methods, *head)), "OPTIONS")


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
    else:
        body, kind = _encode(answer), headers.JSON
    head += (kind, (b"content-length", b"%d" % len(body)))
    return (body,)
