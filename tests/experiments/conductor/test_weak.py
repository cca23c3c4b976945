"""A block whose work grows with the workers, on a made-up machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.conductor.batches import Batches
from experiments.conductor.calibration import (
    MOST_ITEMS,
    Calibration,
    CalibrationError,
    calibrate,
    most_items,
)
from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.fake_world import Bench, KilledError, World

#: seconds of each approach's own batch: threads do four times the work in a little more time
SCALES = {"sequential": 0.5, "threads x1": 0.5, "threads x2": 0.52, "threads x4": 0.55}
BASE = Calibration(10, 3, 0.012, 0.12, [0] * 10)
MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBench:
    def make(folder: str = "results", **config: Any) -> Bench:
        weak = {"scaling": "weak", "executors": ["threads"], "workers": [1, 2, 4]}
        return Bench.make(tmp_path / folder, monkeypatch, **{**weak, **config})

    return make


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The specs of all launches from now on."""
    seen: list[dict[str, Any]] = []
    launch = World.launch

    def noting(self: World, spec: Any, pids: Any = ()) -> Outcome:
        seen.append(dict(spec))
        return launch(self, spec, pids)

    monkeypatch.setattr(World, "launch", noting)
    return seen


def asked(specs: list[dict[str, Any]]) -> Counter[int]:
    return Counter(spec["items"] for spec in specs if spec["mode"] == "answers")


# --- items and answers ----------------------------------------------------------------------


def test_each_approach_gets_its_items_with_their_own_answers(
    make_bench: MakeBench, specs: list[dict[str, Any]]
) -> None:
    bench = make_bench(looks=[2])
    bench.measure(World(SCALES))
    base = bench.run()["items"]
    measured = [spec for spec in specs if spec["mode"] == "measure"]

    assert {spec["items"] / base for spec in measured} == {1, 2, 4}
    assert all(spec["items"] == base * spec["workers"] for spec in measured)
    assert all(len(spec["expected"]) == spec["items"] for spec in measured)
    rows = bench.launches()
    assert {(row["workers"], row["batch_multiple"], row["items"]) for row in rows} == {
        (n, n, n * base) for n in (1, 2, 4)
    }


def test_larger_batches_are_fewer(make_bench: MakeBench, specs: list[dict[str, Any]]) -> None:
    make_bench(looks=[2], batches=6).measure(World(SCALES))
    measured = {s["workers"]: s["batches"] for s in specs if s["mode"] == "measure"}

    assert measured == {1: 6, 2: 3, 4: 2}


def test_in_strong_scaling_there_is_one_batch_for_all(
    make_bench: MakeBench, specs: list[dict[str, Any]]
) -> None:
    bench = make_bench(looks=[2], scaling="strong")
    bench.measure(World(SCALES))

    assert asked(specs) == {}
    assert {row["batch_multiple"] for row in bench.launches()} == {1}


def test_each_count_is_asked_once_for_all_rounds_approaches_and_core_counts(
    make_bench: MakeBench, specs: list[dict[str, Any]]
) -> None:
    more = {"executors": ["threads", "processes"], "cores": [1, 2], "core_axis": "all"}
    bench = make_bench(**more)
    for name in bench.names():
        bench.measure(World(SCALES), name)
    base = bench.run()["items"]

    assert asked(specs) == {2 * base: 1, 4 * base: 1}
    answers = [spec for spec in specs if spec["mode"] == "answers"]
    assert {(tuple(s["cpus"]), s["scale"], s["executor"]) for s in answers} == {
        ((0,), 1, "sequential")
    }


def test_a_killed_block_goes_on_with_the_answers_it_had(
    make_bench: MakeBench, specs: list[dict[str, Any]]
) -> None:
    bench, world = make_bench(looks=[3]), World(SCALES, killed_after=9)
    with pytest.raises(KilledError):
        bench.measure(world)
    world.killed_after = None
    bench.measure(world)

    assert set(asked(specs).values()) == {1}
    assert len(bench.launches()) == 12


