"""One module per OpenAI resource; none imports another."""

from __future__ import annotations

from openai_mock.engine.resource import Resource
from openai_mock.resources.admin import ADMIN
from openai_mock.resources.audio import audio
from openai_mock.resources.batches import batches
from openai_mock.resources.chat import chat
from openai_mock.resources.chatkit import sessions as chatkit_sessions
from openai_mock.resources.completions import completions
from openai_mock.resources.containers import container_files, containers
from openai_mock.resources.conversations import conversation_items, conversations
from openai_mock.resources.embeddings import embeddings
from openai_mock.resources.evals.evals import evals
from openai_mock.resources.evals.runs import eval_runs
from openai_mock.resources.files import files
from openai_mock.resources.fine_tuning.graders import graders
from openai_mock.resources.fine_tuning.jobs import jobs
from openai_mock.resources.fine_tuning.permissions import permissions
from openai_mock.resources.images import images
from openai_mock.resources.models import models
from openai_mock.resources.moderations import moderations
from openai_mock.resources.realtime import realtime
from openai_mock.resources.responses.create import responses
from openai_mock.resources.responses.stored import stored
from openai_mock.resources.skills import skills
from openai_mock.resources.skills import versions as skill_versions
from openai_mock.resources.stored_chat import stored_chat
from openai_mock.resources.threads.assistants import assistants
from openai_mock.resources.threads.runs import runs
from openai_mock.resources.threads.steps import steps
from openai_mock.resources.threads.threads import messages, threads
from openai_mock.resources.transcripts import transcripts
from openai_mock.resources.uploads import uploads
from openai_mock.resources.vector_stores import file_batches, store_files, vector_stores
from openai_mock.resources.videos import video_content, videos
from openai_mock.resources.voices import consents as voice_consents
from openai_mock.resources.voices import voices
from openai_mock.resources.webhooks import webhooks

ALL: tuple[Resource, ...] = (
    *ADMIN, assistants, audio, batches, chat, chatkit_sessions, completions, container_files, containers,
    conversation_items, conversations, embeddings, eval_runs, evals, file_batches, files, graders, images, jobs,
    messages, models, moderations, permissions, realtime, responses, runs, skill_versions, skills, steps,
    store_files, stored, stored_chat, threads, transcripts, uploads, vector_stores, video_content, videos,
    voice_consents, voices, webhooks,
)  # fmt: skip
"""Every resource. Adding one means a module and its name here."""
