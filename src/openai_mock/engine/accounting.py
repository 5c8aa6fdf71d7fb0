"""Accounting: what each session used, by minute, key and model; the usage API reads it.

Theory. Nothing is counted while a request runs: the journal holds what was asked and answered. An exchange is counted
once, when somebody asks what was used or when the journal lets go of it, whichever comes first; one of which the
journal keeps nothing, when it ends. What is let go of is counted in chunks. Work that nobody waits for is no
exchange: `told` counts it when it has come to its end. Totals are kept by minute; beyond `MOST` of them the oldest are
forgotten.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from openai_mock.engine.access import presented
from openai_mock.engine.journal import Entry, Journal
from openai_mock.engine.sessions import HEADER, session_of
from openai_mock.engine.uses import ENDING, PLAIN, READERS, Use
from openai_mock.wire import Request

_encode = msgspec.json.Encoder().encode
MOST = 50_000
"""Totals that are kept."""
_OK, _REDIRECTS = 200, 300
_TOGETHER, _HEAVY = 256, 1 << 16
"""Exchanges that are counted together, and the bytes of one that is not left waiting for others."""
_NOTED = 512
"""Notes that are read together."""
_USAGE = b'"usage":{'
COUNTED: Final[Mapping[str, Any]] = {"counted": True}
"""What stands in `Entry.used` of an exchange that has been counted, or that is not to be."""


class Facts(NamedTuple):
    """What a total is of. `minute` is in minutes since 1970, `key` and `project` are as the request named them, empty
    for none; `detail` is what one kind knows beyond, such as the size and the source of pictures.
    """

    session: str
    minute: int
    kind: str
    model: str
    key: str
    project: str
    batch: bool
    tier: str
    detail: tuple[str, ...]


_Note: TypeAlias = tuple[str | None, str | None, str | None, str | None, float, str | None, str | None, bytes, bool]
"""Four headers, the minute, the operation, the model, the end of the answer from its usage on, and if of a batch."""


class Account:
    """Counts the exchanges of one journal; `lock` keeps threads apart.

    Most answers end alike, and a full journal lets go of one with every request: an answer that says what it used in
    its last fields is noted under those bytes as they stand, and read when `_NOTED` different ones have come together.
    """

    def __init__(self, journal: Journal, lock: AbstractContextManager[Any]) -> None:
        self._journal, self._lock = journal, lock
        self._totals: dict[Facts, Counter[str]] = {}
        self._noted: Counter[_Note] = Counter()
        self._let_go: deque[Entry] = deque()
        journal.settle, journal.let_go, journal.forgotten = self.add, self.add_soon, self.forget

    def add(self, entry: Entry) -> None:
        """Count an exchange that is counted no more after this; nothing of one that is still under way."""
        self._let_go.append(entry)
        with self._lock:
            self._add_all()

    def add_soon(self, entry: Entry) -> None:
        """Count an exchange that has ended together with others, before anybody is told what was used."""
        self._let_go.append(entry)
        if len(self._let_go) >= _TOGETHER or entry.weight > _HEAVY:
            with self._lock:
                self._add_all()

    def told(self, headers: Mapping[str, str], model: str, at: float, uses: Iterable[Use]) -> None:
        """Count what no exchange says of itself: work that ended at a Unix second, seen by a request of these headers.

        Whoever looks first pays, as with the lines of a batch.
        """
        with self._lock:
            self._put(headers, at, model, uses)

    def totals(self, session: str) -> list[tuple[Facts, Counter[str]]]:
        """What a session used, oldest exchange first."""
        with self._lock:
            self._let_go.extend(tuple(self._journal.entries))
            self._add_all()
            self._read_notes()
            return [(facts, Counter(used)) for facts, used in self._totals.items() if facts.session == session]

    def forget(self) -> None:
        """Let nothing have been used; what is under way will not count either."""
        with self._lock:
            self._totals.clear()
            self._noted.clear()
            self._let_go.clear()
            for entry in tuple(self._journal.entries):
                entry.used = COUNTED

    def _add(self, entry: Entry) -> None:
        if entry.seconds is None or entry.used is COUNTED:
            return
        told, entry.used = entry.used, COUNTED
        reader = READERS.get(entry.operation or "")
        if reader is not None and _OK <= entry.status < _REDIRECTS:
            uses = reader(entry, told or {})
            self._put(entry.request.headers, entry.at, entry.model or "", uses, batch=entry.number < 0)

    def _add_all(self) -> None:
        """Count what was let go of. This is the hot path of a full journal, so the usual case stands here whole."""
        next_one = self._let_go.popleft
        notes: list[_Note] = []
        for _ in range(len(self._let_go)):
            entry = next_one()
            operation = entry.operation
            said = _said_in(entry) if operation in PLAIN and entry.status == _OK else None
            if said:
                entry.used, sent = COUNTED, entry.request.headers.get
                notes.append((
                    sent("authorization"), sent("api-key"), sent("openai-project"), sent(HEADER), entry.at // 60,
                    operation, entry.model, said, entry.number < 0,
                ))  # fmt: skip
                continue
            self._add(entry)
        self._noted.update(notes)
        if len(self._noted) > _NOTED:
            self._read_notes()

    def _read_notes(self) -> None:
        noted, self._noted = self._noted, Counter()
        names = ("authorization", "api-key", "openai-project", HEADER)
        for note, times in noted.items():
            headers = {name: value for name, value in zip(names, note[:4], strict=True) if value is not None}
            entry = Entry(Request("", "", headers=headers), "", 0.0)
            entry.operation, entry.chunks = note[5], (b"{" + note[7],)
            uses = READERS[note[5] or ""](entry, {})
            self._put(headers, note[4] * 60, note[6] or "", uses, batch=note[8], times=times)

    def _put(
        self,
        headers: Mapping[str, str],
        at: float,
        model: str,
        uses: Iterable[Use],
        *,
        batch: bool = False,
        times: int = 1,
    ) -> None:
        session, minute, key = session_of(headers), int(at // 60), presented(headers)
        project = headers.get("openai-project", "")
        for use in uses:
            facts = Facts(session, minute, use.kind, model, key, project, batch, use.tier, use.detail)
            total = self._totals.get(facts)
            if total is None:
                total = self._totals[facts] = Counter()
                if len(self._totals) > MOST:
                    for oldest in list(self._totals)[: MOST // 50]:
                        del self._totals[oldest]
            for name, amount in use.amounts.items():
                if amount:
                    total[name] += amount * times


def _said_in(entry: Entry) -> bytes | None:
    """The end of an answer, from its usage on, where that is all there is to count; None where it has to be read."""
    told = entry.used
    if told is None:
        if entry.operation not in ENDING or entry.stream or not entry.chunks or entry.faults:
            return None
        chunk = entry.chunks[-1]  # the only one, and there even before the exchange has ended
        start = chunk.rfind(_USAGE)
        only = start > 0 and chunk.find(_USAGE, 0, start) < 0  # a user's fields may have a `usage` of their own
        return chunk[start:] if only else None
    if told is COUNTED or entry.seconds is None or "output" in told:
        return None
    return b'"usage":%b,"service_tier":%b}' % (_encode(told), _encode(told.get("service_tier")))
