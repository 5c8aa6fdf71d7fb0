"""The mock's own URLs where several processes serve one port: whoever is asked answers for all of them.

Theory. A question is asked of every process and the answers become one: counters and buckets add up, lists are joined.
An order is obeyed by the process that got it and, unless that one refuses it, by all others. Objects need neither,
since the processes share one file. What cannot be joined says in its answer whose it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from openai_mock.doors.peers import Told
from openai_mock.engine.errors import ApiError
from openai_mock.library import punctuality
from openai_mock.library.recall import judged, order_of
from openai_mock.wire import Ask, Data, Exchange, Handle, Head, Request

Join: TypeAlias = Callable[[Request, Sequence[Told]], Any]
_METRICS, _JOURNAL, _VERIFY = "/metrics", "/_mock/journal", "/_mock/verify"
_ORDERS = frozenset({
    "/_mock/rules", "/_mock/faults", "/_mock/limits", "/_mock/pace", "/_mock/clock", "/_mock/reset",
    "/_mock/webhooks", _JOURNAL, punctuality.PATH,
})  # fmt: skip
"""What is obeyed by all, when it is no question."""
_GOOD = frozenset({200, 409})
"""The statuses of what can be joined: 409 is a verification that failed for one of the processes."""
_GAUGE = "gauge"


class Asking(Protocol):
    """The processes of one server, seen from one of them; `doors.peers.Peers` is it."""

    number: int
    count: int

    async def alone(self, handle: Handle, request: Request) -> Told:
        """What this process answers."""

    async def others(self, request: Request) -> list[Told]:
        """What the others answer."""

    def keep(self, told: Sequence[Told]) -> None:
        """Remember what was told."""

    def kept(self, *, besides: Sequence[Told]) -> list[bytes]:
        """What those told last who do not answer now."""


def joined(alone: Handle, peers: Asking) -> Handle:
    """What answers for all processes where it must, given what answers for this one."""

    def handle(request: Request) -> Exchange:
        path = request.path
        if path != _METRICS and not path.startswith("/_mock/"):
            return alone(request)
        asks = request.method in {"GET", "HEAD", "OPTIONS"}
        answers = path == _METRICS or (request.method, path) in _JOINS
        concerns_all = request.method == "GET" and answers if asks else answers or path in _ORDERS
        return _for_all(alone, peers, request) if concerns_all else alone(request)

    return handle


def _for_all(alone: Handle, peers: Asking, request: Request) -> Exchange:
    async def asked() -> list[Told]:
        own = await peers.alone(alone, request)
        if own.status not in _GOOD:
            return [own]
        if request.path == punctuality.PATH and request.method == "GET":
            wanted = replace(request, query="histograms=true")
            return [await peers.alone(alone, wanted), *(await peers.others(wanted))]
        return [own, *(await peers.others(request))]

    told: list[Told] = yield Ask(asked)
    own = told[0]
    status, body = own.status, own.body
    if len(told) < peers.count and own.status in _GOOD and request.method != "GET":
        status, body = _incomplete(len(told), peers.count)
    elif request.path == _METRICS:
        peers.keep(told)
        body = added([each.body.decode() for each in told], [each.decode() for each in peers.kept(besides=told)])
    elif (join := _JOINS.get((request.method, request.path))) and own.status in _GOOD:
        try:
            body = msgspec.json.encode(join(request, [each for each in told if each.status in _GOOD]))
            status = 200
        except ApiError as error:
            status, body = error.status, msgspec.json.encode(error.body())
    headers = [pair for pair in own.headers if pair[0] != b"content-length"]
    yield Head(status, [*headers, (b"content-length", b"%d" % len(body))])
    yield Data(body)


def _incomplete(answered: int, count: int) -> tuple[int, bytes]:
    """What to say where a worker is just being replaced or too busy: nothing may look as if all had been asked."""
    said = f"Only {answered} of {count} workers answered. The others may be on their way: ask again."
    return 503, msgspec.json.encode(ApiError(503, said, type="server_error", code="workers_missing").body())


def added(texts: Sequence[str], past: Sequence[str] = ()) -> bytes:
    """Metrics of several processes as those of one. Of processes that are gone only what they have counted counts."""
    families: dict[str, list[str]] = {}
    samples: dict[str, dict[str, float]] = {}
    for text, gone in [*((text, False) for text in texts), *((text, True) for text in past)]:
        name, kind = "", ""
        for line in filter(None, text.split("\n")):  # a label may hold any other end of a line
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                families.setdefault(name, []).append(line)
            elif line.startswith("# TYPE "):
                kind = line.split(" ", 3)[3]
                families[name].append(line)
            elif not (gone and kind == _GAUGE):
                of, _, value = line.rpartition(" ")
                found = samples.setdefault(name, {})
                found[of] = found.get(of, 0) + (float(value) if "." in value or "e" in value else int(value))
    return "".join(
        f"{line}\n"
        for name, about in families.items()
        for line in (*about[:2], *(f"{of} {value!r}" for of, value in samples.get(name, {}).items()))
    ).encode()


def _bodies(told: Sequence[Told]) -> list[Any]:
    return [msgspec.json.decode(each.body) for each in told]


def _journal(request: Request, told: Sequence[Told]) -> Any:
    """The exchanges of all by time. They are numbered by each process, so `worker` tells whose number it is."""
    if "since=" in request.query:
        raise ApiError(400, "'since' needs one numbering, but each of several workers numbers its own exchanges.")
    entries = [
        {"worker": each.worker, **entry}
        for each, body in zip(told, _bodies(told), strict=True)
        for entry in body["data"]
    ]
    entries.sort(key=lambda entry: entry["time"])
    most = max((len(body["data"]) for body in _bodies(told)), default=0)
    limit = next((int(part[6:]) for part in request.query.split("&") if part.startswith("limit=")), max(most, 100))
    return {"object": "list", "workers": len(told), "data": entries[-max(1, limit) :]}


def _verified(request: Request, told: Sequence[Told]) -> Any:
    """The verdict on the calls of all."""
    found = [body.get("error", body) for body in _bodies(told)]
    if any("matched" not in each for each in found):
        raise ApiError(400, next(each["message"] for each in found if "matched" not in each))
    matched, calls = (sum(each[name] for each in found) for name in ("matched", "calls"))
    differences = (each.get("message", "").partition("\n")[2] for each in found)
    wanted = order_of(msgspec.json.decode(request.body))
    return judged(wanted, matched, calls, next(filter(None, differences), "")) | {"workers": len(told)}


def _load(request: Request, told: Sequence[Told]) -> Any:
    raws = [body["histograms"] for body in _bodies(told)]
    found = punctuality.figures(raws)
    return found | {"histograms": raws} if "histograms=true" in request.query else found


def _sums(lists: str, *, by: str) -> Join:
    """Lists of objects whose `calls` add up; objects are told apart by one of their fields."""

    def join(_: Request, told: Sequence[Told]) -> Any:
        bodies = _bodies(told)
        calls: Counter[str] = Counter()
        known: dict[str, dict[str, Any]] = {}
        for body in bodies:
            for each in body[lists]:
                calls[each[by]] += each["calls"]
                known.setdefault(each[by], each)
        rows = [{**each, "calls": calls[name]} for name, each in known.items()]
        counted = {"counts": {**bodies[0]["counts"], "called": sum(map(bool, calls.values()))}} if by != "id" else {}
        return {**bodies[0], **counted, "workers": len(told), lists: rows}

    return join


def _limits(_: Request, told: Sequence[Told]) -> Any:
    bodies = _bodies(told)
    callers = [
        {"worker": each.worker, **caller} for each, body in zip(told, bodies, strict=True) for caller in body["callers"]
    ]
    return {**bodies[0], "workers": len(told), "callers": callers}


def _sessions(_: Request, told: Sequence[Told]) -> Any:
    names = dict.fromkeys(name for body in _bodies(told) for name in body["sessions"])
    return {"sessions": [*names], "workers": len(told)}


def _deliveries(_: Request, told: Sequence[Told]) -> Any:
    """The deliveries of all by time: whoever sees what an object came to tells of it."""
    rows = [
        {"worker": each.worker, **row} for each, body in zip(told, _bodies(told), strict=True) for row in body["data"]
    ]
    return {"object": "list", "workers": len(told), "data": sorted(rows, key=lambda row: row["created_at"])}


_JOINS: Mapping[tuple[str, str], Join] = {
    ("GET", _JOURNAL): _journal,
    ("POST", _VERIFY): _verified,
    ("GET", punctuality.PATH): _load,
    ("GET", "/_mock/coverage"): _sums("operations", by="operation"),
    ("GET", "/_mock/rules"): _sums("rules", by="id"),
    ("GET", "/_mock/limits"): _limits,
    ("GET", "/_mock/webhooks/deliveries"): _deliveries,
    ("GET", "/_mock/sessions"): _sessions,
}
