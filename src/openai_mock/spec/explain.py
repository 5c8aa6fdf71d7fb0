"""Finds what is wrong with a value that a schema refuses: the one thing that a person would name.

Theory. The fast validator says no and nothing more; its list of errors repeats the value once for every branch of every
union, which takes seconds for a body of a megabyte. So a refused value is walked once more here, with three rules.

- Of several flaws the shallower one is named; at one level unknown names go before missing ones, those before wrong
  types, those before values out of bounds; else the one that was sent first. Of missing names `model` comes first.
- In a union the JSON type picks the branch, then the properties that tell branches apart (`type`, `role`), then the
  branch that knows most of the sent names and misses least. Where no branch has the sent `type`, that is the flaw.
- The walk counts its steps and its depth, so no schema and no value can make it long.

A lenient walk passes over unknown names and remembers them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, RegexOptions

from openai_mock.spec.words import Flaw, Path, kind_of, name_of

_DEEPEST: Final = 40
_STEPS: Final = 200_000
_TELLING: Final = ("type", "role")
_NUMBERS: Final = ("integer", "number")


class Walk:
    """One walk over one value. `ignored` holds the paths of unknown names that a lenient walk passed over."""

    __slots__ = ("definitions", "ignored", "lenient", "steps")

    def __init__(self, definitions: Mapping[str, Any], *, lenient: bool = False) -> None:
        self.definitions, self.lenient = definitions, lenient
        self.ignored: list[str] = []
        self.steps = _STEPS

    def flaw(self, schema: Mapping[str, Any] | bool, value: Any, path: Path = ()) -> Flaw | None:
        """The flaw to name, or None where the walk finds none (or was too long to go on)."""
        self.steps -= 1
        if self.steps < 0 or schema is True:
            return None
        if schema is False or len(path) > _DEEPEST:
            return Flaw("deep" if schema else "other", path)
        if "$ref" in schema:
            found = self.flaw(self._target(schema), value, path)
            if found is not None:
                return found
        if ("anyOf" in schema and "x-needs" not in schema) or "oneOf" in schema:
            found = self._union(schema, value, path)
            if found is not None:
                return found
        for part in schema.get("allOf", ()):
            found = self.flaw(part, value, path)
            if found is not None:
                return found
        return self._own(schema, value, path)

    def _target(self, schema: Mapping[str, Any]) -> Any:
        return self.definitions.get(schema["$ref"].removeprefix("#/$defs/"), True)

    def _own(self, schema: Mapping[str, Any], value: Any, path: Path) -> Flaw | None:
        """What the schema says itself, beside its unions and references."""
        options = _options(schema)
        if options is not None and not _is_among(value, options):
            named = [option for option in options if option is not None]
            kinds = list(dict.fromkeys(kind_of(option) for option in named))
            if kind_of(value) in kinds:
                return Flaw("enum", path, named, value)
            return Flaw("type", path, [(kind, None) for kind in kinds], value)
        types = _types(schema)
        if types is not None and not _is_of(value, types):
            return Flaw("type", path, list(self._nouns(schema)), value)
        if isinstance(value, str):
            return _string(schema, value, path)
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return self._number(schema, value, path)
        if isinstance(value, list):
            return self._array(schema, value, path)
        return self._object(schema, value, path) if isinstance(value, dict) else None

    def _number(self, schema: Mapping[str, Any], value: float, path: Path) -> Flaw | None:
        noun = "number" if "number" in dict(self._nouns(schema)) else "integer"
        if "maximum" in schema and value > schema["maximum"]:
            return Flaw(f"{noun}_max", path, schema["maximum"], value)
        if "minimum" in schema and value < schema["minimum"]:
            return Flaw(f"{noun}_min", path, schema["minimum"], value)
        return None

    def _array(self, schema: Mapping[str, Any], value: Sequence[Any], path: Path) -> Flaw | None:
        if len(value) < schema.get("minItems", 0):
            return Flaw("array_short", path, schema["minItems"], len(value))
        if len(value) > schema.get("maxItems", math.inf):
            return Flaw("array_long", path, schema["maxItems"], len(value))
        items = schema.get("items", True)
        if items is True:
            return None
        for index, item in enumerate(value):
            found = self.flaw(items, item, (*path, index))
            if found is not None:
                return found
        return None

    def _object(self, schema: Mapping[str, Any], value: Mapping[str, Any], path: Path) -> Flaw | None:
        properties: Mapping[str, Any] = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        unknown = [key for key in value if key not in properties] if others is False else []
        if unknown:
            if not self.lenient:
                return Flaw("unknown", path, unknown)
            self.ignored += [name_of((*path, key)) for key in unknown]
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            return Flaw("missing", (*path, "model" if "model" in missing else missing[0]))
        if len(value) > schema.get("maxProperties", math.inf):
            return Flaw("properties", path, schema["maxProperties"], len(value))
        longest = schema.get("propertyNames", {}).get("maxLength", math.inf)
        for key in value:
            if len(key) > longest:
                return Flaw("key", path, longest, len(key))
        if "x-needs" in schema and all(value.get(name) is None for name in schema["x-needs"]):
            return Flaw("needs", path, schema["x-needs"])
        return self._properties(properties, others, value, path)

    def _properties(
        self, properties: Mapping[str, Any], others: Any, value: Mapping[str, Any], path: Path
    ) -> Flaw | None:
        best: Flaw | None = None
        for key, item in value.items():
            found = self.flaw(properties.get(key, others if others is not False else True), item, (*path, key))
            if found is not None and (best is None or _rank(found, path) < _rank(best, path)):
                best = found
        return best

    def _union(self, schema: Mapping[str, Any], value: Any, path: Path) -> Flaw | None:
        branches = list(self._branches(schema))
        fit = [branch for branch in branches if self._accepts(branch, value)]
        if not fit:
            return Flaw("type", path, [noun for branch in branches for noun in self._nouns(branch)], value)
        if isinstance(value, dict):
            chosen = self._choose(fit, value, path)
            if isinstance(chosen, Flaw):
                return chosen
            fit = chosen
        flaws = []
        for branch in fit:
            mark = len(self.ignored)
            found = self.flaw(branch, value, path)
            if found is None:
                return None
            del self.ignored[mark:]
            flaws.append(found)
        return flaws[0] if isinstance(value, dict) else _merged(flaws)

    def _branches(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The branches of a union, with unions inside it flattened and references followed."""
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            one = branch
            while "$ref" in one and len(one) == 1:
                one = self._target(one)
                if isinstance(one, bool):
                    one = {}
            if one.keys() <= {"anyOf", "oneOf", "x-discriminator"} and one:
                yield from self._branches(one)
            else:
                yield one

    def _choose(
        self, branches: Sequence[Mapping[str, Any]], value: Mapping[str, Any], path: Path
    ) -> list[Mapping[str, Any]] | Flaw:
        """The object branches that the telling properties leave, the fittest first; or the flaw of such a property."""
        left = list(branches)
        for name in _telling(branches):
            told = [(branch, _told(branch, name)) for branch in left]
            if not any(options for _, options in told):
                continue
            if name in value:
                keep = [branch for branch, options in told if _tells(branch, name, options, value[name])]
            else:
                keep = [branch for branch, options in told if options is None or name not in branch.get("required", ())]
            if not keep:
                return _untold(told, name, value, path)
            left = keep
        return sorted(left, key=lambda branch: _distance(branch, value))

    def _accepts(self, schema: Mapping[str, Any], value: Any) -> bool:
        kind = kind_of(value)
        return any(
            accepted in ("any", kind)
            or (kind in _NUMBERS and (accepted == "number" or (accepted == "integer" and _is_whole(value))))
            for accepted, _ in self._nouns(schema)
        )

    def _nouns(self, schema: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, str | None]]:
        """The JSON types that a schema takes, arrays with the type of their items where it is one."""
        if "$ref" in schema and depth < _DEEPEST:
            target = self._target(schema)
            yield from self._nouns(target if isinstance(target, Mapping) else {}, depth + 1)
            return
        if ("anyOf" in schema and "x-needs" not in schema) or "oneOf" in schema:
            for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
                yield from self._nouns(branch, depth + 1)
            return
        options = _options(schema)
        if options is not None:
            yield from dict.fromkeys((kind_of(option), None) for option in options)
            return
        for kind in _types(schema) or (("object",) if "properties" in schema else ("any",)):
            yield kind, self._items(schema, depth) if kind == "array" else None

    def _items(self, schema: Mapping[str, Any], depth: int) -> str | None:
        items = schema.get("items")
        if not isinstance(items, Mapping) or depth > _DEEPEST:
            return None
        kinds = {kind for kind, _ in self._nouns(items, depth + 1)} - {"null"}
        kind = kinds.pop() if len(kinds) == 1 else None
        return None if kind == "any" else kind


