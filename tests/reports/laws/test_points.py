from __future__ import annotations

import math

import numpy as np
import pytest

from reports.laws.points import TAU, Points, special_first


def test_points_are_sorted_and_the_unknown_left_out() -> None:
    found = Points.of(
        [8, 2, 1, 4, 0, 16], [0.2, 0.5, 1, math.nan, 1, 0.0], [0.01, math.nan, 0.02] * 2
    )
    assert found.workers.tolist() == [1, 2, 8]
    assert found.seconds == pytest.approx([1, 0.5, 0.2])
    assert found.log_sd == pytest.approx([0.02, 0, 0.01])
    assert found.spread == pytest.approx(np.hypot([0.02, 0, 0.01], TAU))


def test_several_at_the_same_n_become_their_geometric_mean() -> None:
    found = Points.of([1, 1, 2], [1.0, 4.0, 1.0], [0.1, 0.1, 0.1])
    assert found.seconds == pytest.approx([2, 1])
    assert found.log_sd == pytest.approx([0.1 / math.sqrt(2), 0.1])


def test_a_first_worker_on_a_path_of_its_own_is_seen() -> None:
    assert special_first(Points.of([1, 2, 4], [1.0, 0.4, 0.22]))
    assert special_first(Points.of([1, 2, 4], [1.0, 0.9, 0.5]))
    assert not special_first(Points.of([1, 2, 4], [1.0, 0.52, 0.28]))
    assert not special_first(Points.of([2, 4], [0.5, 0.2]))
