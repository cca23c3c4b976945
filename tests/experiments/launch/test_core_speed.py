"""Tries of the measured cores: what they cost, where they run, when they are calm."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from experiments.launch import core_speed
from experiments.launch.core_speed import CoreSpeed, spread

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="no CPU affinity here"
)


@needs_affinity
def test_every_core_is_tried_and_the_thread_may_go_anywhere_again(monkeypatch: Any) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    seen: list[set[int]] = []
    monkeypatch.setattr(core_speed, "work", lambda loops: seen.append(os.sched_getaffinity(0)))

    assert CoreSpeed(cpus, None).now() > 0
    assert seen == [{cpu} for cpu in spread(cpus, core_speed.MOST_CORES)]
    assert os.sched_getaffinity(0) == set(cpus)


@needs_affinity
def test_the_slowest_core_tells(monkeypatch: Any) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    slow = spread(cpus, core_speed.MOST_CORES)[-1]
    monkeypatch.setattr(
        core_speed, "work", lambda loops: time.sleep(0.2 if slow in os.sched_getaffinity(0) else 0)
    )
    if len(cpus) > 1:
        assert os.sched_getaffinity(0) != {slow}

    assert CoreSpeed(cpus, None).now() >= 0.2


def test_without_affinity_it_runs_where_it_is() -> None:
    assert CoreSpeed(None, None).now() > 0


@needs_affinity
def test_other_threads_stay_where_they_are() -> None:
    cpus, seen, go = sorted(os.sched_getaffinity(0)), [], threading.Event()

    def worker() -> None:
        go.wait()
        seen.append(os.sched_getaffinity(0))

    thread = threading.Thread(target=worker)
    thread.start()
    os.sched_setaffinity(0, cpus[:1])  # as in the middle of a try
    go.set()
    thread.join()
    os.sched_setaffinity(0, cpus)

    assert seen == [set(cpus)]


@pytest.mark.parametrize(
    ("limit", "before", "after", "calm"),
    [(1.0, 0.9, 1.0, True), (1.0, 0.9, 1.1, False), (1.0, 1.1, 0.9, False), (None, 9, 9, None)],
)
def test_a_batch_is_calm_between_two_tries_within_the_limit(
    limit: float | None, before: float, after: float, calm: bool | None
) -> None:
    assert CoreSpeed(None, limit).calm(before, after) is calm


@pytest.mark.parametrize(
    ("count", "chosen"), [(1, [0]), (4, [0, 1, 2, 3]), (8, [0, 2, 4, 6]), (64, [0, 16, 32, 48])]
)
def test_of_many_cores_a_few_are_tried(count: int, chosen: list[int]) -> None:
    assert spread(list(range(count)), 4) == chosen
