"""Buckets of time, as usage and costs are told: which ones a query asks for, a page of them, and who used what."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from openai_mock.engine.accounting import Facts
from openai_mock.engine.errors import ApiError
from openai_mock.engine.issued_keys import Bearer
from openai_mock.engine.resource import Call
from openai_mock.resources.admin.actors import bearer
from openai_mock.resources.admin.wording import refused

_MINUTE = 60
_WIDTHS: Mapping[str, tuple[int, int, int]] = {
    "1m": (_MINUTE, 60, 1_440),
    "1h": (3_600, 24, 168),
    "1d": (86_400, 7, 31),
}
"""Seconds, and how many buckets a page has by default and at most."""
_PAGE = "page_"
Result: TypeAlias = dict[str, Any]


class Spent(NamedTuple):
    """A total, and whose it is."""

    facts: Facts
    amounts: Counter[str]
    project_id: str
    user_id: str
    api_key_id: str

    @property
    def at(self) -> int:
        """The Unix second at which its minute began."""
        return self.facts.minute * _MINUTE


class Span(NamedTuple):
    """One bucket, in Unix seconds; `end` is no longer in it."""

    start: int
    end: int


def spent(call: Call) -> list[Spent]:
    """Everything that the call's session used, oldest first; of one minute by model, key and project."""
    return sorted(_spent(call), key=lambda each: (each.facts.minute, each.facts))


def inside(rows: Sequence[Spent], span: Span) -> Sequence[Spent]:
    """Those of a span, of rows oldest first."""

    def at(each: Spent) -> int:
        return each.at

    return rows[bisect_left(rows, span.start, key=at) : bisect_left(rows, span.end, key=at)]


def _spent(call: Call) -> Iterator[Spent]:
    store, known = call.store, dict[str, Bearer]()
    for facts, amounts in call.world.account.totals(call.session):
        who = known.get(facts.key)
        if who is None:
            who = known[facts.key] = bearer(store, facts.key)
        yield Spent(facts, amounts, facts.project or who.project, who.owner, who.id)


def last_used(call: Call) -> dict[str, int]:
    """When each key was last used, to the minute, in Unix seconds by the key's id."""
    found: dict[str, int] = {}
    for each in spent(call):
        found[each.api_key_id] = max(each.at, found.get(each.api_key_id, 0))
    return found


def within(each: Spent, query: Mapping[str, Any]) -> bool:
    """Whether a total fits the filters that all kinds share."""
    facts = each.facts
    return (
        _fits(query.get("project_ids"), each.project_id)
        and _fits(query.get("user_ids"), each.user_id)
        and _fits(query.get("api_key_ids"), each.api_key_id)
        and _fits(query.get("models"), facts.model)
        and (query.get("batch") is None or query["batch"] == facts.batch)
    )


def _fits(wanted: Sequence[str] | None, held: str) -> bool:
    return not wanted or held in wanted


def page(call: Call, results: Callable[[Span], list[Result]], *, most: int | None = None) -> dict[str, Any]:
    """The buckets from `start_time` on until `end_time`, by default until now; a bucket begins at a full minute, hour
    or day, and a range that ends before it begins has none. `most` is how many a page may have, whatever the width.
    """
    query = call.query
    width, usual, bound = _WIDTHS[query.get("bucket_width") or "1d"]
    bound = bound if most is None else most
    limit = usual if query.get("limit") is None else query["limit"]
    if limit > bound:
        words = f"Invalid 'limit': integer above maximum value. Expected a value <= {bound}, but got {limit} instead."
        raise ApiError(400, words, param="limit", code="integer_above_max_value")
    begin, until = query["start_time"], query.get("end_time")
    until = max(call.now, begin) + 1 if until is None else until
    first = begin // width * width
    if query.get("page"):
        first = _start(call, query["page"], width, first)
    spans = [Span(start, start + width) for start in range(first, min(until, first + limit * width), width)]
    after = first + limit * width if limit else until  # pages of nothing would never come to an end
    return {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": span.start,
                "end_time": span.end,
                "results": results(Span(max(span.start, begin // _MINUTE * _MINUTE), min(span.end, until))),
            }
            for span in spans
        ],
        "has_more": after < until,
        "next_page": f"{_PAGE}{after}" if after < until else None,
    }


def _start(call: Call, cursor: str, width: int, first: int) -> int:
    """Where the page of a cursor begins; where ids are lenient, an unknown one is that of the first page."""
    text = cursor.removeprefix(_PAGE)
    if text != cursor and text.isdecimal() and len(text) <= len(str(call.now)) and int(text) % width == 0:
        return int(text)
    if call.world.lenient_ids:
        return first
    raise refused("page", cursor, "the 'next_page' of an answer to the same query")


def grouped(rows: Sequence[Spent], key: Callable[[Spent], tuple[Any, ...]]) -> dict[tuple[Any, ...], Counter[str]]:
    """The amounts by group, in the order in which the groups began."""
    found: dict[tuple[Any, ...], Counter[str]] = {}
    for each in rows:
        found.setdefault(key(each), Counter()).update(each.amounts)
    return found
