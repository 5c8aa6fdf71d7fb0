"""What answers an operation that nobody else answers: an example of the right type that reflects the request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import msgspec

from openai_mock.engine.answers import Answer, Empty, Events, Raw
from openai_mock.engine.forms import FilePart
from openai_mock.engine.resource import Call
from openai_mock.spec.example import Examples
from openai_mock.spec.operations import Catalogue, Operation

_encode = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"
_PARTICIPLES: Mapping[str, tuple[str, ...]] = {
    "cancel": ("cancelling", "cancelled", "canceled"), "archive": ("archived",), "complete": ("completed",),
    "pause": ("paused",), "resume": ("running", "active"), "activate": ("active",), "deactivate": ("inactive",),
    "interrupt": ("interrupted",), "revoke": ("revoked",), "close": ("closed",),
}  # fmt: skip
"""The statuses that an action may lead to."""
_COPIES = ("remix", "fork")
"""Actions that answer another object of the item's kind."""


class Fallback:
    """Makes examples, and keeps what it compiled for each operation."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._seed = catalogue, seed
        self._examples: dict[tuple[str, str], Examples] = {}
        self._judges: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def answer(self, call: Call) -> Answer:
        """An example for the call's operation: JSON, a page, events, bytes, text or nothing."""
        operation = call.operation
        kind = operation.response_kind
        if kind == "events" or self._streams(call):
            values = self._of(operation, "events").each(seed=self._seed, now=call.now)
            return Events(frames(values))
        if kind == "none":
            return Empty(operation.status)
        if kind == "text":
            return Raw(b"example\n", "text/plain; charset=utf-8")
        if kind == "binary":
            return Raw(b"example\n")
        made = self._of(operation, "response").make(seed=self._seed, now=call.now)
        shown = self.reflected(call, self._paged(operation, made)) if isinstance(made, dict) else made
        return self.acted(operation, shown) if isinstance(shown, dict) else shown

    @staticmethod
    def _streams(call: Call) -> bool:
        return isinstance(call.body, Mapping) and bool(call.body.get("stream")) and bool(call.operation.events)

    def _of(self, operation: Operation, what: str) -> Examples:
        key = operation.name, what
        if key not in self._examples:
            self._examples[key] = Examples(self._catalogue.bundle(getattr(operation, what)))
        return self._examples[key]

    def _judge(self, operation: Operation) -> jsonschema_rs.Draft202012Validator:
        if operation.name not in self._judges:
            self._judges[operation.name] = jsonschema_rs.Draft202012Validator(
                dict(self._of(operation, "response").root)
            )
        return self._judges[operation.name]

    @staticmethod
    def _paged(operation: Operation, made: dict[str, Any]) -> dict[str, Any]:
        """The envelope OpenAI puts around a page; the SDK's own types name only a part of it."""
        if operation.page is None:
            return made
        ids = [item.get("id") for item in made["data"] if isinstance(item, Mapping)]
        ends = {"first_id": ids[0], "last_id": ids[-1]} if ids and ids[0] is not None else {}
        ends = ends if operation.page in ("CursorPage", "ConversationCursorPage") else {}
        last = {"has_more": False} if "has_more" in made else {}
        return {"object": "list", **made, **ends, **last, **({"next": None} if "next" in made else {})}

    def completed(self, operation: Operation, given: Mapping[str, Any], *, now: int) -> dict[str, Any]:
        """A plain object of the kind that an operation answers, of the given `type` where there are several, with the
        given fields in place of its own.
        """
        examples = self._of(operation, "response")
        made = examples.make(seed=self._seed, now=now, plain=True)
        if not isinstance(made, dict):
            return dict(given)
        if "type" in given and made.get("type") != given["type"]:
            kinds = examples.each(seed=self._seed, now=now, plain=True)
            made = next((each for each in kinds if each.get("type") == given["type"]), made)
        return {**made, **given}

    def begun(self, call: Call) -> Answer:
        """What a call creates: a plain object of the request's own values, where the answer is one."""
        made: Any = None
        if call.operation.response_kind == "json" and not self._streams(call):
            made = self._of(call.operation, "response").make(seed=self._seed, now=call.now, plain=True)
        return self.reflected(call, made) if isinstance(made, dict) else self.answer(call)

    def has_field(self, operation: Operation, name: str) -> bool:
        """Whether the object that an operation answers has such a field."""
        return name in self.fields(operation)

    def fields(self, operation: Operation) -> frozenset[str]:
        """The names of the fields that the object which an operation answers may have."""
        return self._of(operation, "response").fields()

    def difference(self, operation: Operation, made: Any) -> str:
        """Why a value is not what the operation promises to answer, as a sentence; empty where it is."""
        error = next(iter(self._judge(operation).iter_errors(made)), None)
        if error is None:
            return ""
        where = ".".join(str(part) for part in error.instance_path)
        return f"{where}: {error.message}" if where else error.message

    def conforms(self, operation: Operation, made: Any) -> bool:
        """Whether a value is what the operation promises to answer."""
        return self._judge(operation).is_valid(made)

    def acted(self, operation: Operation, item: dict[str, Any]) -> dict[str, Any]:
        """An item in the status that an action such as `cancel` leads to; as it is where there is none."""
        for word in participles(operation) if "status" in item else ():
            moved = {**item, "status": word}
            if self.conforms(operation, moved):
                return moved
        return item

    def reflected(self, call: Call, made: dict[str, Any]) -> dict[str, Any]:
        """`made` with the request's own values, where it has a field of that name and type."""
        properties: Mapping[str, Any] = self._of(call.operation, "response").root.get("properties", {})
        if "$ref" in self._of(call.operation, "response").root:
            properties = made
        sent = {**dict(_sent(call.body)), **dict(_named(call, made))}
        wanted = {key: value for key, value in sent.items() if (key in properties or key in made) and key != "object"}
        if not wanted:
            return made
        judge = self._judge(call.operation)
        together = {**made, **wanted}
        if judge.is_valid(together):
            return together
        for key, value in wanted.items():
            known = made.get(key)
            whole = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
            ones = ({**made, key: each} for each in (value, whole))  # an answer may tell more than was asked
            made = next((one for one in ones if judge.is_valid(one)), made)
        return made


