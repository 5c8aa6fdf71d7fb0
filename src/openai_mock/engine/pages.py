"""Pages of a list: limit, order, cursors, exact `has_more`, in the envelopes OpenAI uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openai_mock.engine.errors import ApiError

DEFAULT_LIMIT = 20
PAGING = frozenset({"limit", "order", "after", "before", "page"})
"""Query parameters that choose a page; any other filters."""


def page(
    items: Sequence[tuple[str, dict[str, Any]]],
    query: Mapping[str, Any],
    *,
    kind: str,
    order: str = "desc",
) -> dict[str, Any]:
    """The page of `items` (id and object, oldest first) that `query` asks for.

    `kind` is the SDK's page class, which decides the envelope. A cursor that names nothing is a 400.
    """
    chosen = list(items)
    if (query.get("order") or order) == "desc":
        chosen.reverse()
    ids = [id_ for id_, _ in chosen]
    after = query.get("after") or query.get("page")
    start = _position(ids, after, "after") + 1 if after else 0
    stop = _position(ids, query["before"], "before") if query.get("before") else len(ids)
    limit = int(query.get("limit") or DEFAULT_LIMIT)
    # Behind a cursor `before` the page ends right at it, as the newest neighbours of what the client has.
    first = max(start, stop - limit) if query.get("before") else start
    shown = chosen[first : min(stop, first + limit)]
    more = first > start if query.get("before") else first + limit < stop
    return _enveloped(shown, kind, more=more)


def _enveloped(shown: Sequence[tuple[str, dict[str, Any]]], kind: str, *, more: bool) -> dict[str, Any]:
    last = shown[-1][0] if shown else None
    made: dict[str, Any] = {"object": "list", "data": [item for _, item in shown]}
    if kind == "Page":
        return made
    if kind in {"NextCursorPage", "TokenPage"}:
        return {**made, "has_more": more, "next": last if more else None}
    return {**made, "first_id": shown[0][0] if shown else None, "last_id": last, "has_more": more}


def _position(ids: Sequence[str], cursor: str, name: str) -> int:
    try:
        return ids.index(cursor)
    except ValueError:
        message = f"Invalid '{name}': no object with the id '{cursor}' is in this list."
        raise ApiError(400, message, param=name, code="invalid_value") from None
