"""Objects as the mock itself would make them: from a request, from a part of one, from one object and a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from openai_mock import OpenAIMock as Native
from openai_mock.engine.overlay import laid_over
from openai_mock.engine.perform import performed
from openai_mock.spec.operations import load
from openai_mock.wire import Request
from openai_responses.sdk import dumped, model

_NAMED = {
    "thread_id": "threads", "vector_store_id": "vector_stores", "assistant_id": "beta.assistants", "file_id": "files",
}  # fmt: skip
"""What a request or its path may name, and where it is to be found."""


def from_request(name: str, request: Any, extra: Mapping[str, Any] | None, **owners: str) -> Any:
    """What the operation `name` answers to a request of the HTTP library, with `extra` over it, as a model.

    Raises ValueError with the mock's own words where it refuses the request.
    """
    operation = load().operations[name]
    native = Native()
    body = msgspec.json.decode(request.content or b"{}")
    body.pop("stream", None)
    for parameter, id_ in {**body, **owners}.items():
        if parameter in _NAMED:
            native.put(_NAMED[parameter], {"id": id_})
    beta = {"openai-beta": operation.beta} if operation.beta else {}
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json", **beta}
    path = f"/v1{operation.path.format_map(owners)}"
    got = performed(native.handle(Request(operation.method, path, "", headers, msgspec.json.encode(body))))
    made = msgspec.json.decode(got.body)
    if got.status >= 400:
        raise ValueError(f"{name} refuses this request: {made['error']['message']}")
    return model(_schema(name), laid_over(made, {key: _plain(each) for key, each in (extra or {}).items()}))


def _plain(value: Any) -> Any:
    """A model as JSON, also in a list; anything else as it is."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return dumped(value) if hasattr(value, "to_dict") else value


def completed(resource: str, partial: Mapping[str, Any], **owners: str) -> Any:
    """An object of a resource as a model, completed where the part says nothing."""
    native = Native()
    made = native.put(resource, {**owners, **{key: _plain(each) for key, each in partial.items()}})
    return model(_schema(f"{resource}.retrieve"), made)


def merged(whole: Any, partial: Mapping[str, Any]) -> Any:
    """A model with the fields of a part in place of its own."""
    return type(whole).construct(**{**dumped(whole), **partial})


def _schema(name: str) -> str:
    reference: str = msgspec.json.decode(load().operations[name].response)["$ref"]
    return reference.removeprefix("#/$defs/")
