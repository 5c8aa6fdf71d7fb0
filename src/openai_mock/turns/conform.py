"""Values that conform to a user's JSON Schema: structured outputs and the arguments of tools.

Theory. A value is a function of schema, seed and what was heard. It is walked from the root: references are followed,
`allOf` is folded into one schema, a union takes one branch. Beyond `_DEPTH` only what must stand stands, by the branch
of least height, so schemas that contain themselves end. What a walk cannot see (`not`, `if`, `oneOf` that overlap,
texts that must match a pattern and a length) is found by judging the finished value, and another is drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import unquote

from openai_mock.turns.matching import matching

Schema: TypeAlias = Mapping[str, Any]
_DEPTH = 4
_ENDLESS = 1_000
_ATTEMPTS = 40
_MOST_FOLDED = 32
_MOST_MADE, _LONGEST = 20_000, 100_000
"""Values that are made for a schema in all attempts, and characters of a text: a schema may want any number."""
_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "date-time": "2026-01-01T09:30:00Z", "date": "2026-01-01", "time": "09:30:00Z", "duration": "P1DT2H",
        "email": "ada@example.com", "idn-email": "ada@example.com", "hostname": "example.com",
        "idn-hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
        "uuid": "0b9d5f1e-3c2a-4f6b-8d7e-1a2b3c4d5e6f", "uri": "https://example.com/", "url": "https://example.com/",
        "iri": "https://example.com/", "uri-reference": "/example", "iri-reference": "/example",
        "uri-template": "/example/{id}", "json-pointer": "/example", "relative-json-pointer": "0", "regex": ".*",
    }
)  # fmt: skip
_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com",
        "city": "Paris", "location": "Paris", "place": "Paris", "country": "France", "address": "1 Example Street",
        "phone": "+1 555 0100", "url": "https://example.com/", "title": "An example", "language": "English",
        "currency": "EUR", "timezone": "Europe/Paris", "date": "2026-01-01", "time": "09:30", "id": "example-1",
        "unit": "celsius", "color": "blue", "path": "/example.txt", "code": "print(1)",
    }
)  # fmt: skip
_NUMBERS: Mapping[str, float] = MappingProxyType({"age": 36, "year": 2026, "month": 1, "day": 1, "limit": 10})
_SAID = ("query", "question", "prompt", "text", "message", "input", "content", "search", "request", "q")
_PLACES = ("city", "location", "place", "destination", "town", "country")
_PLACE = re.compile(r"\b(?:in|at|for|to|from|of|near) ([A-Z][\w'-]*(?: [A-Z][\w'-]*)*)")


def conforming(schema: Any, seed: str, heard: str = "") -> Any:
    """A value of the schema; the same for the same seed. `heard` is what the user said, for fields that repeat it.

    A schema that nothing conforms to gets the nearest value that was found.
    """
    if not isinstance(schema, Mapping):
        return {} if schema is not False else None
    judge, room = _judge(schema), _Room()
    made: Any = None
    for attempt in range(_ATTEMPTS):
        if not room.left:
            break
        walk = _Walk(schema, Random(f"{seed} {attempt}"), heard, room, plain=attempt == 0)  # noqa: S311 - repeats
        try:
            made = walk.value(schema, "", 0)
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):  # the schema is no schema
            continue
        if judge is None or judge(made):
            return made
    return made


def _outside(uri: str) -> Any:
    """What a schema refers to outside itself: nothing is fetched, and no file is read."""
    raise ValueError(f"{uri} lies outside the schema.")


def _judge(schema: Schema) -> Any:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - only a request that brings a schema needs it

    try:
        return Draft202012Validator(dict(schema), validate_formats=True, retriever=_outside).is_valid
    except ValueError:  # no schema
        return None


def _has(pattern: str, text: str) -> bool:
    """Whether a text matches, as the judge sees it, who gives up what never ends."""
    judge = _judge({"pattern": pattern})
    return judge is not None and bool(judge(text))


class _Room:
    """How many values may still be made."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MOST_MADE


