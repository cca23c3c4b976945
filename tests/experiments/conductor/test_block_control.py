"""Blocks that answer nothing: the A/A control and the overheads."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from experiments.collect import collect
from experiments.conductor.outcome import Outcome
from reports.load import load
from reports.races import raced_controls
from tests.experiments.conductor.blocks import CLEAR, FORK2, MakeBench
from tests.experiments.conductor.fake_world import World

# --- the A/A control -------------------------------------------------------------------------


CONTROL = "control-math_python-2c"


def test_twins_get_the_very_same_launches(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    launch = World.launch

    def watched(world: World, spec: dict[str, Any], pids: tuple[int, ...] = ()) -> Outcome:
        seen.append(spec)
        return launch(world, spec, pids)

    monkeypatch.setattr(World, "launch", watched)
    bench = make_bench(control=True, looks=[3])
    bench.measure(World(), CONTROL)
    launches = [dict(spec) for spec in seen if spec["mode"] == "measure"]
    names = [spec.pop("launch_id").split("/")[2] for spec in launches]

    assert Counter(names) == {f"{FORK2}, A": 3, f"{FORK2}, B": 3}
    assert all(spec == launches[0] for spec in launches)
    assert launches[0]["options"] == {"start_method": "spawn", "chunk": "default"}


def test_the_control_is_judged_alike_by_run_and_report(make_bench: MakeBench) -> None:
    bench = make_bench(control=True)
    run = bench.measure(World(), CONTROL)
    for name in bench.names():
        bench.measure(World(CLEAR), name)
    collect(bench.results)
    (one,) = raced_controls(load(bench.results))

    assert run.race.judgements() == one.judgements
    assert set(bench.reported()) == {"math_python-2c"}
    assert {row["executor_options"] for row in bench.launches(CONTROL)} == {
        f'{{"chunk": "default", "start_method": "spawn", "twin": "{name}"}}' for name in "AB"
    }


def test_the_control_takes_no_seconds_from_the_blocks_and_gives_none(
    make_bench: MakeBench,
) -> None:
    def budgets(folder: str, launch_seconds: float, **config: Any) -> list[float]:
        bench = make_bench(folder, tasks=["math_python", "ipc"], block_seconds=50, **config)
        runs = [bench.measure(World(CLEAR, launch_seconds=1.0), n) for n in bench.names()[-2:]]
        if config["control"]:
            run = bench.measure(World(launch_seconds=launch_seconds), CONTROL)
            assert run.spending.budget == 50
        return [run.spending.budget for run in runs]

    without = budgets("a", 0, control=False)
    assert without[1] > without[0] == 50
    assert budgets("b", 0.001, control=True) == without
    assert budgets("c", 1000.0, control=True) == without


def test_a_control_that_cant_be_calibrated_says_so(make_bench: MakeBench) -> None:
    bench = make_bench(control=True)
    broken = Outcome(status="crashed", reason="SIGSEGV")
    run = bench.measure(World(uncalibrated=broken), CONTROL)

    assert run.race.judgements()["steady"].verdict == "failed"
    assert [row["status"] for row in bench.launches(CONTROL)] == ["crashed"]


# --- overheads -------------------------------------------------------------------------------


OVERHEAD = "overhead-0kib-2c"


def test_overheads_run_all_their_rounds_whatever_they_take(make_bench: MakeBench) -> None:
    bench = make_bench(overheads=True, looks=[3], block_seconds=1)
    run = bench.measure(World(CLEAR, launch_seconds=100.0), OVERHEAD)
    rows = bench.launches(OVERHEAD)

    assert Counter(row["round"] for row in rows) == dict.fromkeys(range(5), 5)
    assert {row["items"] for row in rows} == {500}
    assert bench.run(OVERHEAD)["flags"] == []
    assert run.stopped == "all rounds of the last look used"


def test_overheads_know_their_memory_in_every_round(make_bench: MakeBench) -> None:
    bench = make_bench(overheads=True)
    bench.measure(World(), OVERHEAD)

    assert all(row["peak_memory_mib"] > 0 for row in bench.launches(OVERHEAD))


def test_overheads_take_no_seconds_from_the_blocks_and_are_no_answer(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(tasks=["math_python", "ipc"], overheads=True, block_seconds=50)
    budgets = [
        bench.measure(World(launch_seconds=9.0), name).spending.budget for name in bench.names()
    ]

    assert budgets[0] == 50
    assert budgets[2:] == [math.inf, math.inf]
    assert set(bench.reported()) == {"math_python-2c", "ipc-2c"}


def test_sizes_of_items_and_results_are_kept_where_they_are_known(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.measure(World())

    assert (bench.run()["item_kib"], bench.run()["result_kib"]) == (0.25, None)
