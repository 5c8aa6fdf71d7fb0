"""Predicted outputs: how much of a prediction an answer took over.

Theory. The answer walks along the prediction while both say the same. Where they part, it goes on at the next place of
the prediction that begins with the answer's next few tokens. So the time is linear, and what is accepted stands in the
same order in both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from openai_mock.turns.conversation import text_of
from openai_mock.turns.tokens import encode

_MEETING = 4
"""Tokens by which an answer finds back to its prediction."""


def predicted(body: Mapping[str, Any], said: str, encoding: str) -> tuple[int, int]:
    """The tokens of a request's prediction that are in the answer, and those that are not."""
    given = text_of((body.get("prediction") or {}).get("content"))
    prediction = encode(given, encoding) if given else []
    accepted = _accepted(prediction, encode(said, encoding)) if prediction else 0
    return accepted, len(prediction) - accepted


def _accepted(prediction: Sequence[int], answer: Sequence[int]) -> int:
    meeting = min(_MEETING, len(prediction))
    places: dict[tuple[int, ...], list[int]] = {}
    for at in range(len(prediction) - meeting + 1):
        places.setdefault(tuple(prediction[at : at + meeting]), []).append(at)
    accepted = ahead = 0
    for at, token in enumerate(answer):
        if ahead < len(prediction) and prediction[ahead] == token:
            accepted, ahead = accepted + 1, ahead + 1
            continue
        found = places.get(tuple(answer[at : at + meeting]), ())
        later = bisect_left(found, ahead)
        if later < len(found):
            accepted, ahead = accepted + 1, found[later] + 1
    return accepted
