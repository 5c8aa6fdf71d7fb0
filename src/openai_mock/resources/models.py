"""Models: the list a client sees, and one of them."""

from __future__ import annotations

from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import no_such_model, not_yours
from openai_mock.engine.resource import Call, Resource

models = Resource("model")
BUILT_IN = (
    "gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano",
    "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-6-astra",
    "o1", "o3", "o3-mini", "o4-mini",
    "gpt-4o-audio-preview", "gpt-4o-realtime-preview", "gpt-4o-transcribe", "gpt-4o-mini-tts", "gpt-image-1",
    "dall-e-2", "dall-e-3", "sora-2", "tts-1", "tts-1-hd", "whisper-1", "omni-moderation-latest",
    "text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002", "davinci-002", "babbage-002",
    "gpt-3.5-turbo-instruct",
)  # fmt: skip
"""What an unconfigured mock lists."""
WITH_FLOWS = ("gpt-3.5-turbo", "gpt-4")
"""What a mock with conversation flows lists, besides the models its configuration names."""
_CREATED = 1_686_935_002


@models.on("models.list")
def list_models(call: Call) -> Answer:
    """Every model, in one page."""
    return {"object": "list", "data": [_model(name) for name in call.world.models]}


@models.on("models.retrieve")
def retrieve(call: Call) -> Answer:
    """One model, or OpenAI's 404."""
    name = call.params["model"]
    if name not in call.world.models and not call.world.lenient_ids:
        raise no_such_model(name)
    return _model(name)


@models.on("models.delete")
def delete(call: Call) -> Answer:
    """Only fine-tuned models can be deleted, and a model that is not listed does not exist."""
    name = call.params["model"]
    if call.world.lenient_ids:
        return {"id": name, "object": "model", "deleted": True}
    if name not in call.world.models:
        raise no_such_model(name)
    raise not_yours(name)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}