class _Walk:
    """One walk through a schema, drawing from one stream. `plain` takes the first choice everywhere."""

    def __init__(self, root: Schema, draw: Random, heard: str, room: _Room, *, plain: bool) -> None:
        self.root, self.draw, self.heard, self.room, self.plain = root, draw, heard, room, plain
        self.heights: dict[str, int] = {}

    def value(self, given: Any, name: str, depth: int) -> Any:
        """A value; `name` is the field it stands in."""
        self.room.left = max(0, self.room.left - 1)
        if not isinstance(given, Mapping):
            return "example"
        schema = self.folded(given)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0] if self.plain else self.draw.choice(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if branches := schema.get(union):
                rest = {key: value for key, value in schema.items() if key != union}
                return self.value({"allOf": [rest, self._branch(branches, depth)]}, name, depth)
        return _MAKERS.get(self._type(schema, depth), _MAKERS["string"])(self, schema, name, depth)

    def folded(self, schema: Schema, hops: int = 0) -> Schema:
        """The schema without references and `allOf` at its top."""
        if "$ref" in schema and hops < _MOST_FOLDED:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return _together([self.folded(self._resolve(schema["$ref"]), hops + 1), self.folded(rest, hops + 1)])
        if "allOf" in schema and hops < _MOST_FOLDED:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return _together([rest, *(self.folded(each, hops + 1) for each in schema["allOf"] if each is not True)])
        return schema

    def _resolve(self, reference: str) -> Schema:
        found: Any = self.root
        for step in unquote(reference.removeprefix("#")).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found[int(key)] if isinstance(found, list) else found[key]
        return found if isinstance(found, Mapping) else {}

    def _branch(self, branches: Sequence[Any], depth: int) -> Any:
        real = [each for each in branches if not (isinstance(each, Mapping) and each.get("type") == "null")]
        if depth >= _DEPTH:
            return min(branches, key=self.height)
        ending = [each for each in real if self.height(each) < _ENDLESS] or list(branches)
        return ending[0] if self.plain else self.draw.choice(ending)

    def height(self, schema: Any) -> int:
        """How deep the smallest value is; a reference that leads back to itself counts as endless."""
        if not isinstance(schema, Mapping):
            return 0
        if (name := schema.get("$ref")) is not None:
            if name not in self.heights:
                self.heights[name] = _ENDLESS
                self.heights[name] = self.height(self._resolve(name))
            return self.heights[name]
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                return min(self.height(each) for each in schema[union])
        properties = schema.get("properties") or {}
        inner = [self.height(properties[key]) for key in schema.get("required") or () if key in properties]
        inner += [self.height(each) for each in schema.get("allOf") or ()]
        if schema.get("minItems"):
            inner.append(self.height(schema.get("items")))
        return min(_ENDLESS, 1 + max(inner, default=0)) if inner else 0 if schema.get("type") == "null" else 1

    def _type(self, schema: Schema, depth: int) -> str:
        said = schema.get("type")
        if isinstance(said, list):
            real = [each for each in said if each != "null"]
            if not real or (depth > _DEPTH and "null" in said):
                return "null"
            return str(real[0] if self.plain else self.draw.choice(real))
        if said:
            return str(said)
        return next((kind for key, kind in _TELLING.items() if key in schema), "object" if depth == 0 else "string")

    def _object(self, schema: Schema, _: str, depth: int) -> dict[str, Any]:
        properties: Schema = schema.get("properties") or {}
        required = list(schema.get("required") or ())
        wanted = [key for key in properties if key in required or self._offers(properties[key], depth)]
        most = schema.get("maxProperties")
        if most is not None and len(wanted) > most:
            spare = [key for key in wanted if key not in required][: max(0, most - len(required))]
            wanted = [key for key in wanted if key in required or key in spare]
        made = {key: self.value(properties[key], key, depth + 1) for key in wanted}
        made.update({key: self.value(self._extra(schema), key, depth + 1) for key in required if key not in made})
        extra = self._extra(schema)
        least = schema.get("minProperties") or (1 if not properties and isinstance(extra, Mapping) and extra else 0)
        least = 0 if extra is False else int(least if most is None else min(least, most))
        tries = range(len(made), len(made) + 4 * least)
        for number in tries:
            if len(made) >= least or not self.room.left:
                break
            key = self._key(schema, number)
            if key not in made:
                made[key] = self.value(extra, key, depth + 1)
        return made

    def _offers(self, schema: Any, depth: int) -> bool:
        """Whether an optional property is filled."""
        return depth < _DEPTH - 1 and self.height(schema) < _ENDLESS and (self.plain or self.draw.random() < 0.6)

    @staticmethod
    def _extra(schema: Schema) -> Any:
        patterns = schema.get("patternProperties")
        if patterns:
            return next(iter(patterns.values()))
        return schema.get("additionalProperties", {"type": "string"})

    def _key(self, schema: Schema, number: int) -> str:
        names = schema.get("propertyNames") or {}
        pattern = next(iter(schema.get("patternProperties") or ()), None)
        if pattern is not None:
            made = matching(pattern, self.draw) or f"key{number}"
            longer = f"{made}{number + 1}"  # an open pattern may leave nothing else to vary
            return longer if number and _has(pattern, longer) else made
        return str(self.value({"type": "string", **names}, "", 0)) if names else f"key{number + 1}"

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        prefix = list(schema.get("prefixItems") or ())
        least: int = schema.get("minItems") or 0
        items = schema.get("items", {"type": "string"})
        fits = depth < _DEPTH and self.height(items) < _ENDLESS and items is not False
        count = max(least, len(prefix), (1 if self.plain else self.draw.randint(0, 2)) if fits else 0)
        count = min(count, schema.get("maxItems", count))
        inner = name.removesuffix("s")
        made = [self.value(each, inner, depth + 1) for each in prefix[:count]]
        for _ in range(4 * count):
            if len(made) >= count or not self.room.left:
                break
            one = self.value(items, inner, depth + 1)
            if schema.get("uniqueItems") and one in made:
                one = _Walk(self.root, self.draw, self.heard, self.room, plain=False).value(items, "", depth + 1)
            if not (schema.get("uniqueItems") and one in made):
                made.append(one)
        return made

    def _text(self, schema: Schema, name: str, _: int) -> str:
        least: int = min(schema.get("minLength") or 0, _LONGEST)
        most: int = schema.get("maxLength", max(least, 1_000))
        form = _FORMATS.get(str(schema.get("format")))
        pattern = schema.get("pattern")
        if form and (not pattern or _has(str(pattern), form)):
            return form
        if pattern:
            made = matching(str(pattern), self.draw, least=least)
            return "example" if made is None else made
        text = self._said(name)
        if not self.plain:
            text = f"{text} {self.draw.randint(1, 99)}"
        while len(text) < least:
            text = f"{text} {text}" if text else "example"
        return text[:most]

    def _said(self, name: str) -> str:
        """What a text field of this name plausibly holds."""
        field = name.lower()
        if self.heard and field.endswith(_SAID):
            return " ".join(self.heard.split())[:200]
        if field.endswith(_PLACES) and (place := _PLACE.search(self.heard)):
            return place[1]
        return _TEXTS.get(field) or _TEXTS.get(field.rpartition("_")[2]) or name.replace("_", " ") or "example"

    def _integer(self, schema: Schema, name: str, _: int) -> int:
        low, high = _bounds(schema, 1)
        step = schema.get("multipleOf")
        if step and step == int(step):
            return int(self._within(low, high, name, int(step)))
        return int(self._within(low, high, name, 1))

    def _number(self, schema: Schema, name: str, _: int) -> float:
        low, high = _bounds(schema, 0)
        step = schema.get("multipleOf")
        if step and step != int(step):
            return _multiple(step, schema, low, high)
        whole_low, whole_high = _bounds(schema, 1)
        if step or whole_low is None or whole_high is None or whole_low <= whole_high:
            half = 0 if self.plain or step else _half(schema, self.draw)
            return self._within(whole_low, whole_high, name, int(step or 1)) + half
        assert low is not None
        assert high is not None
        return (low + high) / 2

    def _within(self, low: float | None, high: float | None, name: str, step: int) -> float:
        hint = _NUMBERS.get(name.lower())
        if self.plain and hint is not None and _fits(hint, low, high, step):
            return hint
        start = low if low is not None else (high - 99 * step if high is not None and high < 1 else 1)
        end = high if high is not None else max(start, 0) + 99 * step
        first, last = math.ceil(start / step), math.floor(end / step)
        return step * (self.draw.randint(first, min(last, first + 99)) if first <= last else first)


_MAKERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "object": _Walk._object,  # noqa: SLF001 - the table of the class above
        "array": _Walk._array,  # noqa: SLF001
        "string": _Walk._text,  # noqa: SLF001
        "integer": _Walk._integer,  # noqa: SLF001
        "number": _Walk._number,  # noqa: SLF001
        "boolean": lambda walk, _schema, _name, _depth: walk.plain or walk.draw.random() < 0.5,
        "null": lambda _walk, _schema, _name, _depth: None,
    }
)
_TELLING: Mapping[str, str] = MappingProxyType(
    {
        "properties": "object", "additionalProperties": "object", "required": "object", "minProperties": "object",
        "items": "array", "prefixItems": "array", "minItems": "array", "uniqueItems": "array", "pattern": "string",
        "format": "string", "minLength": "string", "maxLength": "string", "minimum": "number", "maximum": "number",
        "exclusiveMinimum": "number", "exclusiveMaximum": "number", "multipleOf": "number",
    }
)  # fmt: skip
"""The type that a keyword speaks of, where a schema names none."""
_TIGHTER = MappingProxyType(
    {
        "minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max, "minProperties": max,
        "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min, "maxProperties": min,
    }
)  # fmt: skip


