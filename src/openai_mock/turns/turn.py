"""What is said in a conversation, whichever API carries it: messages in, turns out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.wire import Request


class ToolCall(Struct, frozen=True):
    """A call of a tool by the model. `arguments` is the text the model wrote, usually JSON."""

    id: str
    name: str
    arguments: str
    type: str = "function"


class Message(Struct, frozen=True):
    """One message of a request, reduced to what rules can see: the joined text of its parts, not their form."""

    role: str
    text: str = ""
    tool_call_id: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()


class Turn(Struct, frozen=True):
    """One thing the model says. Every API and every stream is a projection of this value.

    `finish` is `stop`, `length`, `tool_calls`, `function_call` or `content_filter`; None means what follows from the
    content. `reasoning` are the summaries of what was thought first. `items` are uses of built-in tools, as partial
    output items of the Responses API, `annotations` belong to the text. `tokens` is how many completion tokens the
    turn took where its writer knows better than a count, `reasoning_tokens` how many came before it, unseen.
    `logprobs` are the likelihoods of the text or the refusal as chat writes them, token by token, and `audio` a voice
    or a part of one (`id`, `data` in Base64, `expires_at`, `transcript`); None for whatever the request asks for.
    """

    text: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish: str | None = None
    reasoning: tuple[str, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
    annotations: tuple[Mapping[str, Any], ...] = ()
    tokens: int | None = None
    reasoning_tokens: int = 0
    logprobs: tuple[Mapping[str, Any], ...] | None = None
    audio: Mapping[str, Any] | None = None

    @property
    def finish_reason(self) -> str:
        """The finish reason as chat writes it."""
        return self.finish or ("tool_calls" if self.tool_calls else "stop")


class Reply(Struct, frozen=True):
    """All that is said to one request: a turn per choice, and what its writer fixed about the object around it.

    `id` replaces the generated id. `fields` is a JSON object laid over the finished response (the user's own words
    win over ours). `rule` names the rule that spoke, for the journal.
    """

    turns: tuple[Turn, ...]
    id: str | None = None
    fields: Mapping[str, Any] | None = None
    rule: str | None = None


class Prompt(Struct, frozen=True):
    """What a request asks of the model, whichever API carried it. `request` is the request itself, for its headers."""

    messages: Sequence[Message]
    model: str
    body: Mapping[str, Any]
    """The decoded request, for rules that look at its other fields and authors that honour them."""
    operation: str = ""
    """The SDK's name of the operation that asks; empty where nobody said so."""
    request: Request | None = None
    sent: Mapping[str, Any] | None = None
    """The body as the client sent it, where `body` is not that: a run has its thread there, as chat would send it."""


Speak: TypeAlias = Callable[[Prompt], Reply]
"""Answers a prompt from rules, else from an author. Raises `ApiError` where rules say so."""
