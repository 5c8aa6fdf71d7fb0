"""One collection of the store as a call sees it: its session's objects, settled by their lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from openai_mock.engine.errors import unknown_id
from openai_mock.engine.filters import Filter
from openai_mock.engine.settle import Kept, awaiting, begin, moved, settled
from openai_mock.engine.store import CONTENT, NOTHING_BESIDE, Object, Page

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call


class Collection:
    """`template` is its path as the catalogue has it, `path` the same with ids, which names it in the store."""

    __slots__ = ("_call", "_kept", "path", "template")

    def __init__(self, call: Call, template: str, path: str, kept: Kept | None) -> None:
        self._call, self._kept = call, kept
        self.template, self.path = template, path

    def create(
        self,
        item: Object,
        id_: str | None = None,
        *,
        beside: Mapping[str, bytes | None] = NOTHING_BESIDE,
        text: bytes | None = None,
    ) -> Object:
        """Keep a new object, known by its `id` unless another is given, and bytes beside it, and begin its lifecycle.

        `text` is its JSON, where that is written already.

        Returns it as the client is to see it: under the policy `instant` it has already come to the end of its road.
        """
        id_ = item["id"] if id_ is None else id_
        if self._kept is not None:
            return begin(self._call, self._kept, self.path, id_, item, beside, text)
        self._call.store.put(self.path, id_, text or item, beside)
        return item

    def find(self, id_: str, *, polled: bool = False) -> Object | None:
        """An object as it is by now, or None. `polled` counts as a retrieve, for the policy `polls`."""
        item = self._call.store.get(self.path, id_)
        if item is None or self._kept is None:
            return item
        return settled(self._call, self._kept, self.path, id_, item, polled=polled)

    def look(self, id_: str) -> None:
        """Let an object become what it is by now, because somebody waits to be told; say when to look again."""
        item = self._call.store.get(self.path, id_)
        if item is None or self._kept is None:
            return
        seen = settled(self._call, self._kept, self.path, id_, item, awaited=True)
        if seen is not None:
            awaiting(self._call, self._kept, self.path, id_, seen, looked=True)

    def get(self, id_: str, *, polled: bool = False) -> Object:
        """An object as it is by now. Raises OpenAI's 404 for the resource."""
        item = self.find(id_, polled=polled)
        if item is None:
            raise unknown_id(self.template, id_, self._owners())
        return item

    def _owners(self) -> dict[str, str]:
        """The ids in the path."""
        pairs = zip(self.template.split("/"), self.path.split("/"), strict=False)
        return {name[1:-1]: id_ for name, id_ in pairs if name.startswith("{")}

    def save(self, item: Object, id_: str | None = None) -> Object:
        """Replace an object that is known; its lifecycle walks on as it was."""
        self._call.store.put(self.path, item["id"] if id_ is None else id_, item)
        return item

    def move(self, item: Object, status: str, *, id_: str | None = None, **fields: Any) -> Object:
        """Move an object by request, with these fields changed too, and return it. Raises the lifecycle's refusal.

        The hook of the new state sees the fields.
        """
        assert self._kept is not None, "only a resource with a lifecycle moves its objects"
        return moved(self._call, self._kept, self.path, item["id"] if id_ is None else id_, {**item, **fields}, status)

    def delete(self, id_: str) -> bool:
        """Forget an object, its bytes and what lies below it; False where it was not known."""
        return self._call.store.delete(self.path, id_)

    def below(self, id_: str, name: str) -> Collection:
        """What belongs to an object under a name, such as the parts of an upload; deleted with it."""
        return Collection(self._call, f"{self.template}/{{}}/{name}", f"{self.path}/{id_}/{name}", None)

    def content(self, id_: str, name: str = CONTENT) -> bytes | None:
        """The bytes of that name beside an object, or None."""
        return self._call.store.blob(self.path, id_, name)

    def put_content(self, id_: str, content: bytes | None, name: str = CONTENT) -> None:
        """Keep bytes beside an object; None forgets them."""
        self._call.store.put_blob(self.path, id_, content, name)

    def page(
        self,
        *,
        limit: int,
        order: Literal["asc", "desc"] = "desc",
        after: str | None = None,
        before: str | None = None,
        where: Callable[[Object], bool] | None = None,
    ) -> Page:
        """Objects as they are by now, those that `where` accepts. Raises `CursorError`; see `pages.stored_page`."""

        def view(id_: str, item: Object) -> Object | None:
            seen: Object | None = item
            if self._kept is not None:
                seen = settled(self._call, self._kept, self.path, id_, item)
            return seen if seen is not None and (where is None or where(seen)) else None

        plain = self._kept is None and where is None
        still = self._kept is None or not self._kept.cycle.alters
        return self._call.store.page(
            self.path,
            limit=limit,
            order=order,
            after=after,
            before=before,
            view=None if plain else view,
            sieve=where.sieve if still and isinstance(where, Filter) else None,
        )


def collection_of(call: Call, template: str, params: Mapping[str, str]) -> Collection:
    """The collection of a path template, with the ids of `params` in it."""
    return Collection(call, template, template.format_map(params), call.world.kept.get(template))
