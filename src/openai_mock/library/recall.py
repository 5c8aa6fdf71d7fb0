"""The journal from outside: listed, streamed, forgotten, and verified."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from openai_mock.engine.answers import Answer, Empty
from openai_mock.engine.bodies import read_json
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import EVENT_STREAM
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.recorded import MOST, Wanted, chosen, recorded
from openai_mock.engine.stubs import Pending, Relayed
from openai_mock.library import verify
from openai_mock.library.board import Board
from openai_mock.library.endpoints import Endpoint
from openai_mock.library.views import MadeCall
from openai_mock.wire import Data, Exchange, Request, Wait

_TICK = 0.1
"""Seconds between looks at what has ended meanwhile."""
_PULSE = 150
"""Looks after which a silent stream says that it lives."""
_FILTERS: Mapping[str, str] = {
    "operation": "The operation, by name or glob.",
    "status": "The status, such as 429, or its class, such as 4xx.",
    "rule": "The rule that answered, by id or glob.",
    "session": "The session.",
    "since": "The number of an exchange: only later ones.",
    "limit": f"How many at most, the latest; 100 unless told, {MOST} at most.",
}
_VERIFY = {
    "type": "object",
    "properties": {
        "operation": {"type": "string", "description": "The operation, by name or glob."},
        **{name: {"type": "integer", "minimum": 0} for name in ("count", "at_least", "at_most")},
        "never": {"type": "boolean"},
        "where": {"type": "object", "description": "Values by JSON path: messages[-1].content"},
    },
}


def recalling(journal: Journal, board: Board, operations: Sequence[str]) -> list[Endpoint]:
    """The endpoints of a journal."""

    def listed(request: Request) -> Answer:
        found = chosen(tuple(journal.entries), _wanted(request))
        return {"object": "list", "data": [recorded(entry) for entry in found]}

    def forget(_: Request) -> Answer:
        journal.forget()
        return {"ok": True}

    def verified(request: Request) -> Answer:
        wanted = _order(read_json(request), operations)
        calls = board.calls(entry for entry in tuple(journal.entries) if wanted.concerns(entry))
        return _judged(wanted, calls)

    path = "/_mock/journal"
    return [
        Endpoint("GET", path, "The exchanges that are kept, oldest first.", listed, query=_FILTERS),
        Endpoint("DELETE", path, "Forget all exchanges.", forget),
        Endpoint(
            "GET", f"{path}/stream", "Each exchange as it ends, as server-sent events.",
            lambda request: _live(journal, request), query=_FILTERS, content_type="text/event-stream",
        ),
        Endpoint("POST", "/_mock/verify", "Whether calls were made as they should have been.", verified, body=_VERIFY),
    ]  # fmt: skip


def _wanted(request: Request) -> Wanted:
    given: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    for name in given:
        if name not in _FILTERS:
            raise ApiError(400, f"There is no parameter '{name}' here; there are {', '.join(_FILTERS)}.")
    for name in ("since", "limit"):
        if name in given and not (given[name].isascii() and given[name].isdigit()):
            raise ApiError(400, f"'{name}' is a number, not '{given[name]}'.")
    if not re.fullmatch(r"\d{3}|\dxx", given.get("status", "200"), re.IGNORECASE | re.ASCII):
        raise ApiError(400, f"'status' is one such as 429 or 4xx, not '{given['status']}'.")
    numbers: dict[str, Any] = {name: int(given[name][:18]) for name in ("since", "limit") if name in given}
    wanted = Wanted(**{**given, **numbers})
    return replace(wanted, limit=min(max(1, wanted.limit), MOST))


def _live(journal: Journal, request: Request) -> Answer | Pending:
    wanted = _wanted(request)
    return Empty(200) if request.method == "HEAD" else Pending(None, 200, _opened(journal, wanted))


def _opened(journal: Journal, wanted: Wanted) -> Generator[Any, Any, Relayed]:
    yield from ()
    return Relayed(200, (EVENT_STREAM, (b"cache-control", b"no-store")), _events(journal, wanted))


def _events(journal: Journal, wanted: Wanted) -> Exchange:
    """Each exchange as it ends, until the client leaves. A client that reads too slowly loses the oldest."""
    ended: deque[Entry] = deque(
        (each for each in chosen(tuple(journal.entries), wanted) if each.seconds is not None), MOST
    )
    if not wanted.since:
        ended.clear()
    journal.listeners.append(ended.append)
    try:
        yield Data(b": the journal follows\n\n")
        looks = 0
        while True:
            looks += 1
            while ended:
                entry = ended.popleft()
                if wanted.fits(entry):
                    yield Data(b"id: %d\ndata: %b\n\n" % (entry.number, msgspec.json.encode(recorded(entry))))
            if looks % _PULSE == 0:
                yield Data(b": still here\n\n")
            yield Wait(looks * _TICK)
    finally:
        journal.listeners.remove(ended.append)


class Order(Struct, frozen=True):
    """What a verification wants: calls of an operation with these values, so many of them."""

    operation: str = "*"
    least: int = 1
    most: int | None = None
    where: Mapping[str, Any] = {}

    def concerns(self, entry: Entry) -> bool:
        """Whether an entry is a call of the operation."""
        return entry.operation is not None and fnmatchcase(entry.operation, self.operation)

    @property
    def times(self) -> str:
        """How often, in words."""
        if self.most is None:
            return f"at least {verify.counted(self.least)}"
        return verify.counted(self.most) if self.least == self.most else f"at most {verify.counted(self.most)}"


def _order(given: Any, operations: Sequence[str]) -> Order:
    wanted = order_of(given)
    if not any(fnmatchcase(name, wanted.operation) for name in operations):
        near = get_close_matches(wanted.operation, operations, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ApiError(400, f"There is no operation '{wanted.operation}'.{hint}")
    return wanted


def order_of(given: Any) -> Order:
    """What a verification wants, from its JSON. Raises ApiError for what cannot be wanted."""
    known = {"operation", "count", "at_least", "at_most", "never", "where"}
    if not isinstance(given, dict) or given.keys() - known:
        raise ApiError(400, f"Write an object of {', '.join(sorted(known))}.")
    operation, where = given.get("operation", "*"), given.get("where", {})
    if not isinstance(operation, str) or not isinstance(where, dict):
        raise ApiError(400, "'operation' is a name or a glob, 'where' an object of values by JSON path.")
    often = [name for name in ("count", "at_least", "at_most", "never") if name in given]
    numbers = [given[name] for name in often if name != "never"]
    if any(type(number) is not int or number < 0 for number in numbers) or given.get("never", True) is not True:
        raise ApiError(400, "'count', 'at_least' and 'at_most' are numbers from 0, and 'never' is true.")
    if len(often) > 1 and set(often) != {"at_least", "at_most"}:
        raise ApiError(400, f"{' and '.join(often)} contradict each other. Choose one.")
    exact = 0 if "never" in given else given.get("count")
    if exact is not None:
        return Order(operation, exact, exact, where)
    return Order(operation, given.get("at_least", 0 if "at_most" in given else 1), given.get("at_most"), where)


def _judged(wanted: Order, calls: list[MadeCall]) -> Answer:
    """Yes, or a 409 that shows what differs from the closest call."""
    where = {field_path(path): value for path, value in wanted.where.items()}
    fitting = [call for call in calls if not verify.misfits(call, where)]
    shown = verify.difference(_name(wanted), calls, where) if where and calls and not fitting else ""
    return judged(wanted, len(fitting), len(calls), shown)


def judged(wanted: Order, matched: int, calls: int, difference: str = "") -> dict[str, Any]:
    """Yes, or a 409: so many of so many calls are as wanted, of which the closest differs so from what was wanted."""
    if wanted.least <= matched and (wanted.most is None or matched <= wanted.most):
        return {"ok": True, "matched": matched, "calls": calls}
    said = f"{_name(wanted)} was to be called {wanted.times}" + (" with these values" if wanted.where else "")
    said += f", but was {f'called {verify.counted(matched)}' if matched else 'not called'}"
    said += " so." if wanted.where else "."
    if difference and not matched:
        said += "\n" + difference
    raise ApiError(
        409, said, type="verification_error", code="not_verified",
        extra={"ok": False, "matched": matched, "calls": calls},
    )  # fmt: skip


def _name(wanted: Order) -> str:
    return "The mock" if wanted.operation == "*" else wanted.operation


_PATH = re.compile(r"\$?\.?[^.\[\]]+(\.[^.\[\]]+|\[(-?\d+|'[^']*'|\"[^\"]*\")\])*")
_STEP = re.compile(r"\['([^']*)'\]|\[\"([^\"]*)\"\]|([^.\[\]]+)")


def field_path(path: str) -> tuple[str, ...]:
    """The steps of a JSON path: `$.messages[-1].content` goes by `messages`, `last` and `content`.

    A key in quotes may have dots, brackets and underscores. Raises ApiError for what is no such path.
    """
    if not _PATH.fullmatch(path):
        raise ApiError(400, f"'{path}' is no path to a field. Write one such as model or messages[-1].content.")
    steps = _STEP.findall(path.removeprefix("$"))
    return tuple("last" if plain == "-1" else one or other or plain for one, other, plain in steps)
