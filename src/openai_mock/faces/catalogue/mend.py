"""Mends the schemas of an OpenAPI document into the JSON Schema 2020-12 that the catalogue speaks.

Theory. A schema is converted keyword by keyword; what describes but does not constrain is left out. A reference makes
what it names a definition, converted when its turn comes, so schemas that contain themselves end. What OpenAPI 3.0
writes its own way (`nullable`, `exclusiveMinimum: true`) is rewritten in `_rewritten`, and `oneOf` becomes `anyOf`:
its branches overlap in practice, and then it would refuse what fits two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import jsonschema_rs
from msgspec import Struct

from openai_mock.config.node import Path
from openai_mock.faces.catalogue.document import Document, Spot, kind_of
from openai_mock.faces.catalogue.merging import MANY, NAMED, ONE
from openai_mock.faces.catalogue.unions import all_any_of, nullable, settled

Schema: TypeAlias = dict[str, Any]

_RESTS: Final = ("additionalProperties", "unevaluatedItems", "unevaluatedProperties")
_NUMBERS: Final = frozenset({"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"})
_COUNTS: Final = frozenset(
    {"maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems", "minLength", "minProperties"},
)
_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_SIBLINGS: Final = frozenset(
    {"$ref", "default", "deprecated", "description", "example", "examples", "summary", "title"}
)
"""What may stand beside a reference without saying anything about the value."""


class _Home(Struct, frozen=True):
    """Where `$recursiveRef` and `$dynamicRef` lead: the schema they stand in, or an outer one that says so."""

    root: Spot
    anchors: Mapping[str, Spot] = {}


class Mender:
    """Converts schemas of one document; `definitions` are those that references named, by their name."""

    def __init__(self, document: Document) -> None:
        self.definitions: dict[str, Schema] = {}
        self.places: dict[str, Spot] = {}
        self._document = document
        self._names: dict[Path, str] = {}
        self._waiting: list[str] = []
        self._readers = self._by_keyword()

    def schema(self, spot: Spot) -> Schema:
        """The schema that stands here, and every definition it needs."""
        converted = self._convert(spot, _Home(spot))
        while self._waiting:
            name = self._waiting.pop()
            place = self.places[name]
            self.definitions[name] = self._convert(place, _Home(place))
        return converted

    def _by_keyword(self) -> Mapping[str, Callable[[Spot, _Home], Any]]:
        return {
            **dict.fromkeys(ONE, self._convert),
            **dict.fromkeys(_RESTS, self._rest),
            **dict.fromkeys(MANY, self._list),
            **dict.fromkeys(NAMED, self._map),
            **dict.fromkeys(_NUMBERS, self._number),
            **dict.fromkeys(_COUNTS, self._count),
            "const": self._value,
            "default": self._value,
            "enum": self._enum,
            "format": self._text,
            "nullable": self._flag,
            "pattern": self._pattern,
            "required": self._required,
            "type": self._type,
            "uniqueItems": self._flag,
        }

    def _convert(self, spot: Spot, home: _Home) -> Schema:
        value = spot.value
        if isinstance(value, bool):
            return {} if value else {"not": {}}
        if not isinstance(value, dict):
            self._document.add(spot, f"expected a schema here, a mapping, but got {kind_of(value)}")
            return {}
        home = self._anchored(spot, home)
        schema: Schema = {}
        for key in value:
            reader = self._readers.get(key)
            if reader is not None:
                read = reader(spot.below(key), home)
                if read is not None:
                    schema[key] = read
        self._discriminate(spot, schema)
        reference = self._reference(spot, home)
        if reference is None:
            return _rewritten(schema, value)
        if value.keys() <= _SIBLINGS:
            return reference | schema
        return _rewritten(schema | {"allOf": [reference, *schema.get("allOf", ())]}, value)

    def _anchored(self, spot: Spot, home: _Home) -> _Home:
        """The home of what is inside; the outermost recursive anchor counts, as the specification says."""
        value = spot.value
        anchors = dict(home.anchors)
        if "$recursiveAnchor" in value and value["$recursiveAnchor"].value is True:
            anchors.setdefault("", spot)
        if "$dynamicAnchor" in value:
            name = self._document.text(spot.below("$dynamicAnchor"), "the name of an anchor")
            anchors.setdefault(f"#{name}", spot)
        return _Home(home.root, anchors) if len(anchors) > len(home.anchors) else home

    def _reference(self, spot: Spot, home: _Home) -> Schema | None:
        value = spot.value
        if "$ref" in value:
            target = self._document.target(spot.below("$ref"))
            return {} if target is None else self._referred(target)
        if "$recursiveRef" in value:
            return self._referred(home.anchors.get("", home.root))
        if "$dynamicRef" in value:
            inner = spot.below("$dynamicRef")
            anchor = home.anchors.get(self._document.text(inner, "the name of an anchor"))
            if anchor is None:
                self._document.add(inner, "no schema around this one has this anchor; write a $ref instead")
            return {} if anchor is None else self._referred(anchor)
        return None

    def _referred(self, target: Spot) -> Schema:
        """A reference to a definition; what merely refers on is passed over."""
        if isinstance(target.value, dict) and "$ref" in target.value and target.value.keys() <= _SIBLINGS:
            followed = self._document.follow(target)
            if followed is None:
                return {}
            target = followed
        name = self._names.get(target.path)
        if name is None:
            name = self._names[target.path] = self._unused(_name(target.path))
            self.places[name] = target
            self.definitions[name] = {}
            self._waiting.append(name)
        return {"$ref": f"#/$defs/{name}"}

    def _unused(self, name: str) -> str:
        number, found = 1, name
        while found in self.places:
            number += 1
            found = f"{name}_{number}"
        return found

    def _discriminate(self, spot: Spot, schema: Schema) -> None:
        if "discriminator" not in spot.value or not schema.keys() & {"anyOf", "oneOf"}:
            return
        parts = self._document.mapping(spot.below("discriminator"), "with 'propertyName'")
        if "propertyName" in parts:
            schema["x-discriminator"] = self._document.text(parts["propertyName"], "the name of a property")

    def _list(self, spot: Spot, home: _Home) -> list[Schema] | None:
        found = [self._convert(part, home) for part in self._document.listing(spot, "of schemas")]
        if isinstance(spot.value, list) and not found:
            self._document.add(spot, "the list of schemas is empty; write at least one, or remove the key")
        return found or None

    def _rest(self, spot: Spot, home: _Home) -> Schema | bool:
        return spot.value if isinstance(spot.value, bool) else self._convert(spot, home)

    def _map(self, spot: Spot, home: _Home) -> Schema:
        parts = self._document.mapping(spot, "of schemas by name")
        if spot.path[-1] == "patternProperties":
            for key in parts:
                self._sound(key, spot)
        return {key: self._convert(part, home) for key, part in parts.items()}

    def _number(self, spot: Spot, _: _Home) -> Any:
        value = spot.value
        if isinstance(value, bool) and spot.path[-1] in ("exclusiveMinimum", "exclusiveMaximum"):
            return value
        least = 0 if spot.path[-1] == "multipleOf" else None
        if isinstance(value, bool) or not isinstance(value, int | float) or (least is not None and value <= least):
            self._document.add(spot, f"expected a number{' above 0' if least == 0 else ''}, but got {kind_of(value)}")
            return None
        return self._document.plain(spot)

    def _count(self, spot: Spot, _: _Home) -> int | None:
        value = spot.value
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(whole, bool) or not isinstance(whole, int) or not 0 <= whole < 2**63:
            self._document.add(spot, f"expected a whole number of 0 or more, but got {kind_of(value)}")
            return None
        return whole

    def _flag(self, spot: Spot, _: _Home) -> bool | None:
        if not isinstance(spot.value, bool):
            self._document.add(spot, f"expected true or false, but got {kind_of(spot.value)}")
            return None
        return spot.value

    def _text(self, spot: Spot, _: _Home) -> str | None:
        return self._document.text(spot, "a name") or None

    def _pattern(self, spot: Spot, _: _Home) -> str | None:
        pattern = self._document.text(spot, "a regular expression")
        return pattern if pattern and self._sound(pattern, spot) else None

    def _sound(self, pattern: str, spot: Spot) -> bool:
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except (jsonschema_rs.ValidationError, ValueError):
            self._document.add(spot, "this is not a regular expression of JSON Schema; correct it")
            return False
        return True

    def _value(self, spot: Spot, _: _Home) -> Any:
        # A null default says nothing; a null constant is written as a type, since None means "no keyword" here.
        return self._document.plain(spot)

    def _enum(self, spot: Spot, _: _Home) -> list[Any] | None:
        values: list[Any] = []
        for each in self._document.listing(spot, "of values"):
            value = self._document.plain(each)
            if not any(value == other and type(value) is type(other) for other in values):
                values.append(value)
        if isinstance(spot.value, list) and not values:
            self._document.add(spot, "the list of values is empty; write at least one, or remove the key")
        return values or None

    def _required(self, spot: Spot, _: _Home) -> list[str] | None:
        names = [self._document.text(each, "the name of a property") for each in
                 self._document.listing(spot, "of the names of properties")]  # fmt: skip
        return list(dict.fromkeys(name for name in names if name)) or None

    def _type(self, spot: Spot, _: _Home) -> str | list[str] | None:
        parts = self._document.listing(spot, "of types") if isinstance(spot.value, list) else [spot]
        kinds: list[str] = []
        for part in parts:
            if not isinstance(part.value, str) or part.value not in _TYPES:
                self._document.add(part, f"expected one of {', '.join(_TYPES)}, but got {kind_of(part.value)}")
            elif part.value not in kinds:
                kinds.append(part.value)
        return kinds[0] if len(kinds) == 1 else kinds or None


def _name(path: Path) -> str:
    """`Thing` for what stands in `#/components/schemas/Thing`, the way to it for the rest, in safe characters."""
    steps = path[2:] if path[:2] == ("components", "schemas") and len(path) > 2 else path
    text = ".".join(str(step) for step in steps) or "document"
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in text)


def _rewritten(schema: Schema, source: Mapping[str, Any]) -> Schema:
    """The schema in the words of 2020-12, one way for each thing it can say."""
    may_be_null = schema.pop("nullable", False)
    for edge, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(edge), bool):
            excluded = schema.pop(edge)
            if excluded and bound in schema:
                schema[edge] = schema.pop(bound)
    media_type = source.get("contentMediaType")
    if media_type is not None and media_type.value == "application/octet-stream" and "contentEncoding" not in source:
        schema |= {"type": "string", "format": "binary"}
    if "const" not in schema and "const" in source:
        schema["type"] = "null"
    if "type" not in schema and not schema.keys() & {"allOf", "anyOf", "oneOf", "enum", "const"}:
        implied = "object" if "properties" in schema else "array" if "items" in schema else None
        schema |= {"type": implied} if implied else {}
    if "oneOf" in schema:
        schema = all_any_of(schema)
    schema = settled(schema)
    return nullable(schema) if may_be_null else schema
