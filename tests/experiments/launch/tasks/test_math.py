from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.launch.base import Context
from experiments.launch.tasks.arithmetic import MODULUS, MULTIPLIER, churn, start_of
from experiments.launch.tasks.machine_learning import generate, score, train

from .driving import make, sequential


def test_the_generator_gives_park_and_millers_check_value() -> None:
    # C++11 [rand.predef]: the 10000th number of minstd_rand from seed 1 is 399268537
    assert churn(1, 10_000) == 399268537
    assert churn(5, 3) == 5 * MULTIPLIER**3 % MODULUS


@pytest.mark.parametrize("seed", [0, 1, MODULUS - 2, 2**40])
def test_no_item_starts_where_the_generator_stands_still(seed: int) -> None:
    starts = [start_of(seed, index) for index in range(2000)]

    assert all(0 < start < MODULUS for start in starts)
    assert len(set(starts)) == len(starts)


def test_numpy_solves_the_system_it_says(context: Context) -> None:
    task = make("math_numpy", context)
    (index, side) = task.make_items(2, 8)[1]
    right = np.random.RandomState(context.seed).rand(side, side)
    left = right + (side + index) * np.eye(side)

    assert task.run((index, side)) == pytest.approx((np.linalg.inv(left) @ right @ right).sum())


def test_numpy_answers_may_differ_by_rounding_only(context: Context) -> None:
    task = make("math_numpy", context)

    assert task.same(100.0, 100.0 * (1 + 1e-12))
    assert not task.same(100.0, 100.01)
    assert not task.same(100.0, math.nan)


def test_training_finds_the_weights_that_made_the_data() -> None:
    features, labels = generate(20_000, seed=3)
    true_weights = np.random.RandomState(3).uniform(-2, 2, features.shape[1])

    assert train(features, labels, 1e-6) == pytest.approx(true_weights, abs=0.25)


def test_training_ends_where_the_penalised_loss_is_flat() -> None:
    features, labels = generate(500, seed=3)
    weights = train(features, labels, penalty=2.0)
    chances = 1 / (1 + np.exp(-features @ weights))

    assert features.T @ (chances - labels) + 2.0 * weights == pytest.approx(0, abs=1e-6)


def test_every_fold_predicts_unseen_rows_far_better_than_chance(context: Context) -> None:
    answers = sequential(make("machine_learning", context), 5, 200)

    for loss, accuracy in answers:
        assert loss < 0.8 * math.log(2)
        assert accuracy > 0.7


def test_score_of_a_model_that_knows_nothing_is_log_2() -> None:
    features, labels = generate(100, seed=1)

    assert score(features, labels, np.zeros(features.shape[1]))[0] == pytest.approx(math.log(2))


def test_folds_and_penalties_make_a_grid(context: Context) -> None:
    items = make("machine_learning", context).make_items(15, 1)

    assert [fold for fold, _, _ in items] == [0, 1, 2, 3, 4] * 3
    assert sorted({penalty for _, penalty, _ in items}) == pytest.approx([0.01, 1, 100])


def test_the_data_set_is_made_when_a_worker_starts(context: Context) -> None:
    task = make("machine_learning", context)
    task.prepare(1, 100)
    task.start_worker(task.share(None))  # type: ignore[arg-type]

    assert list(task._data) == [task.make_items(1, 100)[0][2]]  # type: ignore[attr-defined]


def test_another_loss_or_accuracy_is_wrong(context: Context) -> None:
    task = make("machine_learning", context)

    assert task.same([0.5, 0.75], [0.5 + 1e-12, 0.75])
    assert not task.same([0.5, 0.75], [0.5, 0.74])
    assert not task.same([0.5, 0.75], [0.51, 0.75])
