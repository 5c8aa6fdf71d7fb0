"""What a model seems to learn: hyperparameters that were left to be chosen, and losses that fall as they would.

Theory. Nothing is trained. A curve is a function of the job's seed: the loss falls from a beginning towards a floor as
`exp(-t)` does, with noise that shrinks with it, and the share of tokens that are guessed right rises as it falls. The
loss on other data lies a little above. A model that is trained by reinforcement has rewards, which rise instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, exp
from random import Random
from types import MappingProxyType
from typing import Any

from msgspec import Struct

_FEW, _MANY, _EPOCHS, _MOST_EPOCHS = 100, 25_000, 3, 25
_LARGEST_BATCH = 256
_FALL = 4.0
_POINTS = 10_000
"""The most steps of a job that have figures."""
_REASONING = "medium"
METHODS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "supervised": ("batch_size", "learning_rate_multiplier", "n_epochs"),
        "dpo": ("batch_size", "learning_rate_multiplier", "n_epochs", "beta"),
        "reinforcement": (
            "batch_size", "learning_rate_multiplier", "n_epochs", "eval_interval", "eval_samples",
            "compute_multiplier", "reasoning_effort",
        ),
    }
)  # fmt: skip
"""The hyperparameters of each method."""


class Point(Struct, frozen=True):
    """The figures of one step. `valid_loss` and `valid_accuracy` are None without a validation file.

    For reinforcement the losses are rewards, in 0..1.
    """

    step: int
    loss: float
    accuracy: float
    valid_loss: float | None = None
    valid_accuracy: float | None = None


def asked_for(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters of a job before its file was seen: as given, else `auto`."""
    usual = {"reasoning_effort": "default"}
    return {name: given.get(name) or usual.get(name, "auto") for name in METHODS[method]}


def chosen(asked: Mapping[str, Any], *, examples: int, model: str) -> dict[str, Any]:
    """The hyperparameters with every `auto` replaced by what suits the number of examples and the model.

    Three epochs, more for fewer than a hundred and fewer for more than 25,000 examples to see in all; a batch is a
    five-hundredth of the examples.
    """
    values: dict[str, Any] = {
        "n_epochs": _epochs(examples),
        "batch_size": min(_LARGEST_BATCH, max(1, round(examples / 500))),
        "learning_rate_multiplier": 1.8 if "mini" in model else 2.0,
        "beta": 0.1,
        "eval_interval": 5,
        "eval_samples": 1,
        "compute_multiplier": 1.0,
    }
    return {name: values.get(name, value) if value == "auto" else value for name, value in asked.items()}


def steps_of(examples: int, hyperparameters: Mapping[str, Any]) -> int:
    """How many batches all epochs have."""
    epochs, batch = int(hyperparameters["n_epochs"]), int(hyperparameters["batch_size"])
    return max(1, ceil(examples * epochs / max(1, batch)))


def curve(seed: int, steps: int, *, validated: bool, rewards: bool = False) -> Sequence[Point]:
    """The figures of every step, or of 10,000 evenly spaced ones, the last included."""
    draw = Random(f"curve {seed}")  # noqa: S311 - it must repeat
    high, floor = draw.uniform(1.8, 3.2), draw.uniform(0.2, 0.6)
    stride = max(1, ceil(steps / _POINTS))
    points: list[Point] = []
    for step in (*range(stride, steps, stride), steps):
        fallen = exp(-_FALL * (step - 1) / max(1, steps - 1)) if steps > 1 else 0.5
        loss = floor + (high - floor) * fallen * draw.uniform(0.94, 1.06)
        other = loss * draw.uniform(1.04, 1.16)
        if rewards:
            loss, other = 1 - loss / 4, 1 - other / 4
        points.append(
            Point(
                step,
                round(loss, 5),
                round(exp(-loss / 2), 5),
                round(other, 5) if validated else None,
                round(exp(-other / 2), 5) if validated else None,
            )
        )
    return points


def _epochs(examples: int) -> int:
    if examples * _EPOCHS < _FEW:
        return min(_MOST_EPOCHS, max(1, _FEW // max(1, examples)))
    return max(1, min(_EPOCHS, _MANY // examples))
