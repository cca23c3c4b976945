from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from experiments.conductor.clocks import Clocks
from experiments.conductor.noise import CpuTimes
from experiments.conductor.surroundings import (
    Disturbance,
    Surroundings,
    disturbance,
    look_around,
)
from experiments.conductor.throttling import Throttling

BEFORE = Surroundings(CpuTimes(10, 1, 0, 2), Throttling(1.0, 5), Clocks(1000, 50, 80), 2)
AFTER = Surroundings(CpuTimes(10, 1, 2, 2), Throttling(1.5, 8), Clocks(1302, 52, 87), 2)


def test_each_counter_gives_its_column() -> None:
    assert disturbance(BEFORE, AFTER, 0.0) == Disturbance(
        foreign_cpu_share=0.0,
        steal_share=0.0,
        throttle_events=3,
        quota_throttled_share=pytest.approx(0.5 / 4),
        clock_jump_seconds=pytest.approx(295),
        suspended_seconds=pytest.approx(5),
    )


def test_what_the_system_does_not_tell_is_unknown() -> None:
    mute = replace(
        AFTER, cpu=None, throttling=Throttling(None, None), clocks=Clocks(1002, 52, None)
    )

    found = disturbance(BEFORE, mute, 0.0)

    assert found == Disturbance(clock_jump_seconds=pytest.approx(0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counters of Linux")
def test_this_machine_can_be_read() -> None:
    before = look_around(None)
    found = disturbance(before, look_around(None), 0.0)

    assert before.cpu is not None
    assert (found.clock_jump_seconds, found.suspended_seconds) == (0, 0)
