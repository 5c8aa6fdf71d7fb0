"""Families of operations that OpenAI treats alike, by the SDK's names."""

from __future__ import annotations

from functools import lru_cache

_OLDER = (
    "chat.", "completions.", "embeddings.", "moderations.", "images.", "audio.", "files.", "models.", "fine_tuning.",
)  # fmt: skip
_MODEL_CALLS = (
    "chat.completions.create", "completions.create", "embeddings.create", "moderations.create",
    "responses.create", "beta.responses.create", "images.generate", "images.edit", "images.create_variation",
    "audio.speech.create", "audio.transcriptions.create", "audio.translations.create",
)  # fmt: skip


_BETAS = {
    "beta.assistants.": "Assistants",
    "beta.threads.": "Assistants",
    "beta.chatkit.": "ChatKit",
    "beta.agents.": "Agents",
}


@lru_cache(maxsize=1024)
def insists_on_beta(operation: str) -> str | None:
    """The API whose OpenAI-Beta header the operation insists on; others only take note of the header."""
    return next((api for prefix, api in _BETAS.items() if operation.startswith(prefix)), None)


@lru_cache(maxsize=1024)
def is_older(operation: str) -> bool:
    """Whether the operation words its errors as chat does, rather than as Responses and later APIs do."""
    return operation.startswith(_OLDER)


def is_model_call(operation: str) -> bool:
    """Whether a model answers, so that rate limits apply and are announced."""
    return operation in _MODEL_CALLS
