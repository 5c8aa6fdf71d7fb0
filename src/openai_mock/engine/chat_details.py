"""What only some requests ask of a chat completion: likelihoods, a voice, predictions, citations, another tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openai_mock.engine.chat_audio import check_audio, heard_tokens, spoken
from openai_mock.engine.tiers import service_tier
from openai_mock.turns.citations import citations, nested
from openai_mock.turns.honour import LIMITS
from openai_mock.turns.likely import fitting, logprobs
from openai_mock.turns.predicted import predicted
from openai_mock.turns.tokens import encoding_for
from openai_mock.turns.turn import Turn

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call


def detailed(call: Call, messages: Sequence[Mapping[str, Any]], whole: dict[str, Any], turns: Sequence[Turn]) -> None:
    """Add to a completion what its request asks for beyond the usual; `messages` are those that were read."""
    body, usage, encoding = call.body, whole["usage"], encoding_for(call.model)
    whole["service_tier"] = service_tier(body)
    aloud = check_audio(body)
    for choice, turn in zip(whole["choices"], turns, strict=True):
        _likelihoods(choice, turn, body, encoding)
        if turn.audio is not None or (aloud and turn.text):
            _aloud(call, choice, turn, usage, encoding)
        if body.get("web_search_options") is not None and turn.text and not turn.annotations:
            choice["message"]["annotations"] = nested(citations(turn.text))
    if body.get("prediction"):
        _predicted(usage, body, turns, encoding)
    usage["prompt_tokens_details"]["audio_tokens"] = heard_tokens(messages)


def _likelihoods(choice: dict[str, Any], turn: Turn, body: Mapping[str, Any], encoding: str) -> None:
    field, said = ("refusal", turn.refusal) if turn.refusal and not turn.text else ("content", turn.text)
    likely = None if turn.logprobs is None else fitting(turn.logprobs, said or "")
    if likely is None and body.get("logprobs") and said:
        likely = logprobs(said, encoding, body.get("top_logprobs") or 0, greedy=body.get("temperature") == 0)
    if likely is not None:
        choice["logprobs"] = {"content": None, "refusal": None, field: likely}


def _aloud(call: Call, choice: dict[str, Any], turn: Turn, usage: dict[str, Any], encoding: str) -> None:
    """A voice in place of the text, whose tokens are counted beside it."""
    voice, tokens, cut = spoken(call, turn, encoding)
    choice["message"] |= {"content": None, "audio": voice}
    if cut and turn.finish is None:
        choice["finish_reason"] = "length"
    details = usage["completion_tokens_details"]
    details["text_tokens"] = usage["completion_tokens"] - details["audio_tokens"] - details["reasoning_tokens"]
    details["audio_tokens"] += tokens
    _count(usage, tokens)


def _predicted(usage: dict[str, Any], body: Mapping[str, Any], turns: Sequence[Turn], encoding: str) -> None:
    """What was not taken over of a prediction counts as said, as far as a limit leaves room for it."""
    accepted, rejected = predicted(body, turns[0].text or "", encoding)
    most = min([body[name] for name in LIMITS if body.get(name) is not None], default=None)
    if most is not None:
        rejected = min(rejected, max(most - usage["completion_tokens"], 0))
    found = {"accepted_prediction_tokens": accepted, "rejected_prediction_tokens": rejected}
    usage["completion_tokens_details"] |= found
    _count(usage, rejected)


def _count(usage: dict[str, Any], tokens: int) -> None:
    usage["completion_tokens"] += tokens
    usage["total_tokens"] += tokens
