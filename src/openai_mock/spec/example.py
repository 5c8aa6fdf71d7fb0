"""Examples: a seeded value that conforms to a schema and reads like OpenAI's own objects.

Theory. A value is a function of (seed, schema, name of the field, time): no state, so the same request gets the same
bytes. Required fields are always there. Optional ones are null where their name speaks of failure, and otherwise
sometimes filled, less the deeper they lie; beyond `_DEPTH` only what is required stands, by the shallowest branch of a
union. Schemas that contain themselves end because the shallowest branch is found by height, and a branch that only
leads back to itself has none. A *plain* value is the same with nothing made up that may be left out: null, empty, zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeAlias

from openai_mock.spec.names import ABSENT, COUNTS, FILLED, PLAIN, PREFIXES, STATUSES, SUCCESS, TEXTS, kind_of

_DEPTH = 5
_INFINITE = 1_000
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SECONDS = ("_at", "created", "_time", "timestamp", "expires_after", "effective")
Schema: TypeAlias = Mapping[str, Any]


class Examples:
    """Makes values for the schemas of one bundle: a schema and the `$defs` it refers to."""

    def __init__(self, bundle: Schema) -> None:
        self.root = bundle
        self._definitions: Schema = bundle.get("$defs", {})
        self._heights: dict[str, int] = {}

    def make(self, *, seed: int | str, now: int, plain: bool = False) -> Any:
        """A value of the bundle's own schema; `now` is in Unix seconds. A `plain` one has only what it must have."""
        return _Maker(self, Random(seed), now, plain=plain).value(self.root, "", 0)  # noqa: S311 - repeats, hides nothing

    def each(self, *, seed: int | str, now: int, plain: bool = False) -> list[Any]:
        """A value of each branch of the bundle's union: each kind of event, for a schema of events."""
        return [
            _Maker(self, Random(seed), now, plain=plain).value(branch, "", 0)  # noqa: S311
            for branch in self._branches(self.root)
        ]

    def fields(self) -> frozenset[str]:
        """The names of an object's fields, whichever branch of a union it is."""
        return frozenset(name for branch in self._branches(self.root) for name in branch.get("properties", {}))

    def resolve(self, schema: Schema) -> Schema:
        """The schema that a reference names."""
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def _branches(self, schema: Schema) -> list[Schema]:
        schema = self.resolve(schema)
        inner = schema.get("anyOf")
        return [schema] if inner is None else [leaf for branch in inner for leaf in self._branches(branch)]

    def height(self, schema: Schema) -> int:
        """How deep the smallest value of a schema is; a reference that leads back to itself counts as endless."""
        name = schema.get("$ref")
        if name is not None:
            if name not in self._heights:
                self._heights[name] = _INFINITE
                self._heights[name] = self.height(self.resolve(schema))
            return self._heights[name]
        if "anyOf" in schema:
            return min(self.height(branch) for branch in schema["anyOf"])
        properties = schema.get("properties", {})
        return 1 + max(
            [self.height(properties[key]) for key in schema.get("required", ()) if key in properties], default=0
        )