def _rank(flaw: Flaw, path: Path) -> tuple[bool, bool]:
    return len(flaw.path) > len(path) + 1, flaw.kind not in ("type", "unknown", "missing")


def _merged(flaws: Sequence[Flaw]) -> Flaw:
    """The flaw that got furthest; options that several branches offer at one place are one list."""
    best = max(flaws, key=lambda flaw: len(flaw.path))
    if best.kind in ("enum", "type"):
        twins = [flaw.expected for flaw in flaws if flaw.kind == best.kind and flaw.path == best.path]
        return best._replace(expected=_distinct(option for expected in twins for option in expected))
    return best


def _untold(
    told: Iterable[tuple[Mapping[str, Any], Sequence[Any] | None]], name: str, value: Mapping[str, Any], path: Path
) -> Flaw:
    """The flaw of a telling property that is missing or tells of no branch."""
    where = (*path, name)
    if name not in value:
        return Flaw("missing", where)
    options = _distinct(option for _, options in told for option in options or () if option is not None)
    if kind_of(value[name]) not in {kind_of(option) for option in options}:
        return Flaw("type", where, [(kind_of(option), None) for option in options], value[name])
    return Flaw("enum", where, options, value[name])


def _telling(branches: Sequence[Mapping[str, Any]]) -> list[str]:
    """The properties that tell the branches apart: `type` and `role`, else those that are constant in all of them."""
    known = [name for name in _TELLING if any(_told(branch, name) for branch in branches)]
    if known:
        return known
    first = branches[0].get("properties", {})
    return [name for name in first if all("const" in branch.get("properties", {}).get(name, ()) for branch in branches)]