def test_a_count_without_answers_takes_out_only_who_needs_it(
    make_bench: MakeBench, specs: list[dict[str, Any]]
) -> None:
    bench = make_bench("a", looks=[2])
    bench.measure(World(SCALES))
    base = bench.run()["items"]
    specs.clear()
    bench = make_bench("b", looks=[3], executors=["threads", "processes"])
    late = Outcome(status="timeout", reason="time limit reached in phase steady")
    run = bench.measure(World(SCALES, unanswered={4 * base: late}))

    assert asked(specs) == {2 * base: 1, 4 * base: 1}
    bad = [row for row in bench.launches() if row["status"] != "ok"]
    assert {(row["executor"], row["workers"], row["status"]) for row in bad} == {
        ("threads", 4, "timeout"),
        ("processes", 4, "timeout"),
    }
    assert len(bad) == 2
    assert bad[0]["reason"] == (
        f"sequential answers of its {4 * base} items: time limit reached in phase steady"
    )
    assert run.race.judgements()["steady"].pick == "threads x2"
    assert bench.reported()[bench.names()[0]] == run.race.judgements()


def test_what_failed_once_is_not_asked_again() -> None:
    tries = []

    def refuse(options: Mapping[str, Any], items: int, scale: int) -> Calibration:
        tries.append((items, scale))
        raise CalibrationError(Outcome(reason="no"))

    batches = Batches(BASE, refuse)
    for _ in range(2):
        with pytest.raises(CalibrationError):
            batches.of(4, {})

    assert batches.of(1, {}) is BASE
    assert tries == [(40, 3)]


def test_parameters_that_an_approach_sets_have_answers_of_their_own() -> None:
    asked = []

    def answers(options: Mapping[str, Any], items: int, scale: int) -> Calibration:
        asked.append(dict(options))
        return replace(BASE, expected=["shared"])

    batches = Batches(BASE, answers)
    forked = {"start_method": "fork", "task.via": "shared_memory"}
    spawned = {"start_method": "spawn", "task.via": "shared_memory"}
    assert batches.of(1, {"start_method": "fork"}) is BASE
    assert batches.of(1, forked).expected == batches.of(1, spawned).expected == ["shared"]
    assert asked == [forked], "asked once: how the processes start changes no answer"


# --- how many -------------------------------------------------------------------------------


def test_the_largest_batch_has_as_many_items_as_a_batch_may_have() -> None:
    assert most_items(2, 64) * 64 == MOST_ITEMS
    assert most_items(2, 1) == MOST_ITEMS
    assert most_items(2, 4096) == 2  # two a worker, whatever that comes to


def test_cheap_items_whose_work_is_fixed_are_kept_to_that_and_others_get_larger() -> None:
    def attempt(items: int, scale: int, wanted: float | None) -> Outcome:
        told = {"scale": scale, "batch_seconds": items * scale * 1e-4, "expected": [0] * items}
        return Outcome(status="ok", calibrated=told)

    fixed = calibrate(attempt, 0.12, 2, None, most_items=64)
    scaled = calibrate(attempt, 0.12, 2, 1e-4, most_items=64)

    assert (fixed.items, fixed.scale) == (64, 1)
    assert scaled.items == 64
    assert scaled.batch_seconds == pytest.approx(0.12, rel=0.1)


# --- verdicts -------------------------------------------------------------------------------


def test_the_speedup_is_the_scaled_one(make_bench: MakeBench) -> None:
    bench = make_bench()
    judgement = bench.measure(World(SCALES)).race.judgements()["steady"]

    assert (judgement.verdict, judgement.pick) == ("best", "threads x4")
    assert judgement.speedup is not None
    assert judgement.speedup.estimate == pytest.approx(4 * 0.5 / 0.55, rel=0.01)


@pytest.mark.parametrize("objective", ["seconds", "cpu_seconds", "memory"])
def test_conductor_and_report_agree_to_the_last_digit(
    make_bench: MakeBench, objective: str
) -> None:
    bench = make_bench(objective=objective)
    run = bench.measure(World(SCALES))

    assert bench.reported()[bench.names()[0]] == run.race.judgements()


def test_memory_is_what_the_larger_batch_takes_and_cpu_time_is_for_the_same_work(
    make_bench: MakeBench,
) -> None:
    picks = {}
    for objective in ("memory", "cpu_seconds"):
        run = make_bench(objective, objective=objective).measure(World(SCALES))
        picks[objective] = run.race.judgements()["steady"].pick

    assert picks == {"memory": "sequential", "cpu_seconds": "threads x4"}
