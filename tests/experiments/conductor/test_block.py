from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.budget import MOST_SAVED, budget_seconds
from experiments.collect import collect
from experiments.conductor import block as conducting
from experiments.conductor import rows
from experiments.conductor.block import BlockRun
from experiments.conductor.child import Outcome
from experiments.conductor.journal import JournalError
from experiments.conductor.preparation import wanted_item_seconds
from experiments.statistics.block import BlockRace
from reports.load import load
from reports.races import raced_controls
from tests.experiments.conductor.fake_world import Bench, KilledError, World

FORK2 = "processes x2 (spawn)"
CLEAR = {"sequential": 0.5, FORK2: 0.26}
#: undecided at the first looks
CLOSE = {"sequential": 0.5, FORK2: 0.49, "threads x2": 0.48}
MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBench:
    def make(folder: str = "results", **config: Any) -> Bench:
        return Bench.make(tmp_path / folder, monkeypatch, **config)

    return make


def outcome_of(bench: Bench, run: BlockRun) -> tuple[Any, ...]:
    """All that a block comes to, but for the time of day and the seconds of the conductor."""
    rows = [{k: str(v) for k, v in row.items() if k != "started_at"} for row in bench.launches()]
    samples = (run.folder / "samples.csv").read_text()
    told = {k: v for k, v in bench.run().items() if k not in ("wall_seconds", "flags")}
    return rows, samples, told, run.race.judgements()


# --- rounds ---------------------------------------------------------------------------------


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


def specs_by_round(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, dict[str, Any]]]:
    """Collects (round, executor, spec) of every measuring launch from now on."""
    seen: list[tuple[int, str, dict[str, Any]]] = []
    launch = World.launch

    def noting(self: World, spec: Any, pids: Any = ()) -> Outcome:
        if spec["mode"] == "measure":
            seen.append((int(spec["launch_id"].split("/")[1]), spec["executor"], dict(spec)))
        return launch(self, spec, pids)

    monkeypatch.setattr(World, "launch", noting)
    return seen


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


def latencies(bench: Bench) -> list[dict[Any, Any]]:
    """The first block's latencies.csv."""
    path = bench.results / "blocks" / bench.names()[0] / "latencies.csv"
    return schema.read(schema.LATENCIES, path).to_dict("records")


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


# --- disturbed launches ---------------------------------------------------------------------


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


# --- going on after a kill ------------------------------------------------------------------

WORLDS = {
    "clear": World(CLEAR),
    "noisy": World(CLOSE, noise=0.2),
    "failing": World(CLEAR, failing={"threads x2": (1, "timeout", "time limit reached")}),
    "disturbed": World(
        CLEAR, disturbed={("threads x1", 0): 1, (FORK2, 1): 2, ("sequential", 2): 1}
    ),
    "short of time": World(CLOSE, noise=0.2, launch_seconds=1.0),
}
BUDGETS = {"short of time": 22}  # spent in the middle of the fifth round


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("killed_after", [0, 1, 2, 7, 14, 15, 16, 23, 24])
def test_a_killed_block_goes_on_to_what_it_would_have_come_to(
    make_bench: MakeBench, name: str, killed_after: int
) -> None:
    config = {"block_seconds": BUDGETS.get(name, 1000)}
    whole = make_bench("whole", **config)
    uninterrupted = outcome_of(whole, whole.measure(replace(WORLDS[name], ran=[])))
    bench = make_bench("killed", **config)
    world = replace(WORLDS[name], ran=[], killed_after=killed_after)
    if len(uninterrupted[0]) > killed_after:
        with pytest.raises(KilledError):
            bench.measure(world)
    assert len(world.ran) <= killed_after
    world.killed_after = None
    resumed = bench.measure(world)

    assert outcome_of(bench, resumed) == uninterrupted


def test_a_launch_whose_line_was_cut_off_runs_again_and_the_block_says_so(
    make_bench: MakeBench,
) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=4)
    with pytest.raises(KilledError):
        bench.measure(world)
    path = bench.results / "blocks" / bench.names()[0] / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    world.killed_after = None
    bench.measure(world)

    assert "the last line was cut off; its launch is measured again" in bench.run()["flags"][0]
    keys = [tuple(row["launch_id"].split("/")[1:3]) for row in bench.launches()]
    assert len(set(keys)) == len(keys)


