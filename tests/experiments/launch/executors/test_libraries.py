"""Executors of other libraries, each with its real one: skipped where that is not installed."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.executors import load
from tests.experiments.launch.driving import fastest, launch, spec

Approach = tuple[str, dict[str, Any]]
LOKY: Approach = ("loky", {})
JOBLIB: Approach = ("joblib", {"backend": "loky"})
JOBLIB_THREADS: Approach = ("joblib", {"backend": "threading"})
GEVENT: Approach = ("gevent", {})
TRIO: Approach = ("trio", {})
ANYIO: Approach = ("anyio", {"backend": "asyncio"})
ANYIO_TRIO: Approach = ("anyio", {"backend": "trio"})

DASK: Approach = ("dask", {"scheduler": "threads"})
DASK_PROCESSES: Approach = ("dask", {"scheduler": "processes"})
DASK_CLUSTER: Approach = ("dask", {"scheduler": "distributed"})
RAY: Approach = ("ray", {})
MPI: Approach = ("mpi4py", {})

APART = [DASK_CLUSTER, RAY, MPI]
IN_PROCESSES = [LOKY, JOBLIB, DASK_PROCESSES, *APART]
LOOPS = [TRIO, ANYIO, ANYIO_TRIO]
IN_PROCESS = [JOBLIB_THREADS, GEVENT, DASK, *LOOPS]
EVERY = [*IN_PROCESSES, *IN_PROCESS]
#: their start takes seconds
SLOW = [DASK_PROCESSES, DASK_CLUSTER, RAY, MPI]
SQUARES = [number * number for number in range(8)]


def missing(approach: Approach) -> list[str]:
    """What has to be installed for it, and isn't."""
    name, options = approach
    more = {"trio": ["trio"], "distributed": ["distributed"]}
    needed = [*load(name).requires, *(more.get(str(next(iter(options.values()), "")), []))]
    lacking = [module for module in needed if importlib.util.find_spec(module) is None]
    if name == "mpi4py" and not lacking:
        there = shutil.which("mpiexec") or Path(sys.executable).with_name("mpiexec").exists()
        lacking = [] if there else ["mpiexec"]
    return lacking


def each(approaches: list[Approach], slow: list[Approach] = SLOW) -> pytest.MarkDecorator:
    """One test an approach; those of slow ones are run on request."""
    made = []
    for approach in approaches:
        needs = missing(approach)
        marks = [pytest.mark.skipif(bool(needs), reason=f"needs {', '.join(needs)}")]
        marks += [pytest.mark.host] if approach in slow else []
        name = "-".join([approach[0], *map(str, approach[1].values())])
        made.append(pytest.param(approach, id=name, marks=marks))
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


@each(IN_PROCESSES, slow=[*SLOW, JOBLIB])
def test_every_worker_process_has_started_before_the_first_batch_and_closed_its_task_at_the_end(
    approach: Approach, tmp_path: Path
) -> None:
    launch(wanted("Witness", approach, tmp_path, workers=4, items=2))
    lines = (tmp_path / "notes").read_text().splitlines()
    seen = [(int(line.split()[0]), line.split(maxsplit=2)[2]) for line in lines]
    first, main = next((place, who) for place, (who, what) in enumerate(seen) if what == "batch")
    started = {who for who, what in seen[:first] if what == "started"}

    assert len(started) == 4
    assert main not in started
    assert {who for who, what in seen if what == "closed"} == {*started, main}


@each([LOKY, JOBLIB], slow=[JOBLIB])
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


@each([DASK_PROCESSES, DASK_CLUSTER, RAY])
@pytest.mark.parametrize(("task", "phase"), [("Exits", "cold"), ("DiesAtStart", "startup")])
def test_a_dead_worker_fails_the_launch_where_the_library_does_not_tell_how_it_died(
    approach: Approach, task: str, phase: str, tmp_path: Path
) -> None:
    last = launch(wanted(task, approach, tmp_path)).last

    assert (last["event"], last["phase"]) == ("failed", phase)
    assert last["reason"].startswith("WorkerDied: ")


