"""Which handler answers each operation of a mock, and how its objects change: loaded as calls need it.

Theory. Every operation of a family that resources answer begins with a handler that loads the family, puts the real
ones in place of itself, and gives the call to them; so a call pays for loading once, and the pipeline asks a plain
dictionary. What is known of collections is found the same way, by the families that work on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, TypeVar

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import UnknownIdError
from openai_mock.engine.lifecycle import Policies
from openai_mock.engine.resource import Call, Handler, Meaning, kept_by
from openai_mock.engine.settle import Kept
from openai_mock.engine.shapes import Shape
from openai_mock.engine.webhooks import Announced
from openai_mock.resources import FAMILIES, OVERSEEN, family_of, loaded
from openai_mock.turns.checks.misuse import Misuse

T = TypeVar("T")


class Handlers:
    """What resources answer of some operations: `answering` and `meanings` by name, for the pipeline.

    `remembers` answers from memory, None where there is none. Without memory, resources that keep a collection answer
    nothing; with lenient ids they give way where an id is unknown.
    """

    def __init__(self, operations: Iterable[str], remembers: Handler | None, *, lenient_ids: bool) -> None:
        self._remembers, self._lenient_ids = remembers, lenient_ids
        self._names = _by_family(tuple(operations))
        self._own: dict[str, frozenset[str]] = {}
        self.answering: dict[str, Handler] = {}
        self.meanings: dict[str, Meaning] = {}
        for family in self._names.keys() & FAMILIES.keys():
            self.answering.update(dict.fromkeys(self._names[family], partial(self._answer, family)))
            self.meanings.update(dict.fromkeys(self._names[family], partial(self._meaning, family)))

    def __contains__(self, operation: object) -> bool:
        """Whether a resource answers an operation itself."""
        family = family_of(str(operation))
        if family in self._names and family not in self._own:
            self._load(family)
        return operation in self._own.get(family, ())

    def _answer(self, family: str, call: Call) -> Answer:
        self._load(family)
        return self.answering.get(call.operation.name, call.world.otherwise)(call)

    def _meaning(self, family: str, call: Call) -> Iterable[Misuse]:
        self._load(family)
        meaning = self.meanings.get(call.operation.name)
        return () if meaning is None else meaning(call)

    def _load(self, family: str) -> None:
        """Put the handlers of a family where its operations are; whoever else does so at the same time does alike."""
        chosen = [resource for resource in loaded(family) if self._remembers or not resource.keeps]
        own = {name: handler for resource in chosen for name, handler in resource.handlers.items()}
        meanings = {name: meaning for resource in chosen for name, meaning in resource.meanings.items()}
        self._own[family] = frozenset(own)
        if self._remembers is not None:
            keeping = {name for resource in chosen if resource.keeps for name in resource.handlers}
            if family in OVERSEEN:
                own = self._overseen(family, own, self._remembers)
            if self._lenient_ids:
                own |= {name: _giving_way(own[name], self._remembers) for name in keeping}
        _put(self.answering, self._names[family], own)
        _put(self.meanings, self._names[family], meanings)

    def _overseen(self, family: str, own: Mapping[str, Handler], remembers: Handler) -> dict[str, Handler]:
        from openai_mock.resources.admin.oversight import is_overseen, overseen  # noqa: PLC0415 - loads when needed

        names = (name for name in self._names[family] if is_overseen(name))
        return {**own, **{name: overseen(own.get(name, remembers)) for name in names}}


@lru_cache(maxsize=8)
def _by_family(operations: tuple[str, ...]) -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name in operations:
        names.setdefault(family_of(name), []).append(name)
    return names


def _put(places: dict[str, T], names: Iterable[str], found: Mapping[str, T]) -> None:
    for name in names:
        if name in found:
            places[name] = found[name]
        else:
            places.pop(name, None)


def _giving_way(handler: Handler, remembers: Handler) -> Handler:
    def answer(call: Call) -> Answer:
        try:
            return handler(call)
        except UnknownIdError:
            return remembers(call)

    return answer


class Lifecycles(Mapping[str, Kept]):
    """The collections whose objects change by themselves, by path template, found as somebody asks for them.

    `families` are those that work on each collection, `announced` the events that objects make, by their SDK name.
    """

    def __init__(
        self,
        families: Mapping[str, frozenset[str]],
        shapes: Mapping[str, Shape],
        speeds: Policies,
        announced: Mapping[str, Announced],
    ) -> None:
        self._late, self._shapes, self._speeds, self._announced = dict(families), shapes, speeds, announced
        self._found: dict[str, Kept] = {}

    def get(self, template: str, default: Any = None) -> Any:
        """The lifecycle of a collection's objects; None for one whose objects stay as they are."""
        if template in self._late:
            for family in self._late.get(template, ()):
                self._found.update(kept_by(loaded(family), self._shapes, self._speeds, self._announced))
            self._late.pop(template, None)
        return self._found.get(template, default)

    def __getitem__(self, template: str) -> Kept:
        self.get(template)
        return self._found[template]

    def __iter__(self) -> Iterator[str]:
        for template in tuple(self._late):
            self.get(template)
        return iter(self._found)

    def __len__(self) -> int:
        return sum(1 for _ in self)
