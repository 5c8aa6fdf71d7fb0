"""Embeddings: vectors of length one, near each other where the texts are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call, Resource
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.models import elsewhere
from openai_mock.turns.checks.room import in_completion
from openai_mock.turns.facts import facts
from openai_mock.turns.tokens import count, encoding_for, spellings
from openai_mock.turns.vectors import packed, vector

embeddings = Resource("embedding")
_SIZES = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_FIXED = "text-embedding-ada-002"
_USUAL, _MOST = 1536, 16_384
_AT_ONCE = 300_000
"""Tokens of all inputs of a request."""


@embeddings.checks("embeddings.create")
def misuse(call: Call) -> Iterator[Misuse]:
    """A model that makes no embeddings, and inputs that are too long, each or together."""
    known = facts(call.model)
    yield from elsewhere(known, "embeddings")
    if len(call.request.body) <= known.context:
        return
    used, encoding = 0, encoding_for(call.model)
    for given in _inputs(call.body["input"]):
        tokens = count(given, encoding) if isinstance(given, str) else len(given)
        used += tokens
        yield from in_completion(tokens, 0, known)
    if used > _AT_ONCE and known.known:
        words, kind = f"Requested {used} tokens, max {_AT_ONCE} tokens per request", "max_tokens_per_request"
        yield Misuse(words, code=kind, type=kind)


@embeddings.on("embeddings.create")
def create(call: Call) -> Answer:
    """A vector for each input, in the order of the inputs.

    Where ids are lenient, vectors are arrays always, as the declared types have it, which know no base64.
    """
    body, model = call.body, call.model
    dimensions = _dimensions(model, body.get("dimensions"))
    write = packed if body.get("encoding_format") == "base64" and not call.world.lenient_ids else list[float]
    encoding, used, data = encoding_for(model), 0, []
    for index, given in enumerate(_inputs(body["input"])):
        tokens = count(given, encoding) if isinstance(given, str) else len(given)
        used += tokens
        text = given if isinstance(given, str) else _spelled(given, encoding)
        data.append({"object": "embedding", "index": index, "embedding": write(vector(text, dimensions))})
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def _inputs(given: Any) -> Sequence[str | list[int]]:
    """A text, or an array of tokens, is one input; an array of those is several."""
    return [given] if isinstance(given, str) or isinstance(given[0], int | float) else given


def _spelled(tokens: Sequence[int], encoding: str) -> str:
    """The text that tokens stand for; numbers that are no tokens stand for themselves."""
    try:
        return b"".join(spellings([int(token) for token in tokens], encoding)).decode("utf-8", "replace")
    except (KeyError, OverflowError):
        return " ".join(map(str, tokens))


def _dimensions(model: str, asked: int | None) -> int:
    """How long the vectors are. Raises OpenAI's 400 where the model cannot make them so."""
    if asked is None:
        return _SIZES.get(model, _USUAL)
    if model == _FIXED:
        raise ApiError(400, "This model does not support specifying dimensions.")
    most = _SIZES.get(model, _MOST)
    if asked > most:
        message = f"Invalid 'dimensions': integer above maximum value. Expected a value <= {most}, but got {asked}"
        raise ApiError(400, f"{message} instead.", param="dimensions", code="integer_above_max_value")
    return int(asked)