@each([MPI])
def test_mpi_ends_the_launch_with_its_dead_worker(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Exits", approach, tmp_path))

    assert done.last == {"event": "phase", "name": "cold"}
    assert done.status != 0


@each(EVERY, slow=[*SLOW, LOKY, JOBLIB, JOBLIB_THREADS, DASK])
def test_an_error_in_a_worker_that_starts_is_told(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("CantStart", approach, tmp_path))

    reason = "LookupError: no such table"
    assert done.last == {"event": "failed", "phase": "startup", "reason": reason}
    assert done.status == 0


@each([one for one in EVERY if one is not DASK_CLUSTER and one is not RAY], slow=[
    *SLOW, LOKY, JOBLIB, JOBLIB_THREADS, DASK,
])  # fmt: skip
def test_an_item_that_leaves_is_an_error_of_its_batch(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Leaves", approach, tmp_path))

    assert done.last == {"event": "failed", "phase": "cold", "reason": "SystemExit: enough"}
    assert done.status == 0
    assert list(tmp_path.iterdir()) == []


@each(IN_PROCESSES, slow=[*SLOW, JOBLIB])
def test_nothing_survives_a_launch_whose_group_is_killed(
    approach: Approach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLWISE_TEST_MARK", str(tmp_path))
    done = launch(wanted("KillsItsGroup", approach, tmp_path))
    started = {"event": "phase", "name": "cold"}
    until = time.monotonic() + 30  # daemons of ray and MPI notice that their parent is gone

    assert done.last == started
    while alive(str(tmp_path)) and time.monotonic() < until:
        time.sleep(0.05)
    assert alive(str(tmp_path)) == []
    # its files are removed by the next launch there
    launch(wanted("Squares", LOKY, tmp_path, workers=1))
    assert list(tmp_path.iterdir()) == []
    assert list(Path("/dev/shm").glob(f"sem.loky-{done.one('hello')['pid']}-*")) == []


def alive(mark: str) -> list[str]:
    """Command lines of the living processes that have the mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended, or is another user's
    return [line for line in found if line]


@each(APART)
def test_state_that_workers_would_have_to_share_is_unsupported(
    approach: Approach, tmp_path: Path
) -> None:
    last = launch(wanted("Counts", approach, tmp_path)).last

    assert last["event"] == "unsupported"
    assert "share no lock and no counter" in last["reason"]


@each([one for one in EVERY if one not in APART], slow=[*SLOW, JOBLIB_THREADS, DASK])
def test_workers_share_a_lock_a_semaphore_and_a_counter(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Counts", approach, tmp_path))

    assert done.one("extras")["lost_updates"] == 0
    assert done.one("extras")["updates"] == 2 * 8


@each(EVERY, slow=[*SLOW, LOKY, JOBLIB, DASK, ANYIO])
def test_waiting_overlaps_up_to_the_workers(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("Sleeps", approach, tmp_path, workers=4, items=16, batches=3))
    least, sequential = 16 / 4 * 0.02, 16 * 0.02

    assert least <= fastest(done) < sequential


@each(LOOPS, slow=[ANYIO, ANYIO_TRIO])
def test_work_without_coroutines_blocks_the_loop(approach: Approach, tmp_path: Path) -> None:
    done = launch(wanted("BlocksTheLoop", approach, tmp_path, workers=8, items=8))

    assert done.batches("steady")[0]["wall_seconds"] >= 8 * 0.02


@each([TRIO, ANYIO_TRIO])
def test_coroutines_that_need_asyncio_are_unsupported_on_trio(
    approach: Approach, tmp_path: Path
) -> None:
    last = launch(wanted("subprocess_jobs", approach, tmp_path)).last

    assert last["event"] == "unsupported"
    assert last["reason"] == "the coroutines of subprocess_jobs need asyncio, which trio is not"


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


@pytest.mark.parametrize("name", ["loky", "dask", "ray", "mpi4py"])
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


def test_what_rays_own_processes_used_is_told(tmp_path: Path) -> None:
    """They are waited for by nobody, and would look like the work of others."""
    pytest.importorskip("ray")
    done = launch(wanted("Squares", RAY, tmp_path, workers=1, expected=SQUARES))

    assert done.last == {"event": "end"}
    assert done.one("elsewhere")["cpu_seconds"] > 0.1  # an interpreter that has imported ray
