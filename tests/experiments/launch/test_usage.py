"""What a process tree uses: CPU, switches and memory, on real processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.launch import usage
from tests.experiments.launch.driving import launch, spec

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"


def burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def used(before: usage.Usage) -> float:
    seconds = usage.between(before, usage.measure())
    assert seconds["cpu_user_seconds"] is not None
    assert seconds["cpu_system_seconds"] is not None
    return seconds["cpu_user_seconds"] + seconds["cpu_system_seconds"]


def burnt(child: subprocess.Popen[str]) -> None:
    """Have it burn, and wait until it has."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    child.stdout.readline()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """Burns 50 ms of CPU when it is told to, and says so; then waits for its input to close.

    It holds more memory than this process's changes by itself.
    """
    code = (
        "input()\n"
        + BURN.format(seconds=0.05)
        + "held = bytearray(b'x') * 2**25\nprint('burnt', flush=True)\ninput()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_cpu_of_this_process_counts() -> None:
    before = usage.measure()
    burn(0.05)

    assert 0.05 <= used(before) < 0.5


@linux
def test_cpu_of_a_living_child_counts(child: subprocess.Popen[str]) -> None:
    before = usage.measure()
    burnt(child)

    assert used(before) >= 0.02  # some of it may have been used before the first reading


@linux
def test_cpu_stays_counted_once_when_a_child_ends(child: subprocess.Popen[str]) -> None:
    burnt(child)
    before = usage.measure()
    child.kill()
    child.wait()

    assert used(before) < 0.04  # its 50 ms were there before


def readings(**changes: float) -> usage.Usage:
    """Totals of a tree; seconds of living processes both by their clock and in ticks."""
    names = ("user", "system", "living", "living_user", "living_system")
    seconds = [changes.get(name, 0.0) for name in names]
    return usage.Usage(*seconds, voluntary_switches=0, involuntary_switches=0)


@pytest.mark.parametrize(
    ("before", "after", "user", "system"),
    [
        # this process alone: exact
        (readings(user=1, system=2), readings(user=1.5, system=2.25), 0.5, 0.25),
        # a living child: its clock, in the proportion of its ticks
        (readings(), readings(living=0.4, living_user=0.3, living_system=0.09), 0.3077, 0.0923),
        # a child too quick for the ticks
        (readings(), readings(living=0.004), 0.004, 0),
        # it ends, and what it had used before returns with the ended ones
        (
            readings(living=0.07, living_user=0.04, living_system=0.03),
            readings(user=0.05, system=0.04),
            0.01,
            0.01,
        ),
    ],
)
def test_cpu_adds_up_over_the_tree(
    before: usage.Usage, after: usage.Usage, user: float, system: float
) -> None:
    seconds = usage.between(before, after)

    assert seconds["cpu_user_seconds"] == pytest.approx(user, abs=1e-4)
    assert seconds["cpu_system_seconds"] == pytest.approx(system, abs=1e-4)


def test_cpu_of_children_that_came_and_went_counts() -> None:
    before = usage.measure()
    subprocess.run([sys.executable, "-c", BURN.format(seconds=0.05)], check=True)

    assert used(before) >= 0.05


@linux
def test_grandchildren_belong_to_the_tree() -> None:
    code = "import subprocess, sys; subprocess.run(['sleep', '30'])"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        try:
            for _ in range(200):
                below = [stat.pid for stat in usage.descendants(process.pid)]
                if below:
                    break
                time.sleep(0.01)
            tree = [stat.pid for stat in usage.descendants(os.getpid())]
            assert process.pid in tree
            assert set(below) <= set(tree)
            assert len(below) == 1
        finally:
            os.killpg(process.pid, 9)


def test_waiting_counts_as_voluntary_switches() -> None:
    before = usage.measure()
    for _ in range(20):
        time.sleep(0.001)
    switches = usage.between(before, usage.measure())["voluntary_switches"]

    assert switches is not None
    assert switches >= 20


@linux
def test_memory_is_that_of_the_tree(child: subprocess.Popen[str]) -> None:
    burnt(child)
    with_child = usage.memory_mib()
    child.kill()
    child.wait()
    without = usage.memory_mib()

    assert with_child is not None
    assert without is not None
    assert with_child > without > 1


@linux
def test_memory_that_is_allocated_shows() -> None:
    before = usage.memory_mib()
    block = bytearray(os.urandom(1024)) * (32 * 1024)
    after = usage.memory_mib()

    assert before is not None
    assert after is not None
    assert 30 < after - before < 40
    assert len(block) == 32 * 2**20


def test_without_proc_the_unknown_stays_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(usage, "PROC", tmp_path)
    alone = usage.measure()
    burn(0.02)
    assert used(alone) >= 0.02

    monkeypatch.setattr(multiprocessing, "active_children", lambda: ["a worker"])
    with_workers = usage.measure()

    assert set(usage.between(alone, with_workers).values()) == {None}
    assert usage.memory_mib() is None


def test_a_process_may_be_named_as_it_likes() -> None:
    text = "42 (a) R 1 (b) S 7 " + " ".join(["0"] * 9) + " 250 50 300 100 20 0"
    stat = usage.parse_stat(text, ticks_per_second=100)

    assert stat == usage.Stat(42, 7, 2.5, 0.5, 3.0, 1.0)


@linux
@pytest.mark.parametrize("executor", ["sequential", "threads", "processes", "asyncio"])
def test_the_profile_holds_the_cpu_of_the_workers(executor: str) -> None:
    wanted = spec("Loops", scale=10_000, executor=executor, profile=True)
    profile = launch(wanted).one("profile")
    cpu_seconds = profile["cpu_user_seconds"] + profile["cpu_system_seconds"]

    assert profile["peak_memory_mib"] > 5
    assert cpu_seconds > 0.1
    assert cpu_seconds < 2.5 * profile["profile_seconds"]


@linux
def test_worker_processes_add_to_the_memory() -> None:
    def memory_mib(workers: int) -> float:
        options = {"start_method": "spawn"}
        wanted = spec(executor="processes", options=options, workers=workers, profile=True)
        return float(launch(wanted).one("profile")["peak_memory_mib"])

    assert memory_mib(4) > 1.5 * memory_mib(1)
