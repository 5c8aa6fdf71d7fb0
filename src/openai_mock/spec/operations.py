"""The catalogue: every operation of the API as data, read from the package's own file.

Theory. The file is one JSON document in gzip, `{"sdk": ..., "operations": [...], "schemas": {...}}`, cut into three
gzip members right before and right after the value of "schemas". A start needs only the first member; the schemas,
three quarters of the text, stay packed until something is validated or made up. Schemas inside an operation stay
undecoded too, as `msgspec.Raw`, and refer to the shared ones by "#/$defs/<name>".
"""

from __future__ import annotations

import gzip
import pkgutil
import re
import zlib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

_GZIP = 31
"""zlib's name for "a gzip header and the largest window"."""
_REFERENCE = re.compile(rb'"\$ref":"#/\$defs/([^"]+)"')


class Operation(Struct, frozen=True, gc=False, kw_only=True):
    """One operation of the API. Fields of type Raw hold JSON Schema 2020-12 text, empty for none."""

    name: str
    """The SDK's own accessor path, `chat.completions.create`: the operation's one name everywhere."""
    method: str
    """Upper case."""
    path: str
    """Without a base path, parameters in braces: `/threads/{thread_id}/runs`."""
    former: tuple[str, ...] = ()
    """Paths by which earlier versions of the SDK reach the operation."""
    aliases: tuple[str, ...] = ()
    """Other accessor paths of the SDK that send the same request."""
    marker: Mapping[str, str] = {}
    """Fixed query parameters that tell this operation from another with the same method and path."""
    status: int = 200
    """The status of a success."""
    path_params: Mapping[str, Raw] = {}
    query: Raw = Raw()
    """An object schema of the query parameters."""
    body: Raw = Raw()
    """A closed object schema, or `anyOf` of several."""
    body_kind: Literal["json", "multipart", "form"] | None = None
    """How the SDK sends the body."""
    response_kind: Literal["json", "page", "events", "binary", "text", "none"] = "json"
    """What a success carries; `events` is an operation that answers with nothing but an event stream."""
    response: Raw = Raw()
    """The schema of a JSON answer; for a page, of the whole page."""
    page: Literal["Page", "CursorPage", "ConversationCursorPage", "NextCursorPage", "TokenPage"] | None = None
    """The SDK's page class without its Sync or Async."""
    item: Raw = Raw()
    """The schema of one item of a page."""
    events: Raw = Raw()
    """The schema of one stream event, where the operation can stream."""
    security: Literal["user", "admin"] = "user"
    """The kind of key the operation asks for."""
    beta: str | None = None
    """The value of the OpenAI-Beta header that the SDK sends."""
    deprecated: bool = False
    accept: str | None = None
    """The media type the SDK asks for, where that is not JSON."""
    headers: Mapping[str, Raw] = {}
    """Other header parameters of the operation."""


class Catalogue(Struct, frozen=True, dict=True, kw_only=True):
    """All operations by name, and the schemas they share. Treat what it hands out as read-only: it is shared."""

    sdk: str
    """The version of the SDK that the catalogue was made from."""
    operations: Mapping[str, Operation]
    packed: bytes = b""
    """What follows the operations in the file: the shared schemas as a gzip member, and a last one that is not read."""

    @cached_property
    def definitions(self) -> Mapping[str, Raw]:
        """The shared schemas as JSON text, by name; unpacked at first use, in some 3 ms."""
        text = zlib.decompressobj(_GZIP).decompress(self.packed) if self.packed else b"{}"
        return msgspec.json.decode(text, type=dict[str, Raw])

    @cached_property
    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """The shared schemas, decoded at first use, in some 15 ms. `bundle` is far cheaper where few are needed."""
        return {name: msgspec.json.decode(text) for name, text in self.definitions.items()}

    def bundle(self, schema: Raw) -> dict[str, Any]:
        """A schema that stands alone: decoded, with a "$defs" of just the shared schemas it reaches.

        Raises KeyError where it refers to a name that the catalogue does not have.
        """
        found: dict[str, Raw] = {}
        waiting = _references(schema)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self.definitions[name]
                waiting += _references(found[name])
        whole: dict[str, Any] = msgspec.json.decode(schema)
        if found:
            whole["$defs"] = {name: msgspec.json.decode(found[name]) for name in sorted(found)}
        return whole


class _Start(Struct, frozen=True):
    sdk: str
    operations: tuple[Operation, ...]


def load(path: Path | None = None) -> Catalogue:
    """Read a catalogue file; None means the package's own, which is read once.

    Raises OSError where the file cannot be read, and ValueError with a sentence where it is not a catalogue.
    """
    return _packaged() if path is None else _unpack(path.read_bytes(), str(path))


def pack(document: Mapping[str, Any]) -> bytes:
    """The bytes of a catalogue file for `{"sdk", "operations", "schemas"}`; equal documents give equal bytes."""
    start = {"sdk": document["sdk"], "operations": [_compact(record) for record in document["operations"]]}
    parts = (
        msgspec.json.encode(start)[:-1] + b',"schemas":',
        msgspec.json.encode(document["schemas"]),
        b"}",
    )
    return b"".join(gzip.compress(part, compresslevel=9, mtime=0) for part in parts)


@lru_cache(maxsize=1)
def _packaged() -> Catalogue:
    # pkgutil reads from a zipped package too, and imports in a tenth of the time of importlib.resources.
    data = pkgutil.get_data("openai_mock.spec", "catalog.json.gz")
    assert data is not None
    return _unpack(data, "catalog.json.gz")


def _unpack(data: bytes, source: str) -> Catalogue:
    try:
        member = zlib.decompressobj(_GZIP)
        start = msgspec.json.decode(member.decompress(data) + b"null}", type=_Start)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError(
            f"{source} is not a catalogue of operations ({error}). Make one with `openai-mock catalog refresh`.",
        ) from error
    operations = {operation.name: operation for operation in start.operations}
    return Catalogue(sdk=start.sdk, operations=operations, packed=member.unused_data)


def _references(schema: Raw) -> list[str]:
    return [name.decode() for name in _REFERENCE.findall(bytes(schema))]


def _compact(record: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing: a field left out reads back as its default. An empty schema does say something."""
    plain = ("aliases", "former", "marker", "path_params", "headers", "deprecated")
    return {key: value for key, value in record.items() if value is not None and (value or key not in plain)}
