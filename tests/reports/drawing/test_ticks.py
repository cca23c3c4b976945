from __future__ import annotations

import math
from itertools import pairwise

import pytest

from reports.drawing import ticks


def test_even_ticks_are_round_and_within() -> None:
    assert ticks.even(0, 1.06) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks.even(0.888, 1.12) == [0.9, 0.95, 1.0, 1.05, 1.1]


def test_doublings_thin_out_but_keep_one() -> None:
    assert ticks.doublings(0.9, 9) == [1, 2, 4, 8]
    assert ticks.doublings(0.2, 150) == [0.25, 1, 4, 16, 64]
    assert len(ticks.doublings(2**-20, 2.0**20)) <= 8


@pytest.mark.parametrize(("low", "high"), [(3, 8), (1, 1), (0.03, 4000), (999.9, 1000.1), (5, 5)])
def test_an_axis_around_values_has_ticks_at_its_ends(low: float, high: float) -> None:
    for ends in (ticks.around(low, high), ticks.around_doublings(low, high)):
        assert ends[0] <= low <= high <= ends[1]
        assert ends[0] < ends[1]
    ends = ticks.around(low, high)
    found = ticks.decades(*ends)
    assert 2 <= len(found) <= 5
    assert all(math.isclose(value, float(f"{value:.0e}")) for value in found)


def test_ticks_stay_apart_on_a_logarithmic_axis_and_the_last_stays() -> None:
    found = ticks.apart([float(n) for n in range(1, 41)])
    assert found[-1] == 40
    assert all(right / left > 1.5 for left, right in pairwise(found))
    assert ticks.apart([1.0]) == [1.0]
