"""Every claim on known truths: supported, contradicted, undecided, not measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from experiments import schema
from experiments.statistics.intervals import exponential, paired_interval
from experiments.statistics.records import Interval
from reports import breakeven, claims, claims_view, overheads
from reports.load import Results, load, records
from reports.rulings.evidence import Cell
from reports.rulings.outcome import gain_of, mostly
from tests.reports import synthetic
from tests.reports.synthetic import (
    Costs,
    Scene,
    Truth,
    cpu_scene,
    overhead_scene,
    pool,
    sequential,
    waiting_scene,
)

FREE = "cpython-3.13.0t"
GIL = synthetic.PYTHON
THREADS = Costs("threads", 12e-6, 0.0, (0.0002, 0.0003), 0.1)
#: too noisy for any interval to prove something
NOISE = 0.6
Rows = dict[str, dict[str, Any]]


def ruled(folder: Path, scenes: Iterable[Scene], ceiling: float = 0, **machine: Any) -> list[Any]:
    """Rows of claims.csv; with a ceiling, that is the speedup of independent processes."""
    synthetic.write(folder / "b", list(scenes), **machine)
    if ceiling:
        flat(folder / "b", ceiling)
    results = load(folder / "b")
    for step in (breakeven, overheads, claims):
        step.main(results)
    return records(results.table(schema.CLAIMS))


def flat(folder: Path, speedup: float) -> None:
    rows = [{"machine": "b", "cores": 2, "repeat": n, "wall_seconds": 0.2,
             "speedup": speedup * (1 + n / 1000)} for n in range(5)]  # fmt: skip
    schema.write(schema.CEILING, rows, folder / "ceiling.csv")


def by_name(rows: list[Any], interpreter: str = GIL) -> Rows:
    return {row["claim_id"]: row for row in rows if row["interpreter"] == interpreter}


def changed(scene: Scene, executor: str, **values: Any) -> Scene:
    """The scene with other truths of one executor; a function is called with the truth."""

    def of(truth: Truth) -> Truth:
        made = {name: one(truth) if callable(one) else one for name, one in values.items()}
        return replace(truth, **made) if truth.executor == executor else truth

    return replace(scene, truths=tuple(map(of, scene.truths)))


def faster(times: float) -> Callable[[Truth], float]:
    """Pools of two workers and more are so many times faster than a sequential batch of 0.2 s."""
    return lambda truth: 0.2 / (times if truth.workers > 1 else 1)


def counter(guard: str, lost: int, seen: int | None = 64, **more: Any) -> Scene:
    """Shared state under a guard: threads and processes, which lose as many updates."""
    truths = (
        sequential(0.08, lost=0, seen=more.pop("own", seen)),
        *(pool("threads", n, 0.09, lost=lost, seen=seen) for n in (2, 4)),
        *(pool("processes", n, 0.06, lost=lost, seen=more.get("apart", 0), startup=0.01)
          for n in (2, 4)),
    )  # fmt: skip
    more.pop("apart", None)
    label = f"guard={guard}"
    return Scene("locked_counter", "cpu", 2, truths, {"guard": guard}, label, **more)


def counters(lock: int, free: int, **more: Any) -> list[Scene]:
    return [counter("lock", lock, **more), counter("semaphore", 0, **more),
            counter("none", free, **more)]  # fmt: skip


def wrong_counter(entry: int) -> list[Scene]:
    """A lock under which one launch after the other gives a wrong answer in this entry."""
    reason = f"cold batch 0: item {entry}: expected 700, got 699"
    broken = changed(counter("lock", 0), "threads", status="wrong", reason=reason)
    return [broken, counter("semaphore", 0), counter("none", 9)]


def starting(*seconds: float) -> Scene:
    """Pools of processes that start in so many times 0.3 ms; threads take 0.3 ms."""
    pools = [
        pool("processes", 2, 0.11, startup=3e-4 * one, spawn=number == 1)
        for number, one in enumerate(seconds)
    ]
    return Scene("math_python", "cpu", 2, (sequential(0.2), pool("threads", 2, 0.21, startup=3e-4),
                                           *pools))  # fmt: skip


def handing(item: float, kib: float) -> list[Scene]:
    costs = (THREADS, Costs("processes", item, kib, (0.004, 0.012), 9.0))
    return [overhead_scene(0, costs), overhead_scene(256, costs)]


def mixed(share: float, **seconds: float) -> Scene:
    """A block of task mixed in which two workers of each executor take so long."""
    pools = (pool(executor, 2, one) for executor, one in seconds.items())
    params, label = {"cpu_share": share}, f"cpu_share={share}"
    return Scene("mixed", "waiting", 2, (sequential(0.2), *pools), params, label)


CPU, WAITING = cpu_scene(), waiting_scene("http_request")
NUMPY = cpu_scene("math_numpy")
IDLE = [replace(changed(CPU, "processes", seconds=0.2))]
FROZEN = changed(CPU, "threads", heartbeat=200.0)
GRID: list[tuple[str, list[Scene], str]] = [
    ("gil_threads", [CPU], "supported"),
    ("gil_threads", [changed(CPU, "threads", seconds=faster(1.4))], "contradicted"),
    ("gil_threads", [replace(CPU, noise=NOISE)], "undecided"),
    ("gil_threads", [cpu_scene(cores=1)], "not measured"),
    *((name, [waiting_scene(task)], "supported") for name, task in (
        ("threads_file_read", "file_read"), ("threads_http_request", "http_request"),
        ("threads_database", "sqlite_query"), ("threads_database", "postgres_query"))),
    ("threads_http_request", [changed(WAITING, "threads", seconds=0.26)], "contradicted"),
    ("threads_http_request", [replace(WAITING, noise=5 * NOISE)], "undecided"),
    ("threads_database", [waiting_scene("sqlite_query"),
                          changed(waiting_scene("postgres_query"), "threads", seconds=0.26)],
     "undecided"),
    ("threads_http_request", [CPU], "not measured"),
    ("threads_responsive", [CPU], "supported"),
    ("threads_responsive", [FROZEN], "contradicted"),
    ("threads_responsive", [FROZEN, NUMPY], "undecided"),
    ("threads_responsive", [changed(CPU, "sequential", heartbeat=20.0)], "not measured"),
    ("locks", counters(0, 381), "supported"),
    ("locks", counters(1, 381), "contradicted"),
    ("locks", wrong_counter(64), "contradicted"),
    ("locks", wrong_counter(3), "undecided"),
    ("locks", counters(0, 0), "undecided"),
    ("locks", [replace(scene, rounds=1) for scene in counters(0, 381)], "undecided"),
    ("locks", counters(0, 381)[1:], "not measured"),
    ("threads_memory", counters(0, 381), "supported"),
    ("threads_memory", counters(0, 381, seen=0), "undecided"),
    ("threads_memory", counters(0, 381, seen=0, own=64), "contradicted"),
    ("threads_memory", counters(0, 381, seen=60, own=64), "undecided"),
    ("threads_memory", [CPU], "not measured"),
    ("processes_memory", counters(0, 381), "supported"),
    ("processes_memory", counters(0, 381, apart=64), "contradicted"),
    ("processes_memory", counters(0, 381, apart=1), "undecided"),
    ("processes_memory", counters(0, 381, own=0), "undecided"),
    ("processes_memory", [CPU], "not measured"),
    ("processes_gil", [CPU], "supported"),
    ("processes_gil", IDLE, "contradicted"),
    ("processes_gil", [replace(CPU, noise=NOISE)], "undecided"),
    ("processes_gil", [changed(CPU, "threads", seconds=faster(1.9))], "undecided"),
    ("processes_gil", [NUMPY], "not measured"),
    *((name, [cpu_scene(task)], "supported") for name, task in (
        ("processes_data", "data_processing"), ("processes_learning", "machine_learning"),
        ("processes_math", "math_python"), ("processes_math", "math_numpy"))),
    ("processes_math", IDLE, "contradicted"),
    ("processes_math", [changed(changed(NUMPY, "threads", seconds=faster(1.9)), "processes",
                                seconds=faster(1.5))], "contradicted"),
    ("processes_math", [CPU, changed(NUMPY, "processes", seconds=0.2)], "undecided"),
    ("processes_math", [replace(CPU, noise=NOISE)], "undecided"),
    ("processes_data", [CPU], "not measured"),
    ("processes_startup", [starting(30, 300)], "supported"),
    ("processes_startup", [starting(3, 5)], "contradicted"),
    ("processes_startup", [starting(3, 300)], "undecided"),
    ("processes_startup", [WAITING], "supported"),
    ("processes_startup", [mixed(0, threads=0.1)], "not measured"),
    ("processes_communication", handing(80e-6, 1.5e-6), "supported"),
    ("processes_communication", handing(8e-6, -1e-9), "contradicted"),
    ("processes_communication", handing(8e-6, 1.5e-6), "undecided"),
    ("processes_communication", [CPU], "not measured"),
    ("programs_at_once", [waiting_scene("subprocess_jobs")], "supported"),
    ("programs_at_once", [Scene("subprocess_jobs", "waiting", 2, (
        sequential(0.2), pool("threads", 2, 0.2), pool("asyncio", 2, 0.21)))], "contradicted"),
    ("programs_at_once", [waiting_scene("subprocess_jobs", noise=5 * NOISE)], "undecided"),
    ("programs_at_once", [waiting_scene("subprocess_jobs", cores=1)], "not measured"),
    ("cpu_and_waiting", [mixed(0, asyncio=0.101, processes=0.12),
                         mixed(0.75, asyncio=0.19, processes=0.11)], "supported"),
    ("cpu_and_waiting", [mixed(0, asyncio=0.101, processes=0.12),
                         mixed(0.75, asyncio=0.101, processes=0.11)], "contradicted"),
    ("cpu_and_waiting", [mixed(0, asyncio=0.101, processes=0.12),
                         mixed(0.5, asyncio=0.101, processes=0.11)], "undecided"),
    ("cpu_and_waiting", [replace(mixed(0, asyncio=0.101, processes=0.12), noise=NOISE),
                         mixed(0.75, asyncio=0.19, processes=0.11)], "undecided"),
    ("cpu_and_waiting", [mixed(0, asyncio=0.101, processes=0.12)], "not measured"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "scenes", "expected"), GRID)
def test_a_claim_is_ruled_by_what_is_true(
    claim: str, scenes: list[Scene], expected: str, tmp_path: Path
) -> None:
    row = by_name(ruled(tmp_path, scenes))[claim]
    missing = row["evidence"].startswith("Not measured in this grid: needs ")
    assert (missing, row["ruling"]) == (
        expected == "not measured", "undecided" if expected == "not measured" else expected
    ), row["evidence"]  # fmt: skip
    assert bool(json.loads(row["cells"])) is not missing


def test_the_list_is_whole_and_every_ruling_is_a_word_of_the_contract(tmp_path: Path) -> None:
    rows = ruled(tmp_path, [CPU])
    assert len({row["claim_id"] for row in rows}) == len(rows) == 16
    assert {row["ruling"] for row in rows} <= set(claims_view.MARKS)
    assert all(row["evidence"].endswith(".") for row in rows)


def test_rulings_carry_their_numbers_and_cells(results: Results) -> None:
    rows = by_name(records(results.table(schema.CLAIMS)))
    row = rows["processes_gil"]
    assert row["evidence"].startswith(
        "Processes x4 1.97x (1.94 to 2.00x) on math_python on 2 cores"
    )
    assert "math_python-2c: processes x4" in json.loads(row["cells"])
    assert "of 1,280 writes" in rows["threads_memory"]["evidence"]


def test_what_guards_cost_is_told_for_an_update(tmp_path: Path) -> None:
    scenes = [replace(changed(counter("lock", 0), "threads", seconds=0.18)),
              counter("semaphore", 0), counter("none", 381)]  # fmt: skip
    told = by_name(ruled(tmp_path, scenes))["locks"]["evidence"]
    assert "under a lock sequential 1." in told or "under a lock sequential 0.99" in told
    assert "threads x2 2.0" in told or "threads x2 1.9" in told
    assert "ms more in a batch of 1" in told


# --- what a machine must be able to do ------------------------------------------------------


def test_where_the_cores_add_nothing_nothing_is_learned_of_the_gil(tmp_path: Path) -> None:
    rows = by_name(ruled(tmp_path, IDLE, ceiling=1.0))
    for claim in ("gil_threads", "processes_gil"):
        assert rows[claim]["ruling"] == "undecided"
        assert "Nor do independent processes gain on these cores" in rows[claim]["evidence"]
    assert rows["processes_math"]["ruling"] == "contradicted", "they don't suit this machine"


# --- older results --------------------------------------------------------------------------


def test_older_results_leave_memory_undecided_and_say_why(tmp_path: Path) -> None:
    rows = by_name(ruled(tmp_path, [*counters(0, 381, seen=None, apart=None), overhead_scene(0)]))
    for claim in ("threads_memory", "processes_memory"):
        assert rows[claim]["ruling"] == "undecided"
        assert rows[claim]["evidence"].startswith("Not recorded: ")
    assert "9.00 MiB" in rows["processes_memory"]["evidence"]


# --- several interpreters -------------------------------------------------------------------


def both_builds() -> list[Scene]:
    """Threads gain nothing under the GIL; without it all is slower, and threads gain."""
    free = tuple(
        replace(truth, interpreter=FREE, label=f"{truth.label} (free)",
                seconds=(0.17 if truth.executor == "threads" and truth.workers > 1
                         else truth.seconds * 1.5))
        for truth in CPU.truths
    )  # fmt: skip
    return [replace(CPU, truths=(*CPU.truths, *free))]


BUILDS = [{"interpreter": GIL, "gil": True, "build": "GIL build"},
          {"interpreter": FREE, "gil": False, "build": "free-threaded build"}]  # fmt: skip


def test_each_interpreter_is_ruled_by_its_own_numbers(tmp_path: Path) -> None:
    rows = ruled(tmp_path, both_builds(), interpreters=BUILDS)
    with_gil, without = by_name(rows), by_name(rows, FREE)
    assert len(rows) == 2 * len(with_gil) == 2 * len(without)
    assert with_gil["gil_threads"]["ruling"] == "supported"
    # 0.17 s against its own 0.3 s, though the other interpreter's program takes 0.2 s
    assert without["gil_threads"]["ruling"] == "contradicted"
    assert "runs without the GIL" in without["gil_threads"]["evidence"]
    assert "1.76x" in without["gil_threads"]["evidence"]
    assert with_gil["processes_gil"]["ruling"] == "supported"
    assert without["processes_gil"]["ruling"] == "undecided"
    assert "none to escape" in without["processes_gil"]["evidence"]


def test_a_build_without_a_gil_whose_threads_gain_nothing_says_nothing_of_it(
    tmp_path: Path,
) -> None:
    free = [{"interpreter": GIL, "gil": False}]
    row = by_name(ruled(tmp_path, [CPU], interpreters=free))["gil_threads"]
    assert (row["ruling"], "runs without the GIL" in row["evidence"]) == ("undecided", True)


def test_interpreters_are_groups_only_where_there_are_several(tmp_path: Path) -> None:
    ruled(tmp_path, both_builds(), interpreters=BUILDS)
    results = load(tmp_path / "b")
    groups = claims_view.groups(results, results.table(schema.CLAIMS))
    assert [group.heading for group in groups] == [
        f"{GIL} (GIL build)", f"{FREE} (free-threaded build)"
    ]  # fmt: skip
    assert claims_view.counted(groups).endswith(" undecided")


def test_subinterpreters_are_ruled_as_processes_are(tmp_path: Path) -> None:
    def also(scene: Scene) -> Scene:
        more = [replace(t, executor="interpreters", label=t.label.replace("processes", "inter"))
                for t in scene.truths if t.executor == "processes" and not t.options]  # fmt: skip
        return replace(scene, truths=(*scene.truths, *more))

    with_threads = changed(CPU, "threads", startup=3e-4)
    rows = by_name(ruled(tmp_path, map(also, [with_threads, *counters(0, 381)])))
    found = {name: row["ruling"] for name, row in rows.items() if name.startswith("interpreters_")}
    assert found == {
        "interpreters_memory": "supported",
        "interpreters_gil": "supported",
        "interpreters_data": "undecided",
        "interpreters_learning": "undecided",
        "interpreters_math": "supported",
        "interpreters_startup": "supported",
        "interpreters_communication": "undecided",
    }
    assert rows["interpreters_gil"]["claim"].startswith("Subinterpreters escape the GIL")


# --- doubt and multiplicity -----------------------------------------------------------------


def test_what_can_not_be_true_carries_no_ruling(tmp_path: Path) -> None:
    too_fast = Scene("file_read", "waiting", 2, (
        sequential(0.2, cpu=0.01), pool("threads", 2, 0.05, cpu=0.01), pool("asyncio", 8, 0.04)
    ))  # fmt: skip
    row = by_name(ruled(tmp_path, [too_fast]))["threads_file_read"]
    assert (row["ruling"], json.loads(row["cells"])) == ("undecided", [])
    assert "Left out: file_read-2c: threads x2 (implausible: efficiency above 1)" in row["evidence"]


def test_what_other_locks_give_is_no_doubt_of_the_counts(tmp_path: Path) -> None:
    """Processes under their own semaphore are 2.5 times as fast, on two cores."""
    quick = changed(
        counter("semaphore", 0), "processes", seconds=0.032, primitives="multiprocessing"
    )
    scenes = [counter("lock", 0), quick, counter("none", 381)]
    assert by_name(ruled(tmp_path, scenes))["locks"]["ruling"] == "supported"


def test_times_of_a_disturbed_block_carry_no_ruling_but_counts_do(tmp_path: Path) -> None:
    scenes = [CPU, waiting_scene("file_read"), *counters(0, 381), *handing(80e-6, 1.5e-6)]
    rows = by_name(ruled(tmp_path, [replace(scene, disturbed=True) for scene in scenes]))
    settled = {name for name, row in rows.items() if row["ruling"] != "undecided"}
    assert settled == {"threads_memory", "processes_memory", "locks"}
    assert "Left out: math_python-2c (disturbed)." in rows["gil_threads"]["evidence"]
    assert "Times as long as" not in rows["locks"]["evidence"]
    assert "Others kept the cores busy" in rows["processes_communication"]["evidence"]


def test_threads_that_gain_on_one_core_do_not_contradict_the_gil(tmp_path: Path) -> None:
    on_one = changed(CPU, "threads", seconds=faster(1.4), cpu=0.14)
    row = by_name(ruled(tmp_path, [on_one]))["gil_threads"]
    assert row["ruling"] == "undecided"
    assert "used no more than one core" in row["evidence"]


class Drawn:
    """An approach of which five paired rounds were drawn, at exactly the margin."""

    def __init__(self, random: np.random.Generator) -> None:
        self._logs = np.log(1.05) + random.normal(0, 0.03, 5)

    def gain(self, level: float = 0.95) -> Interval:
        return exponential(paired_interval(self._logs, level))


def test_of_twenty_equal_approaches_the_luckiest_proves_no_gain() -> None:
    random = np.random.default_rng(5)
    runs = [[Drawn(random) for _ in range(20)] for _ in range(300)]
    proven = [gain_of(cast(list[Cell], cells), 0.05).outcome for cells in runs]
    naive = [any(cell.gain().low > 1.05 for cell in cells) for cells in runs]
    assert sum(one is True for one in proven) <= 0.05 * len(runs) < 0.2 * len(runs) < sum(naive)
    assert not any(one is False for one in proven)


def test_most_launches_need_five_of_five() -> None:
    assert [mostly(n, n) for n in range(7)] == [False] * 5 + [True, True]
    assert (mostly(9, 10), mostly(8, 10), mostly(5, 10)) == (True, False, False)


# --- the page -------------------------------------------------------------------------------


def test_cells_are_links_to_their_blocks(results: Results, page: str) -> None:
    (group,) = claims_view.groups(results, results.table(schema.CLAIMS))
    found = {one.claim: one for one in group.claims}
    one = found["The GIL keeps threads from running CPU-bound Python at the same time."]
    assert [(link.anchor, link.text) for link in one.links] == [("block-1", "math_python, 2 cores")]
    assert group.heading == ""
    many = found["Threads keep a program responsive while work runs in the background."]
    assert len(many.links) <= claims_view.MOST_LINKS
    assert '<a href="#block-1">math_python, 2 cores</a>' in page
    assert all(f'id="{link.anchor}"' in page for one in group.claims for link in one.links)
