"""The model object: base models, and those that fine-tuning made, which a session keeps and can delete."""

from __future__ import annotations

from openai_mock.engine.store import Object, Store

_MODELS, _GONE = "/models", "/models/deleted"
_CREATED = 1_686_935_002
TUNED = "ft:"
"""How the names of fine-tuned models begin."""


def model_object(name: str, *, created: int = _CREATED, owner: str = "openai") -> Object:
    """A model; `created` in Unix seconds."""
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def keep_model(store: Store, name: str, *, created: int, owner: str) -> None:
    """Let a fine-tuned model exist."""
    store.put(_MODELS, name, model_object(name, created=created, owner=owner))


def kept_model(store: Store, name: str) -> Object | None:
    """A model that fine-tuning made, or None."""
    return store.get(_MODELS, name)


def kept_models(store: Store) -> list[Object]:
    """The models that fine-tuning made, oldest first."""
    return [item for _, item in store.list(_MODELS)]


def forget_model(store: Store, name: str) -> None:
    """Delete a fine-tuned model; from now on it is known that it is gone."""
    store.delete(_MODELS, name)
    store.put(_GONE, name, {"id": name})


def is_gone(store: Store, name: str) -> bool:
    """Whether a fine-tuned model was deleted."""
    return store.get(_GONE, name) is not None