def participles(operation: Operation) -> tuple[str, ...]:
    """The statuses that an action may lead to, by the last word of its path: `cancelled` for `cancel`."""
    return _PARTICIPLES.get(operation.path.rpartition("/")[2], ())


def _sent(body: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a body. A file is known by its name and its size."""
    for key, value in body.items() if isinstance(body, Mapping) else ():
        if isinstance(value, FilePart):
            yield "filename", value.filename
            yield "bytes", len(value.content)
        elif value is not None and not (isinstance(value, list) and any(isinstance(one, FilePart) for one in value)):
            yield key, value


def _named(call: Call, made: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the path says: every parameter is a field, and the last one the object's id where the path ends with it or
    acts on it, as in `/uploads/{upload_id}/cancel`, and the answer is an object of that kind.
    """
    head, _, action = call.operation.path.rpartition("/")
    for key, value in call.params.items():
        yield key, value
        if action == f"{{{key}}}" or (head.endswith(f"{{{key}}}") and action not in _COPIES and _is_a(made, key)):
            yield "id", value


def _is_a(made: Mapping[str, Any], parameter: str) -> bool:
    """Whether an object is of the kind whose ids a parameter holds: a `thread.run` for `run_id`."""
    kind = made.get("object")
    return isinstance(kind, str) and f"_{kind.replace('.', '_')}".endswith(f"_{parameter.removesuffix('_id')}")


def frames(events: Iterable[Any]) -> Iterator[bytes]:
    """Events as OpenAI frames them: named by `type`, as (event, data) pairs of a run, or plain with an end marker."""
    end = b""
    for event in events:
        if isinstance(event, dict) and event.keys() == {"event", "data"}:
            yield b"event: %b\ndata: %b\n\n" % (str(event["event"]).encode(), _encode(event["data"]))
            end = b"event: done\n" + _DONE
        elif isinstance(event, dict) and isinstance(event.get("type"), str):
            yield b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event))
        else:
            yield b"data: %b\n\n" % _encode(event)
            end = _DONE
    if end:
        yield end
