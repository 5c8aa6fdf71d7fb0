"""Reads one operation of an OpenAPI document: its parameters, its body, its answer and who may call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from openai_mock.faces.catalogue.document import Document, Spot, kind_of
from openai_mock.faces.catalogue.mend import Mender, Schema

_BODIES: Final[Mapping[str, str]] = {
    "multipart/form-data": "multipart",
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
}
"""Media types of a body and what the catalogue calls them, the preferred first: a form can hold files."""
_NOT_DESCRIBED: Final = frozenset({"accept", "content-type", "authorization"})
"""Headers that OpenAPI describes elsewhere."""
_EVENTS: Final = "text/event-stream"
_IN: Final = ("path", "query", "header", "cookie")


class Reader:
    """Turns operations of one document into records of a catalogue, with the schemas as the document says them."""

    def __init__(self, document: Document, mender: Mender) -> None:
        self._document = document
        self._mender = mender
        top = document.root
        self._everywhere = self._key(top) if isinstance(top.value, dict) and "security" in top.value else None

    def operation(self, method: str, path: str, spot: Spot, shared: Spot | None) -> dict[str, Any]:
        """The record of one operation; `shared` are the parameters of its path. `operation_id` is for naming."""
        parts = self._document.mapping(spot, "an operation with 'responses'")
        parameters = self._parameters(shared) | self._parameters(parts.get("parameters"))
        headers = self._headers(parameters)
        beta = _only(headers.pop("openai-beta", {}))
        record = {
            "method": method,
            "path": path,
            "operation_id": self._optional_text(parts, "operationId"),
            "path_params": self._path(path, parameters),
            "headers": headers,
            "query": self._query(parameters),
            "beta": beta,
            "security": self._key(spot) if "security" in parts else self._everywhere,
            "deprecated": "deprecated" in parts and parts["deprecated"].value is True,
            **(self._body(parts["requestBody"]) if "requestBody" in parts else {}),
            **self._answer(parts.get("responses")),
        }
        return {key: value for key, value in record.items() if value is not None}

    def _parameters(self, spot: Spot | None) -> dict[tuple[str, str], Mapping[str, Spot]]:
        """The members of each parameter, by where it stands and its name."""
        found: dict[tuple[str, str], Mapping[str, Spot]] = {}
        for each in self._document.listing(spot, "of parameters") if spot else ():
            target = self._document.follow(each)
            if target is None:
                continue
            members = self._document.mapping(target, "a parameter with 'name' and 'in'")
            for key in ("name", "in"):
                if key not in members and isinstance(target.value, dict):
                    self._document.add(target, f"this parameter lacks '{key}'; add it")
            if "name" not in members or "in" not in members:
                continue
            place = members["in"].value
            if place not in _IN:
                self._document.add(members["in"], f"expected one of {', '.join(_IN)}, but got {kind_of(place)}")
                continue
            found[place, self._document.text(members["name"], "the name of the parameter")] = members
        return found

    def _path(self, path: str, parameters: Mapping[tuple[str, str], Mapping[str, Spot]]) -> dict[str, Schema]:
        """A schema for each parameter in the path; one that is not described is text."""
        names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
        described = {name: self._schema_of(parameters["path", name]) for name in names if ("path", name) in parameters}
        return {name: described.get(name) or {"type": "string"} for name in names}

    def _query(self, parameters: Mapping[tuple[str, str], Mapping[str, Spot]]) -> Schema | None:
        """One closed object; names with brackets are what the brackets stand for."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for (place, name), members in parameters.items():
            if place != "query" or not name:
                continue
            plain, _, rest = name.partition("[")
            properties[plain or name] = (
                {"type": "object"} if plain and rest not in ("", "]") else self._schema_of(members)
            )
            if "required" in members and members["required"].value is True and plain not in required:
                required.append(plain or name)
        if not properties:
            return None
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | {"required": required} if required else schema

    def _headers(self, parameters: Mapping[tuple[str, str], Mapping[str, Spot]]) -> dict[str, Schema]:
        found: dict[str, Schema] = {}
        for (place, name), members in parameters.items():
            if place == "header" and name.lower() not in _NOT_DESCRIBED:
                found["openai-beta" if name.lower() == "openai-beta" else name] = self._schema_of(members)
        return found

    def _schema_of(self, members: Mapping[str, Spot]) -> Schema:
        """The schema of a parameter or a media type; one whose value is text in a format of its own is any text."""
        if "schema" in members:
            return self._mender.schema(members["schema"])
        return {"type": "string"} if "content" in members else {}

    def _body(self, spot: Spot) -> dict[str, Any]:
        media = self._media(spot)
        for media_type, kind in _BODIES.items():
            if media_type in media:
                return {"body": self._schema_of(media[media_type]), "body_kind": kind}
        return {}

    def _media(self, spot: Spot) -> dict[str, Mapping[str, Spot]]:
        """The members of each media type of a body or answer; any JSON counts as JSON, and so does `*/*`."""
        target = self._document.follow(spot)
        members = self._document.mapping(target, "with 'content'") if target else {}
        content = self._document.mapping(members["content"], "with media types") if "content" in members else {}
        found: dict[str, Mapping[str, Spot]] = {}
        for name, each in content.items():
            media_type = name.partition(";")[0].strip().lower()
            if media_type.endswith("+json") or media_type == "*/*":
                media_type = "application/json"
            followed = self._document.follow(each)
            if followed is not None:
                found.setdefault(media_type, self._document.mapping(followed, "with 'schema'"))
        return found

    def _answer(self, spot: Spot | None) -> dict[str, Any]:
        """Status, kind and schemas of the first success that the document describes."""
        answers = self._document.mapping(spot, "answers by status") if spot else {}
        success = next((code for code in answers if len(code) == 3 and code.startswith("2")), None)
        code = success or ("default" if "default" in answers else None)
        if code is None:
            return {"response_kind": "none"}
        status = int(code) if code.isascii() and code.isdecimal() else 200
        return {"status": status, **self._content(self._media(answers[code]))}

    def _content(self, media: Mapping[str, Mapping[str, Spot]]) -> dict[str, Any]:
        events = None
        if _EVENTS in media:
            members = media[_EVENTS]
            spot = members.get("schema") or members.get("itemSchema")
            events = self._mender.schema(spot) if spot else {}
        if "application/json" in media:
            schema = self._schema_of(media["application/json"])
            if schema.get("format") == "binary":
                return {"response_kind": "binary", "events": events}
            return {"response_kind": "json", "response": schema, "events": events}
        if events is not None:
            return {"response_kind": "events", "events": events}
        if not media:
            return {"response_kind": "none"}
        media_type = next(iter(media))
        text = media_type.startswith("text/") or media_type in ("application/sdp", "application/xml")
        return {"response_kind": "text" if text else "binary", "accept": media_type}

    def _key(self, holder: Spot) -> str:
        """Which kind of key the requirements under `security` ask for, by the name of the scheme."""
        names = [
            name
            for each in self._document.listing(holder.below("security"), "of security requirements")
            for name in self._document.mapping(each, "the name of a security scheme")
        ]
        return "admin" if names and all("admin" in name.lower() for name in names) else "user"

    def _optional_text(self, parts: Mapping[str, Spot], key: str) -> str:
        return self._document.text(parts[key], "a name for the operation") if key in parts else ""


def _only(schema: Schema) -> str | None:
    """The one value of a header that has no other."""
    values = [schema["const"]] if "const" in schema else [schema.get("default")]
    return next((value for value in values if isinstance(value, str)), None)
