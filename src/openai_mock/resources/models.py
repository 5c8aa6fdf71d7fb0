"""Models: the list a client sees, one of them, and the end of those that fine-tuning made."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import no_such_model, not_yours
from openai_mock.engine.model_object import forget_model, kept_model, kept_models, model_object
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


@models.on("models.list")
def list_models(call: Call) -> Answer:
    """Every model in one page, the fine-tuned ones last."""
    found = {name: model_object(name) for name in call.world.models}
    found |= {each["id"]: each for each in kept_models(call.store)}
    return {"object": "list", "data": [*found.values()]}


@models.on("models.retrieve")
def retrieve(call: Call) -> Answer:
    """One model, or OpenAI's 404."""
    name = call.params["model"]
    tuned = kept_model(call.store, name)
    if tuned is None and name not in call.world.models and not call.world.lenient_ids:
        raise no_such_model(name)
    return tuned or model_object(name)


@models.on("models.delete")
def delete(call: Call) -> Answer:
    """Only fine-tuned models can be deleted, and a model that is not listed does not exist."""
    name = call.params["model"]
    if kept_model(call.store, name) is not None:
        forget_model(call.store, name)
    elif call.world.lenient_ids:
        pass
    elif name not in call.world.models:
        raise no_such_model(name)
    else:
        raise not_yours(name)
    return {"id": name, "object": "model", "deleted": True}