def test_a_finished_block_is_not_measured_again(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(CLEAR)
    bench.measure(world)
    path = bench.results / "blocks" / bench.names()[0] / "launches.csv"
    before = (path.read_bytes(), world.calibrations, len(world.ran))
    path.unlink()
    bench.measure(world)

    assert (path.read_bytes(), world.calibrations, len(world.ran)) == before


def test_the_wall_time_of_a_resumed_block_covers_its_first_part(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=10)
    with pytest.raises(KilledError):
        bench.measure(world)
    world.killed_after = None
    bench.measure(world)

    assert bench.run()["wall_seconds"] >= 10 * world.launch_seconds


def test_a_journal_of_other_code_is_left_alone(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=4)
    with pytest.raises(KilledError):
        bench.measure(world)
    monkeypatch.setattr(conducting, "code_digest", lambda: "edited")

    with pytest.raises(JournalError, match="another version of the measured code"):
        bench.measure(world)


# --- calibration ----------------------------------------------------------------------------


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


# --- budget ---------------------------------------------------------------------------------


def test_a_block_takes_its_last_look_when_its_seconds_are_spent(make_bench: MakeBench) -> None:
    bench = make_bench(block_seconds=22)
    bench.measure(World(CLOSE, noise=0.2, launch_seconds=1.0))

    # rounds of 5 s: 25 s are spent after the fifth
    assert bench.run()["rounds"] == 5
    assert bench.run()["stopped_because"] == "budget of 22 s spent"


def test_the_rounds_before_the_first_look_always_run(make_bench: MakeBench) -> None:
    bench = make_bench(block_seconds=1)
    bench.measure(World(CLOSE, noise=0.2, launch_seconds=100.0))

    assert bench.run()["rounds"] == 3
    assert bench.run()["flags"] == [
        "its first look was late: 3 rounds took 1500 s, the budget was 1 s (config key "
        "'block_seconds')"
    ]


def test_no_budget_ends_a_block_before_three_rounds(make_bench: MakeBench) -> None:
    bench = make_bench(block_seconds=1, looks=[2, 5])
    bench.measure(World(CLOSE, noise=0.2, launch_seconds=100.0))

    assert bench.run()["rounds"] == 3
    assert bench.run()["flags"][0].startswith("its first look was late: 2 rounds took 1000 s")


def test_a_first_look_within_the_budget_is_no_matter(make_bench: MakeBench) -> None:
    bench = make_bench(block_seconds=15)
    bench.measure(World(CLOSE, noise=0.2, launch_seconds=1.0))

    assert (bench.run()["rounds"], bench.run()["flags"]) == (3, [])


def test_what_earlier_blocks_saved_is_added_within_bounds() -> None:
    assert budget_seconds(20, []) == 20
    assert budget_seconds(20, [12, 15]) == 33
    assert budget_seconds(20, [40, 15]) == 20  # nothing was saved
    assert budget_seconds(20, [0] * 10) == MOST_SAVED * 20


def test_an_open_block_uses_what_a_decided_one_saved(make_bench: MakeBench) -> None:
    bench = make_bench(cores=[1, 2], core_axis="all", block_seconds=22)
    first, second = bench.names()
    bench.measure(World({**CLEAR, "threads x2": 0.9}, launch_seconds=0.1), first)
    bench.measure(World(CLOSE, noise=0.2, launch_seconds=1.0), second)

    assert bench.run(second)["rounds"] == 8


# --- the clock on the wall ------------------------------------------------------------------


def test_a_wall_clock_that_jumps_back_changes_nothing(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = make_bench("calm")
    uninterrupted = outcome_of(calm, calm.measure(World(CLEAR)))
    hours = itertools.count()

    class Backwards:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime(2026, 1, 2, tzinfo=zone) - timedelta(hours=next(hours))

    monkeypatch.setattr(rows, "datetime", Backwards)
    bench = make_bench("jumping")

    assert outcome_of(bench, bench.measure(World(CLEAR))) == uninterrupted
    started = [row["started_at"] for row in bench.launches()]
    assert started == sorted(started, reverse=True)
    assert len(set(started)) > 10


# --- the report decides the same ------------------------------------------------------------

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


# --- the A/A control ------------------------------------------------------------------------

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
            assert run._budget == 50
        return [run._budget for run in runs]

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


# --- overheads ------------------------------------------------------------------------------

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
    budgets = [bench.measure(World(launch_seconds=9.0), name)._budget for name in bench.names()]

    assert budgets[0] == 50
    assert budgets[2:] == [math.inf, math.inf]
    assert set(bench.reported()) == {"math_python-2c", "ipc-2c"}


def test_sizes_of_items_and_results_are_kept_where_they_are_known(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.measure(World())

    assert (bench.run()["item_kib"], bench.run()["result_kib"]) == (0.25, None)
