"""Hyperparameters that are chosen, and curves that fall, or rise where they are rewards."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.learning import METHODS, asked_for, chosen, curve, steps_of


@given(st.integers(0, 2**31), st.integers(20, 400))
def test_losses_fall_and_accuracy_rises(seed: int, steps: int) -> None:
    points = curve(seed, steps, validated=True)
    fifth = steps // 5
    assert [each.step for each in points] == [*range(1, steps + 1)]
    assert mean(each.loss for each in points[-fifth:]) < mean(each.loss for each in points[:fifth]) / 1.5
    assert points[-1].accuracy > points[0].accuracy
    assert all(each.valid_loss is not None and each.valid_loss > each.loss > 0 for each in points)
    assert all(0 < each.accuracy < 1 for each in points)
    assert points == curve(seed, steps, validated=True)


def test_rewards_rise_and_a_job_without_validation_has_no_such_figures() -> None:
    points = curve(1, 100, validated=False, rewards=True)
    assert points[-1].loss > points[0].loss
    assert all(0 <= each.loss <= 1 and each.valid_loss is None for each in points)


@pytest.mark.parametrize("steps", [1, 2, 9_999, 10_000, 10_001, 1_000_000])
def test_any_number_of_steps_ends_with_the_last(steps: int) -> None:
    points = curve(1, steps, validated=False)
    assert points[-1].step == steps
    assert len(points) <= 10_000


@pytest.mark.parametrize(
    ("examples", "epochs", "batch"),
    [(10, 10, 1), (1, 25, 1), (33, 3, 1), (50, 3, 1), (1000, 3, 2), (20_000, 1, 40), (10**6, 1, 256)],
)
def test_what_suits_the_examples(examples: int, epochs: int, batch: int) -> None:
    known = chosen(asked_for("supervised", {}), examples=examples, model="gpt-4o")
    assert (known["n_epochs"], known["batch_size"]) == (epochs, batch)
    assert steps_of(examples, known) >= epochs


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_to_be_chosen_and_what_is_given_stays(method: str) -> None:
    asked = asked_for(method, {"n_epochs": 4})
    known = chosen(asked, examples=100, model="gpt-4o-mini")
    assert known["n_epochs"] == 4
    assert "auto" not in known.values()
    assert [*known] == [*asked] == [*METHODS[method]]
