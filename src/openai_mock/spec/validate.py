"""Checks requests against the catalogue: a fast yes, and OpenAI's words where it is a no.

Theory. Each operation has one compiled validator, made of its schema, the shared schemas it reaches and the bounds laid
over them, at its first request; a valid body costs one call into it. Only a refused body is walked a second time, to
find the flaw that a person would name (`explain`) and to put it into words (`words`).

Schemas are mended on the way: null is as good as leaving an optional parameter out, and a file in a multipart form is
the constant `FILE`, which no client can send and which is of no other type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions
from msgspec import Raw, Struct

from openai_mock.spec.bounds import lay
from openai_mock.spec.explain import Walk
from openai_mock.spec.forms import nest, shape
from openai_mock.spec.operations import Catalogue, Operation
from openai_mock.spec.words import FILE, Flaw, Violation, put

VALID: Final[tuple[str, ...]] = ()
"""What a check answers where nothing is wrong."""

_DEEPEST_FILE: Final = 16
_EVERYWHERE: Final = ("api-version",)
"""Query parameters that every operation takes: Azure's."""


class Query(Struct, frozen=True):
    """A checked query: its values by name, nested and typed, and the unknown names that leniency let pass."""

    values: Mapping[str, Any]
    ignored: tuple[str, ...] = ()


_NO_QUERY: Final = Query({})


class _Compiled(Struct, frozen=True):
    schema: dict[str, Any]
    is_valid: Callable[[Any], bool]