class _Maker:
    """One walk through a schema, drawing from one stream."""

    def __init__(self, examples: Examples, draw: Random, now: int, *, plain: bool = False) -> None:
        self.examples, self.draw, self.now, self.plain = examples, draw, now, plain

    def value(self, schema: Schema, name: str, depth: int, kind: str = "") -> Any:
        """`name` is the field, `kind` the object it belongs to."""
        named, schema = schema.get("$ref", ""), self.examples.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"])
        if "anyOf" in schema:
            return self._union(schema["anyOf"], name, depth, kind)
        types = schema.get("type")
        if self.plain and isinstance(types, list) and "null" in types:
            return _nothing(name)
        one = next((each for each in types if each != "null"), "null") if isinstance(types, list) else types
        match one:
            case "object":
                return self._object(schema, depth, named)
            case "array":
                return self._array(schema, name, depth, kind)
            case "string":
                return self._string(schema, name, kind)
            case "integer":
                return self._integer(schema, name)
            case "number":
                return self.now if name.endswith(_SECONDS) else self._bounded(schema, round(self.draw.random(), 4))
            case "boolean":
                return name == "deleted" or (name != "has_more" and not self.plain and self.draw.random() < 0.5)
            case "null":
                return None
            case _:  # anything goes
                return {} if name == "metadata" else "example"

    @staticmethod
    def _choice(values: Sequence[Any]) -> Any:
        """The first where none speaks of success: new values join at the end, and older clients do not know those."""
        return next((value for value in values if value in SUCCESS), None) or values[0]

    def _union(self, branches: Sequence[Schema], name: str, depth: int, kind: str) -> Any:
        real = [branch for branch in branches if branch.get("type") != "null"]
        if not real or (self.plain and len(real) < len(branches)):
            return _nothing(name) if real else None
        if depth >= _DEPTH:
            return self.value(min(real, key=self.examples.height), name, depth, kind)
        plain = next((branch for branch in real if branch.get("type") == "string" or self._is_plain(branch)), None)
        return self.value(plain or real[0], name, depth, kind)

    def _is_plain(self, branch: Schema) -> bool:
        properties = self.examples.resolve(branch).get("properties", {})
        return self.examples.resolve(properties.get("type", {})).get("const") in PLAIN

    def _object(self, schema: Schema, depth: int, named: str) -> dict[str, Any]:
        properties: Schema = schema.get("properties", {})
        required = schema.get("required", ())
        kind = self._kind(properties) or (kind_of(named) if "object" in properties and "data" not in properties else "")
        made = {}
        for key, inner in properties.items():
            if key in required:
                made[key] = self.value(inner, key, depth + 1, kind)
            elif not self._nullable(inner):  # has a default, which the API sends
                if depth < _DEPTH and self.examples.height(inner) < _INFINITE:
                    made[key] = self.value(inner, key, depth + 1, kind)
            else:
                fills = self._fills(key, depth)
                made[key] = self.value(inner, key, depth + 1, kind) if fills else _nothing(key) if self.plain else None
        return made

    def _fills(self, key: str, depth: int) -> bool:
        if self.plain:
            return False
        if key in FILLED:
            return True
        chance = 0.6 / (1 + depth)
        return depth < _DEPTH - 2 and not any(part in key for part in ABSENT) and self.draw.random() < chance

    def _kind(self, properties: Schema) -> str:
        for key in ("object", "type"):
            constant = self.examples.resolve(properties.get(key, {})).get("const")
            if isinstance(constant, str):
                return constant
        return ""

    def _nullable(self, schema: Schema) -> bool:
        schema = self.examples.resolve(schema)
        types = schema.get("type")
        return (isinstance(types, list) and "null" in types) or any(
            branch.get("type") == "null" for branch in schema.get("anyOf", ())
        )

    def _array(self, schema: Schema, name: str, depth: int, kind: str) -> list[Any]:
        least = schema.get("minItems", 0)
        items = schema.get("items", {})
        fits = not self.plain and depth < _DEPTH and self.examples.height(items) < _INFINITE
        count = max(least, 1 if fits else 0)
        return [self.value(items, name.removesuffix("s"), depth + 1, kind) for _ in range(count)]

    def _string(self, schema: Schema, name: str, kind: str) -> str:
        if name == "id" or name.endswith("_id"):
            return self._prefix(kind if name == "id" else name.removesuffix("_id")) + self._letters(24)
        match schema.get("format"):
            case "date-time":
                return "2026-01-01T00:00:00Z"
            case "date":
                return "2026-01-01"
        if "url" in name or name == "uri":
            return f"https://example.com/{self._letters(8)}"
        if name.endswith(("_at", "timestamp")):
            return "2026-01-01T00:00:00Z"
        if name == "object" and kind:
            return kind
        if name == "status" and kind in STATUSES:
            return STATUSES[kind]
        text = TEXTS.get(name) or name.replace("_", " ") or "example"
        least: int = schema.get("minLength", 0)
        most: int = schema.get("maxLength", max(least, len(text)))
        return text.ljust(least)[:most]

    @staticmethod
    def _prefix(kind: str) -> str:
        """`input_file` is a file: the last word decides where the whole is unknown."""
        return PREFIXES.get(kind) or PREFIXES.get(kind.rpartition("_")[2]) or f"{kind or 'item'}_"

    def _integer(self, schema: Schema, name: str) -> int:
        if name.endswith(_SECONDS):
            return self.now
        return int(self._bounded(schema, 0 if self.plain else COUNTS.get(name, self.draw.randint(1, 20))))

    @staticmethod
    def _bounded(schema: Schema, value: float) -> float:
        least: float = schema.get("minimum", value)
        most: float = schema.get("maximum", max(value, least))
        return min(max(value, least), most)

    def _letters(self, length: int) -> str:
        return "".join(self.draw.choices(_ALPHABET, k=length))


def _nothing(name: str) -> Any:
    """What a field that may be null holds where nothing is known: the API sends empty metadata."""
    return {} if name == "metadata" else None
