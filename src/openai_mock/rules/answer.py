"""What a rule answers with: a turn, fields laid over the object, or an error; fixed, or filled in for each call.

Theory. An answer is a mapping as people write it. Without templates it becomes a `Turn` once, when it is loaded; with
templates its texts are filled in for each call, and what comes out is read the same way. An answer that says nothing
leaves the words to the author.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from openai_mock.turns.calls import tool_calls
from openai_mock.turns.turn import Turn

Fill = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""An answer whose templates are filled in, given what they may name."""
CITATION = "url_citation"
_USAGE = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
"""How Responses names what chat names otherwise."""


class Answer(Struct, frozen=True):
    """One answer. `turn` None leaves the words to the author; `error` holds the fields of an error instead of words.

    `fields` are laid over the finished object, `fill` makes the answer anew for each call.
    """

    turn: Turn | None = None
    fields: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    fill: Fill | None = None


def answer_of(given: Mapping[str, Any] | str) -> Answer:
    """The answer of a sound mapping, or of a text. Raises TypeError for a tool call without a name."""
    if isinstance(given, str):
        return Answer(Turn(given))
    if "error" in given:
        said = given["error"]
        return Answer(error={"status": said} if isinstance(said, int) else {"status": 500, **said})
    fields = dict(given.get("response") or {})
    if "usage" in given:
        fields["usage"] = {_USAGE.get(key, key): value for key, value in given["usage"].items()}
    turn = turn_of(given)
    return Answer(None if turn == Turn() else turn, fields or None)


def turn_of(given: Mapping[str, Any]) -> Turn:
    """What an answer says."""
    reasoning = given.get("reasoning") or ()
    logprobs = given.get("logprobs")
    return Turn(
        given.get("content", given.get("text")),
        tool_calls(given.get("tool_calls") or ()),
        given.get("refusal"),
        given.get("finish_reason"),
        reasoning=(reasoning,) if isinstance(reasoning, str) else tuple(reasoning),
        annotations=tuple(_flat(each) for each in given.get("annotations") or ()),
        logprobs=None if logprobs is None else tuple(logprobs),
        audio=given.get("audio"),
    )


def _flat(annotation: Mapping[str, Any]) -> Mapping[str, Any]:
    """An annotation as Responses writes it; chat puts a citation into an object of its own."""
    inner = annotation.get(CITATION)
    return {"type": CITATION, **inner} if isinstance(inner, Mapping) else annotation