class Validators:
    """The validators of a catalogue, each compiled at its first use. Safe to share between threads."""

    __slots__ = ("_bodies", "_catalogue", "_fast", "_params", "_queries")

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._fast: dict[str, Callable[[Any], bool]] = {}
        self._bodies: dict[str, _Compiled] = {}
        self._queries: dict[str, _Compiled] = {}
        self._params: dict[str, _Compiled] = {}

    def check_body(self, operation: Operation, body: Any, *, lenient: bool = False) -> Violation | tuple[str, ...]:
        """What is wrong with a decoded body: `()` for nothing, so the answer is false exactly where all is well.

        `lenient` passes over unknown names and answers with their paths. A multipart or form body comes from
        `read_form`. An operation without a body takes any.
        """
        is_valid = self._fast.get(operation.name)
        if is_valid is not None:
            try:
                if is_valid(body):
                    return VALID
            except ValueError:  # text that is not Unicode; the slow way says so
                pass
        if not operation.body:
            return VALID
        return self._check_slowly(operation, body, lenient)

    def check_query(
        self, operation: Operation, query: str | Sequence[tuple[str, str]], *, lenient: bool = False
    ) -> Violation | Query:
        """The values of a query (raw text behind `?`, or decoded pairs), or what is wrong with them."""
        compiled = self._queries.get(operation.name) or self._compile_query(operation)
        if not query and compiled.is_valid({}):
            return _NO_QUERY
        pairs = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else query
        own = [pair for pair in pairs if pair[0] not in _EVERYWHERE and pair[0] not in operation.marker]
        definitions = compiled.schema.get("$defs", {})
        values = shape(nest(own), compiled.schema, definitions)
        verdict = _verdict(compiled, operation, values, lenient=lenient)
        return verdict if isinstance(verdict, Violation) else Query(values, verdict)

    def check_params(self, operation: Operation, params: Mapping[str, str]) -> Violation | None:
        """What is wrong with the path parameters."""
        if not params:
            return None
        compiled = self._params.get(operation.name) or self._compile_params(operation)
        values = shape(dict(params), compiled.schema, compiled.schema.get("$defs", {}))
        verdict = _verdict(compiled, operation, values, lenient=True)
        return verdict if isinstance(verdict, Violation) else None

    def read_form(self, operation: Operation, fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """The body that the fields of a form stand for: brackets nested, texts typed, files kept."""
        schema = self._body(operation).schema
        shaped: dict[str, Any] = shape(nest(fields), schema, schema.get("$defs", {}))
        return shaped

    def _check_slowly(self, operation: Operation, body: Any, lenient: bool) -> Violation | tuple[str, ...]:
        compiled = self._body(operation)
        if operation.body_kind != "json":
            body = _without_files(body)
        return _verdict(compiled, operation, body, lenient=lenient)

    def _body(self, operation: Operation) -> _Compiled:
        compiled = self._bodies.get(operation.name)
        if compiled is None:
            compiled = _compile(self._catalogue.bundle(operation.body) if operation.body else {}, operation)
            self._bodies[operation.name] = compiled
            if operation.body_kind == "json":
                self._fast[operation.name] = compiled.is_valid
        return compiled

    def _compile_query(self, operation: Operation) -> _Compiled:
        closed = {"type": "object", "additionalProperties": False}
        schema = self._catalogue.bundle(operation.query) if operation.query else closed
        return self._queries.setdefault(operation.name, _compile(schema, operation))

    def _compile_params(self, operation: Operation) -> _Compiled:
        properties = {name: msgspec.json.decode(schema) for name, schema in operation.path_params.items()}
        text = msgspec.json.encode({"type": "object", "properties": properties})
        return self._params.setdefault(operation.name, _compile(self._catalogue.bundle(Raw(text)), operation))


def _compile(schema: dict[str, Any], operation: Operation) -> _Compiled:
    lay(schema, operation.name)
    files = operation.body_kind == "multipart"
    for one in (schema, *schema.get("$defs", {}).values()):
        _mend(one, files=files)
    validator = Draft202012Validator(schema, pattern_options=RegexOptions(), validate_formats=False)
    return _Compiled(schema, validator.is_valid)


def _mend(schema: Any, *, files: bool) -> None:
    """Let null stand for an optional parameter of a closed object, and `FILE` for a file of a form."""
    if isinstance(schema, list):
        for one in schema:
            _mend(one, files=files)
    if not isinstance(schema, dict):
        return
    if files and schema.get("format") == "binary":
        schema.clear()
        schema["const"] = FILE
        return
    for key in ("properties", "items", "additionalProperties", "anyOf", "oneOf", "allOf"):
        child = schema.get(key)
        _mend(list(child.values()) if key == "properties" and child else child, files=files)
    if schema.get("additionalProperties") is False and "properties" in schema:
        required = schema.get("required", ())
        schema["properties"] = {
            name: one if name in required else _nullable(one) for name, one in schema["properties"].items()
        }


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, taking null too: as one more type or option where it has those, else as one more branch."""
    if not schema.keys().isdisjoint(("anyOf", "oneOf", "$ref")):
        if list(schema) == ["anyOf"]:
            return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
        return {"anyOf": [schema, {"type": "null"}]}
    if "const" in schema:
        rest = {key: value for key, value in schema.items() if key != "const"}
        return {**rest, "enum": [schema["const"], None]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema.get("type", [])
    return {**schema, "type": [types, "null"]} if isinstance(types, str) else schema | _with_null(types)


def _with_null(types: Sequence[str]) -> dict[str, Any]:
    return {"type": list(dict.fromkeys((*types, "null")))} if types else {}


def _verdict(compiled: _Compiled, operation: Operation, value: Any, *, lenient: bool) -> Violation | tuple[str, ...]:
    try:
        if compiled.is_valid(value):
            return VALID
    except ValueError:
        return put(Flaw("other", ()), operation.name)
    walk = Walk(compiled.schema.get("$defs", {}), lenient=lenient)
    flaw = walk.flaw(compiled.schema, value)
    if flaw is not None:
        return put(flaw, operation.name)
    if walk.ignored:
        return tuple(walk.ignored)
    return put(Flaw("other", ()), operation.name)


def _without_files(value: Any, depth: int = 0) -> Any:
    """The value with `FILE` for every file; files stand near the top, and text that was JSON can be deep."""
    if isinstance(value, dict | list) and depth > _DEEPEST_FILE:
        return value
    if isinstance(value, dict):
        return {key: _without_files(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_files(item, depth + 1) for item in value]
    return value if value is None or isinstance(value, str | int | float) else FILE
