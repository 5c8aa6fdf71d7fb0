"""What the state says where the API itself would not look: models.

Theory. These are whole responses, since a dict is laid over the mock's own answer, item by item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from openai_mock.engine.errors import no_such_model
from openai_responses.routes import response
from openai_responses.stores import StateStore


def _models(_request: Any, *, state_store: StateStore) -> Any:
    listed = [model.to_dict(mode="json") for model in state_store.models.list()]
    return response(json={"object": "list", "data": listed})


def _model(_request: Any, *, state_store: StateStore, model: str) -> Any:
    found = state_store.models.get(model)
    if found is None:
        raise no_such_model(model)
    return found


def _delete_model(_request: Any, *, state_store: StateStore, model: str) -> Any:
    if not state_store.models.delete(model):
        raise no_such_model(model)
    return response(json={"id": model, "object": "model", "deleted": True})


DEFAULTS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "models.list": _models,
        "models.retrieve": _model,
        "models.delete": _delete_model,
    }
)
"""By operation. None from one of them is the mock's own answer."""
