"""The report decides what the conductor has decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.blocks import BUDGETS, CLEAR, CLOSE, FORK2, WORLDS, MakeBench
from tests.experiments.conductor.fake_world import World

RACES = {
    **WORLDS,
    "tied": World(CLEAR | {"threads x1": 0.2605}, noise=0.001),
    "no gain": World({"threads x1": 0.8, "threads x2": 0.8, FORK2: 0.7}, noise=0.001),
    "all failed": World(
        failing=dict.fromkeys(
            ("sequential", "threads x1", "threads x2", "processes x1 (spawn)", FORK2),
            (0, "crashed", "no"),
        )
    ),
    "no baseline": World(CLEAR, failing={"sequential": (0, "wrong", "item 0")}),
    "baseline fails late": World(CLEAR, failing={"sequential": (2, "wrong", "item 0")}),
    "not calibrated": World(uncalibrated=Outcome(status="crashed", reason="no")),
    "much disturbed": World(CLOSE, disturbed={("sequential", n): 2 for n in range(8)}),
}


@pytest.mark.parametrize("name", RACES)
def test_conductor_and_report_reach_the_same_verdict_to_the_last_digit(
    make_bench: MakeBench, name: str
) -> None:
    bench = make_bench(block_seconds=BUDGETS.get(name, 1000))
    run = bench.measure(replace(RACES[name], ran=[]))

    decided = run.race.judgements()
    reported = bench.reported()[bench.names()[0]]
    assert {m: j.verdict for m, j in reported.items()} == {m: j.verdict for m, j in decided.items()}
    if name != "not calibrated":  # no round was run, and the one row is round 0
        assert reported == decided


#: a task whose items are timed one by one where that decides, else one that computes
OBJECTIVE_TASKS = {"p99": "mixed", "memory": "math_python", "cpu_seconds": "math_python"}


@pytest.mark.parametrize("objective", OBJECTIVE_TASKS)
@pytest.mark.parametrize("name", [*RACES, "mute", "mute later", "mute baseline"])
def test_they_agree_whatever_is_decided_on(
    make_bench: MakeBench, name: str, objective: str
) -> None:
    worlds = RACES | MUTE
    tasks = [OBJECTIVE_TASKS[objective]]
    budget = BUDGETS.get(name, 1000)
    bench = make_bench(block_seconds=budget, objective=objective, tasks=tasks)
    run = bench.measure(replace(worlds[name], ran=[]))

    decided = run.race.judgements()
    reported = bench.reported()[bench.names()[0]]
    assert list(decided) == ["steady"]
    assert reported["steady"].verdict == decided["steady"].verdict
    if name != "not calibrated":
        assert reported == decided


EVERYTHING = ("sequential", "threads x1", "threads x2", "processes x1 (spawn)", FORK2)
MUTE = {
    "mute": World(CLEAR, mute=dict.fromkeys(EVERYTHING, 0)),
    "mute later": World(CLEAR, mute={FORK2: 2}),
    "mute baseline": World(CLEAR, mute={"sequential": 1}),
}


@pytest.mark.parametrize("objective", OBJECTIVE_TASKS)
def test_a_launch_without_a_value_leaves_the_race_and_the_block_says_so(
    make_bench: MakeBench, objective: str
) -> None:
    bench = make_bench(objective=objective, tasks=[OBJECTIVE_TASKS[objective]])
    run = bench.measure(replace(MUTE["mute later"], ran=[]))

    assert run.race.judgements()["steady"].status[FORK2] == "failed"
    (flag,) = bench.run()["flags"]
    assert "known of 1 of" in flag
    assert flag.endswith(f": {FORK2}")


def test_a_platform_that_tells_no_memory_is_a_failed_block_after_one_round(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(objective="memory")
    run = bench.measure(replace(MUTE["mute"], ran=[]))

    assert run.race.judgements()["steady"].verdict == "failed"
    assert bench.run()["rounds"] == 1
    assert bench.run()["flags"][0].startswith("no peak memory known of 5 of 5 launches that ran")


def test_time_decides_nothing_where_memory_does(make_bench: MakeBench) -> None:
    bench = make_bench(objective="memory")
    world = World(CLEAR | {FORK2: 2.0})  # most memory, and the longest batches
    judgement = bench.measure(world).race.judgements()["steady"]

    assert (judgement.verdict, judgement.pick, judgement.speedup) == ("no-gain", "sequential", None)


def test_every_launch_is_profiled_and_times_enough_items(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def specs(folder: str, **config: Any) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        launch = World.launch

        def noting(self: World, spec: Any, pids: Any = ()) -> Outcome:
            seen.append(spec)
            return launch(self, spec, pids)

        with monkeypatch.context() as patched:
            patched.setattr(World, "launch", noting)
            make_bench(folder, **config).measure(World(CLOSE, noise=0.1))
        return [spec for spec in seen if spec["mode"] == "measure"]

    usual, memory = specs("seconds"), specs("memory", objective="memory")
    p99 = specs("p99", objective="p99", tasks=["mixed"])
    assert all(spec["profile"] for spec in memory)
    assert {spec["batches"] for spec in usual + memory} == {1}
    assert all(spec["batches"] * spec["items"] >= 500 for spec in p99)
    assert all((spec["batches"] - 1) * spec["items"] < 500 for spec in p99)


def test_the_worlds_above_cover_every_verdict(make_bench: MakeBench) -> None:
    verdicts = {
        make_bench(name, block_seconds=BUDGETS.get(name, 1000))
        .measure(replace(world, ran=[]))
        .race.judgements()["steady"]
        .verdict
        for name, world in RACES.items()
    }

    assert verdicts == {"best", "tie", "no-gain", "inconclusive", "failed"}
