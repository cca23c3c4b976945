from __future__ import annotations

import sys
import time

import pytest

from experiments.conductor.clocks import Clocks, jump_seconds, read_clocks, suspended_seconds

BEFORE = Clocks(wall=1000.0, steady=50.0, boot=80.0)


@pytest.mark.parametrize(
    ("after", "jump", "slept"),
    [
        (Clocks(1002.0, 52.0, 82.0), 0.0, 0.0),
        (Clocks(1002.05, 52.0, 82.0), 0.0, 0.0),  # slewed
        (Clocks(1302.0, 52.0, 82.0), 300.0, 0.0),
        (Clocks(402.0, 52.0, 82.0), -600.0, 0.0),
        (Clocks(1032.0, 52.0, 112.0), 0.0, 30.0),  # asleep: the wall clock went on and is right
        (Clocks(1002.0, 52.0, 112.0), -30.0, 30.0),
    ],
)
def test_a_wall_clock_that_was_set_and_a_machine_that_slept(
    after: Clocks, jump: float, slept: float
) -> None:
    assert jump_seconds(BEFORE, after) == pytest.approx(jump)
    assert suspended_seconds(BEFORE, after) == pytest.approx(slept)


def test_without_a_clock_that_counts_sleep_only_the_jump_is_known() -> None:
    before, after = Clocks(1000.0, 50.0, None), Clocks(1302.0, 52.0, None)

    assert jump_seconds(before, after) == pytest.approx(300)
    assert suspended_seconds(before, after) is None


def test_the_clocks_of_this_machine_pass_alike() -> None:
    before = read_clocks()
    time.sleep(0.05)
    after = read_clocks()

    assert after.steady - before.steady >= 0.05
    assert jump_seconds(before, after) == 0
    if sys.platform.startswith("linux"):
        assert suspended_seconds(before, after) == 0
