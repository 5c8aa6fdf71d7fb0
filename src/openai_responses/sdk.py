"""The installed SDK: the HTTP library it talks through, and its models by their names in the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any

from openai_mock.engine.store import Object


@lru_cache(maxsize=1)
def client_library() -> ModuleType:
    """The module httpx2 or httpx: the one that the SDK is built on."""
    import openai  # noqa: PLC0415 - heavy, and a test that uses this package imports it anyway

    roots = {kind.__module__.partition(".")[0] for kind in openai.DefaultHttpxClient.__mro__}
    return import_module("httpx2" if "httpx2" in roots else "httpx")


@lru_cache(maxsize=512)
def model_class(schema: str) -> Any:
    """The SDK's model of a schema such as `beta.assistant.Assistant`; the plain model where this SDK has none."""
    import openai  # noqa: PLC0415 - as above

    module, _, name = schema.rpartition(".")
    for place in (f"openai.types.{module}", f"openai.types.beta.{module}"):
        try:
            return getattr(import_module(place), name)
        except (ImportError, AttributeError):
            continue
    return openai.BaseModel


def model(schema: str, value: Mapping[str, Any]) -> Any:
    """An object as the SDK would hand it out: lenient where a field is missing or new."""
    return model_class(schema).construct(**value)


def is_model(value: Any) -> bool:
    """Whether this is a model of the SDK."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(value, pydantic.BaseModel)


def dumped(value: Any) -> Object:
    """A model or a mapping as JSON, what was not set included. Raises TypeError for anything else."""
    if isinstance(value, Mapping):
        return {key: dumped(each) if is_model(each) else each for key, each in value.items()}
    if not is_model(value):
        raise TypeError(f"An object of the API is a model of the SDK or a dict, not {value!r}.")
    whole: Object = value.to_dict(mode="json", exclude_unset=False) if hasattr(value, "to_dict") else value.model_dump()
    return whole
