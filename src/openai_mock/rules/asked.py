"""A request as rules look at it: what was said and by whom, with which tools; each part made at first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeAlias

from openai_mock.engine.sessions import session_of
from openai_mock.rules.match import Text
from openai_mock.rules.patterns import Budget
from openai_mock.turns.tools import offered, results
from openai_mock.turns.turn import Message, Prompt

Place: TypeAlias = Literal["last_user", "system", "latest"]
SPEAKING = frozenset({
    "chat.completions.create", "completions.create", "responses.create", "beta.responses.create",
    "beta.threads.runs.create", "beta.threads.create_and_run", "beta.threads.runs.submit_tool_outputs",
})  # fmt: skip
"""The operations in which a model speaks: a rule that names no operation speaks for these."""
_IMAGES = frozenset({"image_url", "input_image", "image_file"})
_PREAMBLE = frozenset({"system", "developer"})


class Asked:
    """One request. `body` is the request as a model hears it (of a run: its thread, as chat would send it), `fields`
    what the client sent, `budget` the time that patterns may take; `spoken` says that a model was asked.
    """

    def __init__(
        self,
        operation: str,
        model: str,
        messages: Sequence[Message],
        body: Mapping[str, Any],
        *,
        fields: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        budget: Budget | None = None,
        spoken: bool = False,
    ) -> None:
        self.operation, self.model, self.messages, self.body = operation, model, messages, body
        self.fields = body if fields is None else fields
        self.headers = headers or {}
        self.budget, self.spoken = budget or Budget(), spoken

    @cached_property
    def last_user(self) -> Text | None:
        """What the user said last; None where the user said nothing."""
        said = next((each for each in reversed(self.messages) if each.role == "user"), None)
        return None if said is None else Text(said)

    @cached_property
    def system(self) -> Text | None:
        """What system and developer messages say together, line by line; None without any."""
        said = [each.text for each in self.messages if each.role in _PREAMBLE]
        return Text(Message("system", "\n".join(said))) if said else None

    @cached_property
    def latest(self) -> Text | None:
        """The latest message, whoever wrote it."""
        return Text(self.messages[-1]) if self.messages else None

    def said(self, place: Place) -> Text | None:
        """The text at a place."""
        text: Text | None = getattr(self, place)
        return text

    @cached_property
    def turn(self) -> int:
        """How often the user has spoken."""
        return sum(each.role == "user" for each in self.messages)

    @cached_property
    def tool_results(self) -> list[tuple[str, str]]:
        """What tools answered since the user last spoke: names and words."""
        return results(self.messages)

    @cached_property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that the request offers."""
        return tuple(tool.name for tool in offered(self.body))

    @cached_property
    def has_image(self) -> bool:
        """Whether a message shows a picture."""
        said = self.body.get("messages", self.body.get("input"))
        return isinstance(said, list) and any(part.get("type") in _IMAGES for part in _parts(said))

    @cached_property
    def session(self) -> str:
        """The name of the session; empty for the common one."""
        return session_of(self.headers)


def _parts(messages: list[Any]) -> Iterator[Mapping[str, Any]]:
    for message in messages:
        content = message.get("content") if isinstance(message, Mapping) else None
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, Mapping))


def asked_by(prompt: Prompt, budget: Budget) -> Asked:
    """The request behind a prompt."""
    headers = prompt.request.headers if prompt.request is not None else None
    return Asked(
        prompt.operation, prompt.model, prompt.messages, prompt.body,
        fields=prompt.sent, headers=headers, budget=budget, spoken=True,
    )  # fmt: skip
