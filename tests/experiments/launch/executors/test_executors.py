"""What every executor must do: all workers started, items in order, work really side by side."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.base import Executor
from experiments.launch.executors import EXECUTORS, load
from experiments.launch.executors.processes import chunk_size
from tests.experiments.launch.driving import fastest, launch, spec

METHODS = ("fork", "spawn", "forkserver")
POOLS: list[tuple[str, dict[str, Any]]] = [
    ("threads", {}),
    ("asyncio_to_thread", {}),
    *(("processes", {"start_method": method}) for method in METHODS),
    *(("multiprocessing_pool", {"start_method": method}) for method in METHODS),
    ("process_per_item", {"start_method": "fork"}),
]
EVERY = [("sequential", {}), ("asyncio", {}), *POOLS, ("processes", {"chunk": "auto"})]
#: a worker lives as long as the pool, and makes a task of its own
PROCESS_POOLS = [("processes", method) for method in METHODS] + [("multiprocessing_pool", "fork")]


def notes(folder: Path) -> list[tuple[int, str]]:
    """(process, what it noted) in the order of the notes."""
    lines = (folder / "notes").read_text().splitlines()
    return [(int(line.split()[0]), line.split(maxsplit=2)[2]) for line in lines]


@pytest.mark.parametrize("name", EXECUTORS)
def test_the_registry_finds_every_executor_by_its_name(name: str) -> None:
    assert load(name).name == name
    assert issubclass(load(name), Executor)


def test_outside_executors_are_named_by_module_and_class() -> None:
    assert load("experiments.launch.executors.threads:Threads") is load("threads")


def test_an_unknown_executor_is_told_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"'fibres'.*sequential, threads, processes, asyncio"):
        load("fibres")


@pytest.mark.parametrize(("executor", "options"), EVERY, ids=str)
def test_results_keep_the_items_order(executor: str, options: dict[str, Any]) -> None:
    expected = [number * number for number in range(20)]
    wanted = spec("Unequal", items=20, executor=executor, options=options, expected=expected)

    assert launch({**wanted, "workers": 3}).last == {"event": "end"}


@pytest.mark.parametrize(("executor", "method"), PROCESS_POOLS)
def test_every_worker_process_has_started_before_the_first_batch(
    executor: str, method: str, tmp_path: Path
) -> None:
    launch(
        spec(
            "Witness", executor=executor, workers=5, items=2, scratch=str(tmp_path),
            options={"start_method": method},
        )
    )  # fmt: skip
    seen = notes(tmp_path)
    first_batch = [what for _, what in seen].index("batch")
    started = {process for process, what in seen[:first_batch] if what == "started"}

    assert len(started) == 5
    assert [what for _, what in seen].count("started") == 5


@pytest.mark.parametrize(("executor", "method"), [*PROCESS_POOLS, ("process_per_item", "fork")])
def test_every_worker_process_has_closed_its_task_before_the_launch_ends(
    executor: str, method: str, tmp_path: Path
) -> None:
    launch(
        spec(
            "Witness", executor=executor, workers=3, scratch=str(tmp_path),
            options={"start_method": method},
        )
    )  # fmt: skip
    seen = notes(tmp_path)
    main = next(process for process, what in seen if what == "batch")
    started = {process for process, what in seen if what == "started"}

    assert {process for process, what in seen if what == "closed"} == {*started, main}
    assert seen[-1] == (main, "closed")


@pytest.mark.parametrize("executor", ["threads", "asyncio_to_thread"])
def test_every_thread_has_started_before_the_first_batch(executor: str, tmp_path: Path) -> None:
    launch(spec("Witness", executor=executor, workers=6, scratch=str(tmp_path)))
    lines = (tmp_path / "notes").read_text().splitlines()
    threads = next(int(line.split()[1]) for line in lines if line.endswith("batch"))

    assert threads == 6 + 1


@pytest.mark.parametrize("executor", ["sequential", "threads", "asyncio", "asyncio_to_thread"])
def test_one_task_is_started_and_closed_where_workers_share_a_process(
    executor: str, tmp_path: Path
) -> None:
    launch(spec("Witness", executor=executor, workers=3, scratch=str(tmp_path)))
    words = [what for _, what in notes(tmp_path)]

    assert (words.count("started"), words.count("closed"), words[-1]) == (1, 1, "closed")


def test_process_items_run_outside_the_main_process(tmp_path: Path) -> None:
    wanted = spec("Witness", executor="processes", expected=[None] * 8, scratch=str(tmp_path))
    launch(wanted)
    seen = notes(tmp_path)
    main = next(process for process, what in seen if what == "batch")
    ran = next(what for _, what in seen if what.startswith("ran "))
    workers = {process for process, _ in ast.literal_eval(ran.removeprefix("ran "))}

    assert main not in workers
    assert workers <= {process for process, what in seen if what == "started"}


OVERLAPPING = ["threads", "processes", "asyncio", "asyncio_to_thread", "multiprocessing_pool"]


@pytest.mark.parametrize("executor", OVERLAPPING)
def test_waiting_overlaps(executor: str) -> None:
    done = launch(spec("Sleeps", executor=executor, workers=8, items=16, batches=5))
    ideal, sequential = 2 * 0.02, 16 * 0.02

    assert ideal <= fastest(done) < sequential / 4


@pytest.mark.parametrize(
    ("executor", "task"), [("sequential", "Sleeps"), ("asyncio", "BlocksTheLoop")]
)
def test_blocking_work_does_not_overlap_in_one_thread(executor: str, task: str) -> None:
    done = launch(spec(task, executor=executor, workers=8, items=16))

    assert done.batches("steady")[0]["wall_seconds"] >= 16 * 0.02


@pytest.mark.parametrize("executor", [*OVERLAPPING, "process_per_item"])
def test_no_more_items_are_in_progress_than_workers(executor: str) -> None:
    done = launch(spec("Sleeps", executor=executor, workers=2, items=8))

    assert done.batches("steady")[0]["wall_seconds"] >= 8 / 2 * 0.02


def test_the_exit_code_of_a_fork_servers_process_is_left_to_the_thread_that_watches_it() -> None:
    asked = """
import multiprocessing, os
from multiprocessing.connection import wait
from experiments.launch.executors.processes import exit_code_read

process = multiprocessing.get_context("forkserver").Process(target=os._exit, args=(7,))
before = exit_code_read(process)
process.start()
wait([process.sentinel])
ended = exit_code_read(process)
process.join()
print([before, ended, exit_code_read(process)])
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True, timeout=60
    )
    assert ast.literal_eval(done.stdout) == [None, None, 7]


@pytest.mark.parametrize(
    ("chunk", "items", "workers", "size"),
    [
        ("default", 1000, 2, 1),
        ("auto", 64, 2, 8),
        ("auto", 65, 2, 9),
        ("auto", 8, 2, 1),
        ("auto", 1, 64, 1),
    ],
)
def test_chunks(chunk: str, items: int, workers: int, size: int) -> None:
    assert chunk_size(chunk, items, workers) == size
