"""One module per OpenAI resource; none imports another."""

from __future__ import annotations

from openai_mock.engine.resource import Resource
from openai_mock.resources.audio import audio
from openai_mock.resources.batches import batches
from openai_mock.resources.chat import chat
from openai_mock.resources.completions import completions
from openai_mock.resources.conversations import conversation_items, conversations
from openai_mock.resources.embeddings import embeddings
from openai_mock.resources.files import files
from openai_mock.resources.images import images
from openai_mock.resources.models import models
from openai_mock.resources.moderations import moderations
from openai_mock.resources.responses.create import responses
from openai_mock.resources.responses.stored import stored
from openai_mock.resources.stored_chat import stored_chat
from openai_mock.resources.threads.assistants import assistants
from openai_mock.resources.threads.runs import runs
from openai_mock.resources.threads.steps import steps
from openai_mock.resources.threads.threads import messages, threads
from openai_mock.resources.transcripts import transcripts
from openai_mock.resources.uploads import uploads
from openai_mock.resources.vector_stores import file_batches, store_files, vector_stores
from openai_mock.resources.videos import video_content, videos

ALL: tuple[Resource, ...] = (
    assistants, audio, batches, chat, completions, conversation_items, conversations, embeddings, file_batches,
    files, images, messages, models, moderations, responses, runs, steps, store_files, stored, stored_chat,
    threads, transcripts, uploads, vector_stores, video_content, videos,
)  # fmt: skip
"""Every resource. Adding one means a module and its name here."""
