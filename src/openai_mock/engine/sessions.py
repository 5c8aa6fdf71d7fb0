"""Sessions: parallel tests share one server and see nothing of each other.

Theory. A request names its session in the header `x-mock-session`, or by a key of the form `sk-mock-NAME`; any other
request belongs to the session "". A session comes into being when it is first named and has the part of the store
whose collections begin with its name. At most `most` named sessions are kept; beyond that the one that was used least
recently is forgotten, with all it remembers. A reload forgets no session.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import quote

from openai_mock.engine.prompt_cache import PromptCache
from openai_mock.engine.store import Store, Within

MOST_SESSIONS = 1_000
HEADER = "x-mock-session"
_KEY = "Bearer sk-mock-"
_AZURE_KEY = "sk-mock-"
_LONGEST = 200


def session_of(headers: Mapping[str, str]) -> str:
    """The name of a request's session, at most 200 characters of it; "" for none."""
    named = headers.get(HEADER)
    if named is None:
        key = headers.get("authorization", "")
        if key.startswith(_KEY):
            named = key[len(_KEY) :]
        else:
            key = headers.get("api-key", "")
            named = key[len(_AZURE_KEY) :] if key.startswith(_AZURE_KEY) else ""
    return named.strip()[:_LONGEST]


class Sessions:
    """The stores of the sessions, parts of one store, and their prompts as far as they are cached."""

    def __init__(
        self, whole: Store, *, begin: Callable[[Store], None] = lambda _: None, most: int = MOST_SESSIONS
    ) -> None:
        """`begin` is given the store of each session at its first use, to put there what every session starts with."""
        self.whole = whole
        self.prompts = PromptCache()
        self._most = most
        self._known: OrderedDict[str, Store] = OrderedDict()
        self._unnamed: Store = Within(whole, ":")
        self._begin = begin
        begin(self._unnamed)

    @property
    def names(self) -> tuple[str, ...]:
        """The named sessions, the one used last at the end."""
        return tuple(self._known)

    def begin(self, begin: Callable[[Store], None]) -> None:
        """Begin otherwise from now on, also in the sessions that are known; unless `begin` raises."""
        for store in (self._unnamed, *self._known.values()):
            begin(store)
        self._begin = begin

    def restart(self, name: str = "") -> None:
        """Let a session forget all and have what every session starts with."""
        store = self.store(name)
        self.prompts.forget(name)
        with self.whole.atomically():
            store.clear()
            self._begin(store)

    def store(self, name: str = "") -> Store:
        """The store of a session, made at first use."""
        if not name:
            return self._unnamed
        known = self._known.get(name)
        if known is None:
            return self._made(name)
        with suppress(KeyError):  # another thread may just have forgotten it
            self._known.move_to_end(name)
        return known

    def _made(self, name: str) -> Store:
        with self.whole.atomically():
            known = self._known.setdefault(name, Within(self.whole, f"{quote(name, safe='')}:"))
            while len(self._known) > self._most:
                forgotten, store = self._known.popitem(last=False)
                store.clear()
                self.prompts.forget(forgotten)
            self._begin(known)
        return known
