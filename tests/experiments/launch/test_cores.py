"""What others took of the cores: CPU time, steal, and the worst of several nodes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.launch import cores
from experiments.launch.cores import CpuTimes, Taken, read_cpu_times, shares

TICKS = os.sysconf("SC_CLK_TCK")
STAT = """cpu  200 20 40 1000 50 6 4 30 0 0
cpu0 100 10 20 500 25 3 2 10 0 0
cpu1 100 10 20 500 25 3 2 20 0 0
intr 1 2 3
ctxt 5
"""


@pytest.fixture
def stat(tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    path.write_text(STAT)
    return path


def times(busy: float, steal: float = 0.0, at: float = 0.0, cpus: int = 2) -> CpuTimes:
    return CpuTimes(busy, steal, at, cpus)


def test_busy_is_all_but_idle_iowait_and_steal(stat: Path) -> None:
    found = read_cpu_times([1], stat)

    assert found is not None
    assert found.busy == pytest.approx((100 + 10 + 20 + 3 + 2) / TICKS)
    assert found.steal == pytest.approx(20 / TICKS)
    assert found.cpus == 1


def test_several_cpus_are_summed(stat: Path) -> None:
    found, every = read_cpu_times([0, 1], stat), read_cpu_times(None, stat)

    assert found is not None
    assert every is not None
    assert found.busy == pytest.approx(270 / TICKS) == every.busy
    assert (found.steal, found.cpus) == (pytest.approx(30 / TICKS), 2)
    assert every.cpus == os.cpu_count()


def test_cpu_1_is_not_cpu_10(stat: Path) -> None:
    stat.write_text(STAT + "cpu10 900 0 0 0 0 0 0 0 0 0\n")
    found = read_cpu_times([1], stat)

    assert found is not None
    assert found.busy == pytest.approx(135 / TICKS)


def test_a_system_without_proc_tells_nothing(tmp_path: Path) -> None:
    assert read_cpu_times(None, tmp_path / "none") is None
    assert shares(None, times(1), 0.0) == (None, None)


def test_foreign_use_is_what_was_busy_and_not_ours() -> None:
    foreign, stolen = shares(times(10, 1, at=0), times(12, 1.5, at=2), own_seconds=1.0)

    # 2 s on 2 CPUs: 4 s were to be had, 1 s of the 2 busy ones was foreign but for 3 ticks
    assert foreign == pytest.approx((1 - 3 / TICKS) / 4)
    assert stolen == pytest.approx(0.5 / 4)


def test_rounding_of_the_ticks_is_no_foreign_use() -> None:
    assert shares(times(10, at=0), times(11.02, at=1), own_seconds=1.0)[0] == 0


def test_more_of_our_own_than_was_busy_is_not_negative() -> None:
    assert shares(times(10, at=0), times(10.5, at=1), 9.0)[0] == 0


def test_no_time_passed_says_nothing() -> None:
    assert shares(times(1, at=5), times(1, at=5), 0.0) == (None, None)


def test_a_counter_that_goes_backwards_stole_nothing() -> None:
    assert shares(times(10, 2, at=0), times(10, 1.99, at=1), 0.0)[1] == 0


def test_of_several_nodes_the_largest_that_is_known() -> None:
    every = [Taken(0.1, None, 3, 0.2), Taken(0.3, None, None, 0.1), Taken()]

    assert cores.worst(every) == Taken(0.3, None, 3, 0.2)
    assert cores.worst([]) == Taken()
