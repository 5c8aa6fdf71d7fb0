"""One module per OpenAI resource; none imports another."""

from __future__ import annotations

from openai_mock.engine.resource import Resource
from openai_mock.resources.audio import audio
from openai_mock.resources.chat import chat
from openai_mock.resources.images import images
from openai_mock.resources.models import models
from openai_mock.resources.videos import videos

ALL: tuple[Resource, ...] = (audio, chat, images, models, videos)
"""Every resource. Adding one means a module and its name here."""
