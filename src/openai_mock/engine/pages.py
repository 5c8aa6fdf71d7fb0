"""Pages of a list: limit, order, cursors, exact `has_more`, in the envelopes OpenAI uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.filters import Filter
from openai_mock.engine.resource import Call
from openai_mock.engine.store import CursorError, Object

Order: TypeAlias = Literal["asc", "desc"]

DEFAULT_LIMIT = 20
PAGING = frozenset({"limit", "order", "after", "before", "page", "include", "order_by", "beta"})
"""Query parameters that choose a page or what is shown of it; any other filters."""
_FIELDS = {"filter": "status"}


def stored_page(
    call: Call,
    collection: Collection | None = None,
    *,
    order: Order = "desc",
    limit: int = DEFAULT_LIMIT,
    where: Callable[[Object], bool] | None = None,
) -> dict[str, Any]:
    """The page of a collection, the call's own by default, that the call's query asks for, in its operation's envelope.

    `order` and `limit` count where the query says nothing. A cursor that names nothing is a 400.
    """
    query = call.query
    asked: Order = "asc" if (query.get("order") or order) in {"asc", "ascending"} else "desc"
    wanted = query.get("limit")
    try:
        found = (collection or call.collection()).page(
            limit=limit if wanted is None else int(wanted),
            order=asked,
            after=query.get("after") or query.get("page") or None,
            before=query.get("before") or None,
            where=where,
        )
    except CursorError as error:
        message = f"Invalid '{error.name}': no object with the id '{error.cursor}' is in this list."
        raise ApiError(400, message, param=error.name, code="invalid_value") from None
    return _enveloped(found.items, call.operation.page or "CursorPage", more=found.has_more)


def listed_page(
    call: Call, items: Sequence[tuple[str, Object]], *, order: Order = "desc", limit: int = DEFAULT_LIMIT
) -> dict[str, Any]:
    """As `stored_page`, of objects with their ids in an order of their own, which is `asc`."""
    query = call.query
    shown = list(items) if (query.get("order") or order) == "asc" else [*reversed(items)]
    after, wanted = query.get("after"), query.get("limit")
    start = 0
    if after:
        ids = [id_ for id_, _ in shown]
        if after not in ids:
            message = f"Invalid 'after': no object with the id '{after}' is in this list."
            raise ApiError(400, message, param="after", code="invalid_value")
        start = ids.index(after) + 1
    end = start + (limit if wanted is None else int(wanted))
    return _enveloped(shown[start:end], call.operation.page or "CursorPage", more=end < len(shown))


def filters(query: Mapping[str, Any]) -> Filter | None:
    """What the query asks for beside its page; None where that is nothing. `filter` asks for a status."""
    wanted = {_FIELDS.get(key, key): value for key, value in query.items() if key not in PAGING}
    return Filter(wanted) if wanted else None


def _enveloped(shown: Sequence[tuple[str, dict[str, Any]]], kind: str, *, more: bool) -> dict[str, Any]:
    last = shown[-1][0] if shown else None
    made: dict[str, Any] = {"object": "list", "data": [item for _, item in shown]}
    if kind == "Page":
        return made
    if kind in {"NextCursorPage", "TokenPage"}:
        return {**made, "has_more": more, "next": last if more else None}
    return {**made, "first_id": shown[0][0] if shown else None, "last_id": last, "has_more": more}
