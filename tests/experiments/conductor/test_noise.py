from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.conductor import noise
from experiments.conductor.noise import CpuTimes, read_cpu_times, shares

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


def test_the_seconds_of_a_process_grow_while_it_works() -> None:
    before = noise.threads_cpu_seconds(os.getpid())
    assert before is not None
    while noise.threads_cpu_seconds(os.getpid()) == before:
        pass

    assert 0 < before < (noise.threads_cpu_seconds(os.getpid()) or 0)
    assert noise.threads_cpu_seconds(2**22 + 1) is None


FAMILY = r"""
import subprocess, sys
busy = "import time\nwhile time.process_time() < 0.3: pass\n"
subprocess.run([sys.executable, "-c", busy])  # gone, but used by this family
stays = subprocess.Popen([sys.executable, "-c", busy + "print(1, flush=True)\ninput()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
stays.stdout.readline()
print(1, flush=True)
input()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_family_is_a_process_its_living_children_and_those_it_has_reaped() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()

    assert noise.family_cpu_seconds(process.pid) >= 0.6 - 2 / TICKS
    assert (noise.threads_cpu_seconds(process.pid) or 0.0) < 0.3
    process.communicate(b"\n")
    assert noise.family_cpu_seconds(process.pid) == 0.0
