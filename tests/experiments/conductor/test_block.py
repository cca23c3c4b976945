"""A block's rounds, its disturbed launches and its calibration."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from experiments.conductor.outcome import Outcome
from experiments.conductor.preparation import wanted_item_seconds
from experiments.statistics.block import BlockRace
from tests.experiments.conductor.blocks import (
    CLEAR,
    CLOSE,
    FORK2,
    MakeBench,
    latencies,
    specs_by_round,
)
from tests.experiments.conductor.fake_world import World

# --- rounds ----------------------------------------------------------------------------------


def test_every_round_runs_all_approaches_once(make_bench: MakeBench) -> None:
    bench, world = make_bench(looks=[3]), World(CLEAR)
    bench.measure(world)
    names = {entry["approach"] for entry in bench.plan["blocks"][0]["approaches"]}

    assert [number for number, _ in world.ran] == [n for n in range(3) for _ in names]
    assert Counter(world.ran) == Counter((n, name) for n in range(3) for name in names)


def test_the_order_is_random_and_the_seeds(make_bench: MakeBench) -> None:
    def orders(folder: str, **config: Any) -> list[tuple[int, str]]:
        world = World(CLEAR)
        make_bench(folder, looks=[6], **config).measure(world)
        return world.ran

    first = orders("a")
    rounds = [tuple(name for n, name in first if n == number) for number in range(6)]

    assert len(set(rounds)) > 1
    assert orders("b") == first
    assert orders("c", seed=1) != first


def test_each_launch_gets_the_same_items_and_the_expected_answers(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    launch = World.launch

    def noting(self: World, spec: Any, pids: Any = ()) -> Outcome:
        seen.append((spec["mode"], spec["items"], spec["expected"], spec["cpus"]))
        return launch(self, spec, pids)

    monkeypatch.setattr(World, "launch", noting)
    bench = make_bench(looks=[2])
    bench.measure(World())
    items = bench.run()["items"]

    assert {tuple(call[3]) for call in seen if call[0] == "calibrate"} == {(0,)}
    measured = [call for call in seen if call[0] == "measure"]
    assert all(call[1:] == (items, [0] * items, [0, 1]) for call in measured)


def test_profile_batches_run_until_the_first_look(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = specs_by_round(monkeypatch)
    make_bench("open").measure(World(CLOSE, noise=0.2))

    assert {spec["profile"] for number, _, spec in seen if number < 3} == {True}
    assert {spec["profile"] for number, _, spec in seen if number >= 3} == {False}


def test_a_launch_that_only_the_one_shot_race_wants_runs_no_steady_batches(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = specs_by_round(monkeypatch)
    monkeypatch.setattr(
        BlockRace, "wanted_by", lambda self, key: {"oneshot"} if key == FORK2 else {"steady"}
    )
    make_bench().measure(World(CLEAR))

    short = [spec for _, _, spec in seen if spec["executor"] == "processes" and spec["workers"] > 1]
    whole = [spec for _, executor, spec in seen if executor == "threads"]
    assert {(spec["batches"], spec["steady_seconds"]) for spec in short} == {(0, 0.0)}
    assert not any(spec["profile"] for spec in short)
    assert all(spec["steady_seconds"] > 0 for spec in whole)


def test_items_of_waiting_work_are_timed(make_bench: MakeBench) -> None:
    bench = make_bench(looks=[2], tasks=[{"task": "mixed", "params": {"cpu_share": 0}}])
    bench.measure(World())
    rows, buckets = bench.launches(), latencies(bench)

    told = [(row["launch_id"], row["latency_p99_ms"]) for row in rows]
    assert len({p99_ms for _, p99_ms in told}) == len(told)  # each launch has its own
    assert [(bucket["launch_id"], bucket["latency_ms"]) for bucket in buckets] == told
    assert {bucket["count"] for bucket in buckets} == {3 * bench.run()["items"]}


def test_items_of_cpu_work_are_not(make_bench: MakeBench) -> None:
    bench = make_bench(looks=[2])
    bench.measure(World())

    assert latencies(bench) == []
    assert all(math.isnan(row["latency_p99_ms"]) for row in bench.launches())


def test_a_clear_race_ends_at_the_first_look_and_an_open_one_at_the_last(
    make_bench: MakeBench,
) -> None:
    clear, open_ = make_bench("clear"), make_bench("open")
    clear.measure(World(CLEAR, noise=0.0005))
    open_.measure(World(CLOSE, noise=0.2))

    # the baseline and the pick go on until the speedup is known well enough
    assert clear.run()["stopped_because"] == "decided"
    threads = [row for row in clear.launches() if row["executor"] == "threads"]
    assert max(row["round"] for row in threads) == 2
    assert open_.run()["stopped_because"] == "all rounds of the last look used"
    assert open_.run()["rounds"] == 8


def test_an_approach_that_fails_leaves_the_race_and_the_rest_goes_on(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    failing = {"threads x2": (1, "crashed", "killed by SIGSEGV in phase steady")}
    run = bench.measure(World(CLEAR, failing=failing))
    rows = [row for row in bench.launches() if (row["executor"], row["workers"]) == ("threads", 2)]
    judgement = run.race.judgements()["steady"]

    assert [(row["round"], row["status"]) for row in rows] == [(0, "ok"), (1, "crashed")]
    assert rows[1]["reason"] == "killed by SIGSEGV in phase steady"
    assert (judgement.verdict, judgement.pick) == ("best", FORK2)
    assert judgement.status["threads x2"] == "failed"


# --- disturbed launches ----------------------------------------------------------------------


def test_a_disturbed_launch_is_repeated_once_and_the_calm_one_counts(
    make_bench: MakeBench,
) -> None:
    bench, world = make_bench(looks=[3]), World(CLEAR, disturbed={("threads x1", 1): 1})
    run = bench.measure(world)
    ours = [
        row for row in bench.launches() if row["launch_id"].split("/")[1:3] == ["1", "threads x1"]
    ]

    assert [row["disturbed"] for row in ours] == [True, False]
    assert len({row["launch_id"] for row in bench.launches()}) == len(bench.launches())
    calm = make_bench("calm", looks=[3]).measure(World(CLEAR))
    assert run.race.judgements()["steady"].pick == calm.race.judgements()["steady"].pick


def test_repeats_are_bounded_and_the_block_says_that_it_was_disturbed(
    make_bench: MakeBench,
) -> None:
    always = {(name, n): 9 for name in ("sequential", "threads x1", "threads x2") for n in range(3)}
    bench = make_bench(looks=[3], disturbed={"repeats": 4})
    bench.measure(World(CLEAR, disturbed=always))

    assert len(bench.launches()) == 3 * 5 + 4
    (flag,) = bench.run()["flags"]
    told = "13 of 19 launches were disturbed, also after repeats: foreign CPU use in 13"
    assert flag == told


def test_no_repeats_where_none_are_allowed(make_bench: MakeBench) -> None:
    bench = make_bench(looks=[3], disturbed={"repeats": 0})
    bench.measure(World(CLEAR, disturbed={("threads x1", 1): 1}))

    assert len(bench.launches()) == 3 * 5


def test_a_slow_function_is_run_no_more_often_than_planned(make_bench: MakeBench) -> None:
    bench, world = make_bench(looks=[3]), World(CLEAR, disturbed={("threads x1", 1): 1})
    bench.plan["blocks"][0] |= {"likely_seconds": 100.0, "profiled_rounds": 1}
    specs = []
    launch = world.launch
    bench.monkeypatch.setattr(
        world, "launch", lambda spec, *more: (specs.append(spec), launch(spec, *more))[1]
    )
    bench.measure(world)
    measured = [spec for spec in specs if spec["mode"] == "measure"]

    assert len(bench.launches()) == len(measured) == 3 * 5
    assert all(spec["core_limit_seconds"] is None for spec in measured)  # no batch is redone
    assert [spec["profile"] for spec in measured] == [True] * 5 + [False] * 10


def test_what_the_plan_notes_of_a_function_is_a_flag(make_bench: MakeBench) -> None:
    bench = make_bench(looks=[3])
    bench.plan["blocks"][0]["notes"] = ["acall was not tried before measuring"]
    bench.measure(World(CLEAR))

    assert bench.run()["flags"] == ["acall was not tried before measuring"]


# --- calibration -----------------------------------------------------------------------------


def test_a_task_is_calibrated_once_for_all_its_core_counts(make_bench: MakeBench) -> None:
    bench, world = make_bench(cores=[1, 2], core_axis="all"), World(CLEAR)
    for name in bench.names():
        bench.measure(world, name)

    assert len(bench.names()) == 2
    assert world.calibrations == 2  # the first guess, and the batch that hits
    assert len({bench.run(name)["items"] for name in bench.names()}) == 1


@pytest.mark.parametrize("order", [["sequential", "threads"], ["threads", "sequential"]])
def test_a_task_that_does_not_run_is_one_row_with_the_reason(
    make_bench: MakeBench, order: list[str]
) -> None:
    bench = make_bench(simplicity=order)
    reason = "ModuleNotFoundError: No module named 'nowhere' in phase import"
    run = bench.measure(World(uncalibrated=Outcome(status="crashed", reason=reason)))
    (row,) = bench.launches()

    assert (row["executor"], row["status"], row["reason"]) == ("sequential", "crashed", reason)
    assert bench.run()["flags"] == [f"nothing was measured: the sequential run {reason}"]
    assert bench.run()["stopped_because"] == "the task does not run sequentially"
    assert run.race.judgements()["steady"].verdict == "failed"


def test_a_task_that_does_not_run_is_one_row_also_after_a_rerun(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(uncalibrated=Outcome(status="timeout", reason="too long"))
    bench.measure(world)
    bench.measure(world)

    assert len(bench.launches()) == 1


def test_work_is_scaled_only_where_a_task_can() -> None:
    assert wanted_item_seconds("math_python", {"item_ms": 6.0}) == 0.006
    assert wanted_item_seconds("mixed", {"item_ms": 2.0, "cpu_share": 0}) is None
    assert wanted_item_seconds("subprocess_jobs", {}) is None
    assert wanted_item_seconds("nowhere.to_be:Found", {}) is None
