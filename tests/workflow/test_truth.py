"""The numbers are right where the truth is known: sleeping items, and the GIL.

Other programs share the machine, so each has four tries; what is never right fails four times.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

import pytest

from experiments.schema import CEILING, LAUNCHES, SUMMARY, VERDICT_TABLE
from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import Folder

pytestmark = pytest.mark.host

TRIES = 4


def steady(folder: Folder) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows of summary.csv by executor and workers."""
    rows = [row for row in folder.table(SUMMARY) if row["mode"] == "steady"]
    return {(row["executor"], row["workers"]): row for row in rows}


def holds(make_folder: MakeFolder, right: Callable[[Folder], bool], **config: Any) -> bool:
    for number in range(TRIES):
        folder = make_folder(f"try {number}", **config)
        ended = folder.run("results/bench/summary.csv", "results/bench/ceiling.csv")
        assert ended.status == 0, ended.said
        if right(folder):
            return True
        print({key: row["speedup"] for key, row in steady(folder).items()})
    return False


def test_sleeping_items_run_as_many_times_faster_as_there_are_workers(
    make_folder: MakeFolder,
) -> None:
    def right(folder: Folder) -> bool:
        rows = steady(folder)
        gains = [rows[name, 8]["speedup"] for name in ("threads", "asyncio")]
        return all(0.95 * 8 <= gain <= 1.05 * 8 for gain in gains)

    assert holds(
        make_folder,
        right,
        tasks=["own_tasks:Sleeps"],
        executors=["threads", "asyncio"],
        workers=[8],
        batch_seconds=2.4,
        looks=[4],
        launch_timeout_seconds=60,
    )


def test_in_weak_scaling_sleeping_threads_do_as_many_times_the_work(
    make_folder: MakeFolder,
) -> None:
    def right(folder: Folder) -> bool:
        launches, rows = folder.table(LAUNCHES), steady(folder)
        for row in launches:
            assert row["items"] == row["batch_multiple"] * rows["sequential", 1]["items"]
        assert {row["workers"]: row["batch_multiple"] for row in launches} == {1: 1, 4: 4}
        return bool(
            0.8 <= rows["threads", 1]["speedup"] <= 1.1
            and 3.0 <= rows["threads", 4]["speedup"] <= 4.2
        )

    assert holds(
        make_folder,
        right,
        tasks=[{"task": "mixed", "params": {"cpu_share": 0}}],
        scaling="weak",
        workers=[1, 4],
        batch_seconds=0.12,
        launch_timeout_seconds=30,
    )


def test_decided_on_memory_nothing_beats_the_sequential_program(make_folder: MakeFolder) -> None:
    folder = make_folder(
        objective="memory", executors=["processes"], looks=[3], launch_timeout_seconds=30
    )
    ended = folder.decide()
    assert ended.status == 0, ended.said
    (row,) = folder.table(VERDICT_TABLE)

    assert (row["mode"], row["verdict"], row["approach"]) == ("steady", "no-gain", "sequential")
    assert row["objective"] == "memory"
    assert row["objective_value"] == row["baseline_objective_value"] > 0
    pool = next(row for row in folder.table(SUMMARY) if row["executor"] == "processes")
    assert pool["peak_memory_mib"] > row["objective_high"]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="this interpreter has no GIL"
)
def test_the_gil_holds_threads_back_and_processes_near_the_ceiling(
    make_folder: MakeFolder,
) -> None:
    # The truth is a gain of 1 for threads. How narrow the interval around it is, is the host's
    # noise: asking that it ends below 1.15 failed in 5 of 8 tries with four launches.
    def right(folder: Folder) -> bool:
        rows = steady(folder)
        repeats = [row["speedup"] for row in folder.table(CEILING) if row["cores"] == 2]
        threads, processes = rows["threads", 2], rows["processes", 2]
        return bool(
            threads["speedup"] < 1.4
            and threads["speedup_low"] <= 1.1
            and processes["speedup"] > 1 + 0.5 * (statistics.median(repeats) - 1)
            and processes["speedup_low"] <= max(repeats)
        )

    assert holds(
        make_folder,
        right,
        executors=["threads", "processes"],
        cores=[2],
        batch_seconds=0.12,
        looks=[6],
        launch_timeout_seconds=30,
        disturbed={"repeats": 6},
    )
