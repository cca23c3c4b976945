from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from experiments.conductor.clocks import Clocks
from experiments.conductor.surroundings import (
    Disturbance,
    Surroundings,
    disturbance,
    look_around,
)
from experiments.launch.cores import Cores, CpuTimes, Taken
from experiments.launch.throttling import Throttling

CORES = Cores(CpuTimes(10, 1, 0, 2), Throttling(1.0, 5), 0, 2)
BEFORE = Surroundings(CORES, Clocks(1000, 50, 80))
AFTER = Surroundings(Cores(CpuTimes(10, 1, 2, 2), Throttling(1.5, 8), 2, 2), Clocks(1302, 52, 87))


def test_each_counter_gives_its_column() -> None:
    assert disturbance(BEFORE, AFTER, 0.0) == Disturbance(
        foreign_cpu_share=0.0,
        steal_share=0.0,
        throttle_events=3,
        quota_throttled_share=pytest.approx(0.5 / 4),
        clock_jump_seconds=pytest.approx(295),
        suspended_seconds=pytest.approx(5),
    )


def test_another_node_of_the_launch_may_be_more_disturbed() -> None:
    other = Taken(foreign_cpu_share=0.4, steal_share=None, throttle_events=1)
    found = disturbance(BEFORE, AFTER, 0.0, other)

    assert (found.foreign_cpu_share, found.steal_share) == (0.4, 0.0)
    assert (found.throttle_events, found.quota_throttled_share) == (3, pytest.approx(0.5 / 4))
    assert found.suspended_seconds == pytest.approx(5)


def test_what_the_system_does_not_tell_is_unknown() -> None:
    silent = Cores(None, Throttling(None, None), 2, 2)
    mute = replace(AFTER, cores=silent, clocks=Clocks(1002, 52, None))

    found = disturbance(BEFORE, mute, 0.0)

    assert found == Disturbance(clock_jump_seconds=pytest.approx(0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counters of Linux")
def test_this_machine_can_be_read() -> None:
    before = look_around(None)
    found = disturbance(before, look_around(None), 0.0)

    assert before.cores.cpu is not None
    assert (found.clock_jump_seconds, found.suspended_seconds) == (0, 0)