def _together(schemas: Sequence[Schema]) -> dict[str, Any]:
    """Schemas that must all hold, as one."""
    made: dict[str, Any] = {}
    for schema in schemas:
        for key, value in schema.items():
            made[key] = _both(key, made[key], value) if key in made else value
    return made


def _both(key: str, one: Any, other: Any) -> Any:
    if key == "properties":
        shared = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
        return {**one, **other, **shared}
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key == "enum":
        return [each for each in one if each in other] or other
    if key == "type":
        mine, theirs = ([each] if isinstance(each, str) else list(each) for each in (one, other))
        shared_types = [each for each in mine if each in theirs]
        if not shared_types and "integer" in (*mine, *theirs):
            return "integer"
        return shared_types[0] if len(shared_types) == 1 else shared_types or other
    if key in {"anyOf", "oneOf"}:
        return [{"allOf": [mine, theirs]} for mine in one for theirs in other]
    return _TIGHTER[key](one, other) if key in _TIGHTER else other


def _bounds(schema: Schema, whole: int) -> tuple[float | None, float | None]:
    """The least and greatest value; for whole numbers, whole ones."""
    lows = [schema["minimum"]] if "minimum" in schema else []
    highs = [schema["maximum"]] if "maximum" in schema else []
    below, above = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if below is not None and not isinstance(below, bool):
        lows.append(math.floor(below) + 1 if whole else below)
    if above is not None and not isinstance(above, bool):
        highs.append(math.ceil(above) - 1 if whole else above)
    low, high = max(lows, default=None), min(highs, default=None)
    if not whole:
        return low, high
    return (None if low is None else math.ceil(low)), (None if high is None else math.floor(high))


def _multiple(step: float, schema: Schema, low: float | None, high: float | None) -> float:
    """The least multiple of a fraction that is in bounds; a whole number where there is one."""
    start = low if low is not None else high if high is not None and high < 0 else 0
    count = math.floor(start / step) if low is None else math.ceil(start / step)
    if count * step == schema.get("exclusiveMinimum"):
        count += 1
    elif count * step == schema.get("exclusiveMaximum"):
        count -= 1
    return round(count * step, 12)


def _half(schema: Schema, draw: Random) -> float:
    return 0.5 if not schema.keys() & {"maximum", "exclusiveMaximum"} and draw.random() < 0.5 else 0


def _fits(value: float, low: float | None, high: float | None, step: int) -> bool:
    return (low is None or value >= low) and (high is None or value <= high) and value % step == 0
