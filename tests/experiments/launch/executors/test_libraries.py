"""Executors of other libraries, each with its real one: skipped where that is not installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.executors import load
from tests.experiments.launch.driving import launch, spec

Approach = tuple[str, dict[str, Any]]
LOKY: Approach = ("loky", {})
JOBLIB: Approach = ("joblib", {"backend": "loky"})
JOBLIB_THREADS: Approach = ("joblib", {"backend": "threading"})
GEVENT: Approach = ("gevent", {})
TRIO: Approach = ("trio", {})
ANYIO: Approach = ("anyio", {"backend": "asyncio"})
ANYIO_TRIO: Approach = ("anyio", {"backend": "trio"})

IN_PROCESSES = [LOKY, JOBLIB]
LOOPS = [TRIO, ANYIO, ANYIO_TRIO]
IN_PROCESS = [JOBLIB_THREADS, GEVENT, *LOOPS]
EVERY = [*IN_PROCESSES, *IN_PROCESS]
SQUARES = [number * number for number in range(8)]


def missing(approach: Approach) -> list[str]:
    name, options = approach
    needed = [*load(name).requires, *(["trio"] if options.get("backend") == "trio" else [])]
    return [module for module in needed if importlib.util.find_spec(module) is None]


def each(approaches: list[Approach]) -> pytest.MarkDecorator:
    """One test an approach."""
    made = [
        pytest.param(
            approach,
            id="-".join([approach[0], *approach[1].values()]),
            marks=pytest.mark.skipif(bool(missing(approach)), reason=f"needs {missing(approach)}"),
        )
        for approach in approaches
    ]
    return pytest.mark.parametrize("approach", made)


def wanted(task: str, approach: Approach, folder: Path, **changes: Any) -> dict[str, Any]:
    given = {"workers": 3, "scratch": str(folder), **changes}
    return spec(task, executor=approach[0], options=approach[1], **given)


@each(EVERY)
def test_results_keep_the_items_order_latencies_and_a_heartbeat_are_told(
    approach: Approach, tmp_path: Path
) -> None:
    expected = [number * number for number in range(20)]
    done = launch(
        wanted("Unequal", approach, tmp_path, items=20, expected=expected, profile=True,
               latencies=True)
    )  # fmt: skip

    assert done.last == {"event": "end"}, done.output
    assert done.one("profile")["heartbeat_max_ms"] >= 0
    assert sum(done.one("latencies")["buckets"].values()) == 20
    imports = done.one("startup")["worker_import_seconds"]
    assert imports is None if approach in IN_PROCESS else imports > 0
    assert list(tmp_path.iterdir()) == []  # the library's own files


@each(IN_PROCESSES)
def test_every_worker_process_has_started_before_the_first_batch_and_closed_its_task_at_the_end(
    approach: Approach, tmp_path: Path
) -> None:
    launch(wanted("Witness", approach, tmp_path, workers=4, items=2))
    lines = (tmp_path / "notes").read_text().splitlines()
    seen = [(int(line.split()[0]), line.split(maxsplit=2)[2]) for line in lines]
    main, first = next((who, place) for place, (who, what) in enumerate(seen) if what == "batch")
    started = {who for who, what in seen[:first] if what == "started"}

    assert len(started) == 4
    assert main not in started
    assert {who for who, what in seen if what == "closed"} == {*started, main}


@each(IN_PROCESSES)
@pytest.mark.parametrize(
    ("task", "phase", "how"),
    [("Exits", "cold", "exit status 7"), ("DiesAtStart", "startup", "exit status 3")],
)
def test_a_dead_worker_is_named(
    approach: Approach, task: str, phase: str, how: str, tmp_path: Path
) -> None:
    done = launch(wanted(task, approach, tmp_path))
    reason = f"WorkerDied: a worker process ended with {how}"

    assert done.last == {"event": "failed", "phase": phase, "reason": reason}


@each(EVERY)
@pytest.mark.parametrize(
    ("task", "phase", "reason"),
    [
        ("Leaves", "cold", "SystemExit: enough"),
        ("CantStart", "startup", "LookupError: no such table"),
    ],
)
def test_an_exception_fails_with_its_phase_and_message(
    approach: Approach, task: str, phase: str, reason: str, tmp_path: Path
) -> None:
    done = launch(wanted(task, approach, tmp_path))

    assert done.last == {"event": "failed", "phase": phase, "reason": reason}
    assert done.status == 0
    assert list(tmp_path.iterdir()) == []


@each(EVERY)
def test_workers_share_a_lock_a_semaphore_and_a_counter(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Counts", approach, tmp_path))

    assert done.one("extras")["lost_updates"] == 0
    assert done.one("extras")["updates"] == 2 * 8


@each(EVERY)
def test_waiting_overlaps_up_to_the_workers(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Sleeps", approach, tmp_path, workers=4, items=16))
    least, sequential = 16 / 4 * 0.02, 16 * 0.02

    assert least <= done.batches("steady")[0]["wall_seconds"] < sequential


@each(LOOPS)
def test_work_without_coroutines_blocks_the_loop(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("BlocksTheLoop", approach, tmp_path, workers=8, items=8))

    assert done.batches("steady")[0]["wall_seconds"] >= 8 * 0.02


@each([TRIO, ANYIO_TRIO])
@pytest.mark.parametrize("task", ["http_request", "subprocess_jobs"])
def test_coroutines_that_need_asyncio_are_unsupported_on_trio(
    approach: Approach, task: str, tmp_path: Path
) -> None:
    last = launch(wanted(task, approach, tmp_path)).last

    assert last["event"] == "unsupported"
    assert last["reason"] == f"the coroutines of {task} need asyncio, which trio's loop is not"


@each([GEVENT])
def test_what_gevent_cannot_patch_holds_up_all_others(approach: Approach, tmp_path: Path) -> None:
    """Waiting for a program is patched, computing is not: a heartbeat tells."""
    params = {"cpu_share": 1, "item_ms": 1.5}
    busy = wanted("mixed", approach, tmp_path, params=params, scale=3000, profile=True, items=4)
    done = launch(busy)
    batch_ms = 1000 * done.one("profile")["profile_seconds"]

    assert done.one("profile")["heartbeat_max_ms"] > 0.9 * batch_ms


def test_one_worker_of_joblib_is_a_loop_in_the_main_process(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    done = launch(wanted("Squares", JOBLIB, tmp_path, workers=1, expected=SQUARES))

    assert done.last == {"event": "end"}
    assert done.one("startup")["worker_import_seconds"] is None


@pytest.mark.parametrize("name", ["loky", "joblib", "gevent", "trio", "anyio"])
def test_a_library_that_is_not_installed_is_unsupported(name: str, tmp_path: Path) -> None:
    for module in load(name).requires:  # a search for it ends in an error, as where it is missing
        (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{module!r}] = None\n")
    last = launch(spec(executor=name), path=(tmp_path,)).last

    assert last["event"] == "unsupported"
    assert f"{name} needs the module {name}, which Python" in last["reason"]


@pytest.mark.parametrize("name", ["joblib", "anyio"])
def test_an_option_that_has_no_such_level_names_the_ones_it_has(name: str) -> None:
    with pytest.raises(
        ValueError, match=f"'fast', must be one of {load(name).levels['backend'][0]}"
    ):
        load(name).unsupported(None, {"backend": "fast"})  # type: ignore[arg-type]