def _tells(branch: Mapping[str, Any], name: str, options: Sequence[Any] | None, value: Any) -> bool:
    """Whether a branch may be the one meant by the value of a telling property."""
    if options is None:
        return name in branch.get("properties", ()) or branch.get("additionalProperties", True) is not False
    return _is_among(value, options)


def _told(branch: Mapping[str, Any], name: str) -> Sequence[Any] | None:
    schema = branch.get("properties", {}).get(name)
    return _options(schema) if isinstance(schema, Mapping) else None


def _distance(branch: Mapping[str, Any], value: Mapping[str, Any]) -> int:
    """How many names a branch does not know or misses."""
    properties = branch.get("properties", {})
    closed = branch.get("additionalProperties") is False
    unknown = sum(key not in properties for key in value) if closed else 0
    return unknown + sum(name not in value for name in branch.get("required", ()))


def _string(schema: Mapping[str, Any], value: str, path: Path) -> Flaw | None:
    if len(value) < schema.get("minLength", 0):
        return Flaw("string_short", path, schema["minLength"], len(value))
    if len(value) > schema.get("maxLength", math.inf):
        return Flaw("string_long", path, schema["maxLength"], len(value))
    if "pattern" in schema and not _matcher(schema["pattern"]).is_valid(value):
        return Flaw("pattern", path, schema["pattern"], value)
    return None


@lru_cache(maxsize=64)
def _matcher(pattern: str) -> Draft202012Validator:
    """The same engine as the fast validator's, so that both agree on what matches."""
    return Draft202012Validator({"pattern": pattern}, pattern_options=RegexOptions())


def _options(schema: Mapping[str, Any]) -> Sequence[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    options: Sequence[Any] | None = schema.get("enum")
    return options


def _types(schema: Mapping[str, Any]) -> Sequence[str] | None:
    types = schema.get("type")
    return [types] if isinstance(types, str) else types


def _is_of(value: Any, types: Sequence[str]) -> bool:
    kind = kind_of(value)
    if kind in types:
        return True
    return kind in _NUMBERS and ("number" in types or ("integer" in types and _is_whole(value)))


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _is_among(value: Any, options: Iterable[Any]) -> bool:
    """Equality as JSON has it: true is not 1, and 1.0 is."""
    return any(option == value and isinstance(option, bool) == isinstance(value, bool) for option in options)


def _distinct(options: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for option in options:
        if not _is_among(option, found):
            found.append(option)
    return found
