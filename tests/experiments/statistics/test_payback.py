from __future__ import annotations

import numpy as np
import pytest

from experiments.statistics.payback import batches, ratio_of_means


def test_exact_values_give_an_exact_ratio() -> None:
    found = ratio_of_means([0.3, 0.3, 0.3], [0.1, 0.1, 0.1])
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx((3.0, 3.0, 3.0))


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(2000):
        saved = 0.1 + rng.normal(0, 0.02, 5)
        extra = 0.3 + rng.normal(0, 0.02, 5) + 0.5 * (saved - 0.1)
        found = ratio_of_means(extra, saved)
        held += found is not None and found.low <= 3.0 <= found.high
    assert 0.93 <= held / 2000 <= 0.97


@pytest.mark.parametrize(
    ("extra", "saved"),
    [
        ([0.1, 0.1], [0.1, 0.1]),
        ([0.1, 0.1, 0.1], [-0.1, -0.1, -0.1]),
        ([0.1, 0.1, 0.1], [0.0, 0.0, 0.0]),
        ([0.1, 0.1, 0.1], [0.1, -0.1, 0.01]),
    ],
)
def test_what_is_not_proven_to_pay_has_no_answer(extra: list[float], saved: list[float]) -> None:
    assert batches(extra, saved) is None


def test_batches_are_whole_and_at_least_one() -> None:
    found = batches([0.21, 0.20, 0.19, 0.2], [0.1, 0.09, 0.11, 0.1])
    assert found is not None
    assert found.low <= 2 <= found.high
    assert all(value == int(value) for value in (found.estimate, found.low, found.high))
    at_once = batches([-0.1, -0.1, -0.1], [0.1, 0.1, 0.1])
    assert at_once is not None
    assert at_once.high == 1
