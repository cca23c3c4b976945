from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.breakeven.added import LOOKS, blocks_of
from experiments.breakeven.step import LEAST_SECONDS, next_step
from experiments.collect import collect
from experiments.control import answer_blocks
from reports import breakeven, load
from tests.experiments.breakeven.made_up import SHARE, Crossing, search, threads_until
from tests.experiments.conductor.fake_world import Bench
from tests.experiments.facts import host

MakeBench = Callable[..., Bench]
SMALL: dict[str, Any] = {
    "tasks": [{"task": "math_python", "params": {"item_ms": 1.0}}],
    "workers": [1, 2],
    "breakeven": [SHARE],
    "breakeven_seconds": 1000,
}


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBench:
    def make(**config: Any) -> Bench:
        return Bench.make(tmp_path / "results", monkeypatch, **{**SMALL, **config})

    return make


def reported(bench: Bench) -> list[breakeven.Found]:
    """What the report finds in the same files."""
    collect(bench.results)
    return breakeven.found(load.load(bench.results))


def test_a_search_finds_the_change_with_a_quarter_of_a_sweeps_values(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    steps = search(bench, Crossing(times=threads_until(0.34)))
    (one,) = reported(bench)
    (flip,) = one.flips

    assert (flip.below, flip.above, flip.low, flip.high) == ("threads", "processes", 0.33, 0.36)
    assert steps[-1]["stopped"] == "narrowed down as far as asked for"
    assert len(one.points) == 7
    assert len(one.search.axis.uniform()) == 33


def test_every_step_adds_one_value_where_the_verdict_changes(make_bench: MakeBench) -> None:
    steps = search(make_bench(), Crossing(times=threads_until(0.34)))
    values = [[block["value"] for block in step["blocks"]] for step in steps]

    assert values == [[0.0, 0.96], [0.48], [0.24], [0.36], [0.3], [0.33], []]


def test_blocks_of_the_grid_on_the_line_are_not_measured_again(make_bench: MakeBench) -> None:
    grid = [{"task": "mixed", "params": {"cpu_share": [0, 0.25, 0.75, 0.96]}}]
    bench = make_bench(tasks=grid)
    steps = search(bench, Crossing(times=threads_until(0.34)))
    (one,) = reported(bench)

    assert [block["value"] for block in steps[0]["blocks"]] == [0.5]
    assert {0.0, 0.25, 0.75, 0.96} <= {point.value for point in one.points}
    assert (one.flips[0].low, one.flips[0].high) == (0.32, 0.35)


def test_blocks_of_another_line_are_no_points_of_it(make_bench: MakeBench) -> None:
    other = [{"task": "mixed", "params": {"cpu_share": [0, 0.96], "item_ms": 3}}]
    steps = search(make_bench(tasks=other), Crossing(times=threads_until(0.34)))

    assert [block["value"] for block in steps[0]["blocks"]] == [0.0, 0.96]


def test_between_two_values_the_fastest_of_both_compete(make_bench: MakeBench) -> None:
    def times(params: Mapping[str, Any]) -> Mapping[str, float]:
        below = params["cpu_share"] < 0.5
        threads = {"threads x1": 0.2, "threads x2": 0.3} if below else {"threads x2": 0.5}
        return {"sequential": 2.0, "processes x2 (spawn)": 0.4, "processes x1 (spawn)": 1.0,
                "threads x1": 0.9, **threads}  # fmt: skip

    steps = search(make_bench(), Crossing(times=times))
    first, later = steps[0]["blocks"][0], steps[1]["blocks"][0]
    names = [entry["approach"] for entry in later["approaches"]]

    assert names == ["sequential", "threads x1", "threads x2", "processes x2 (spawn)"]
    assert len(first["approaches"]) == 5, "nothing is known at the ends: all worker counts"


def test_what_is_added_has_rules_and_a_role_of_its_own(make_bench: MakeBench) -> None:
    bench = make_bench()
    search(bench, Crossing(times=threads_until(0.34)))
    added = blocks_of(bench.results)

    assert all(block["statistics"] == {"looks": list(LOOKS)} for block in added)
    assert [block["block"] for block in answer_blocks(bench.plan)] == bench.names()[:1]
    assert len({block["digest"] for block in added}) == len(added)


def test_a_block_ends_as_soon_as_it_is_known_which_executor(make_bench: MakeBench) -> None:
    def times(params: Mapping[str, Any]) -> Mapping[str, float]:
        return {"sequential": 2.0, "processes x2 (spawn)": 1.0, "processes x1 (spawn)": 2.0,
                "threads x1": 0.3, "threads x2": 0.301}  # fmt: skip

    bench = make_bench()
    search(bench, Crossing(times=times, noise=0.03))
    runs = [bench.run(block["block"]) for block in blocks_of(bench.results)]

    assert {run["stopped_because"] for run in runs} <= {"decided which executor", "decided"}
    assert max(run["rounds"] for run in runs) <= 4


def test_parameters_are_compared_as_approaches(make_bench: MakeBench) -> None:
    compared = {
        "task": "ipc", "vary": "payload_kib", "between": [4, 4096], "executors": ["processes"],
        "compare": {"via": ["pickle", "shared_memory"]},
    }  # fmt: skip

    def times(params: Mapping[str, Any]) -> Mapping[str, float]:
        pickled = params["via"] == "pickle"
        cost = params["payload_kib"] / 100 if pickled else 1.8
        return {"processes x2 (spawn)": cost, "processes x1 (spawn)": 2 * cost}

    bench, world = make_bench(breakeven=[compared]), Crossing(times=times)
    search(bench, world)
    (one,) = reported(bench)
    (flip,) = one.flips

    assert (flip.below, flip.above) == ("processes via=pickle", "processes via=shared_memory")
    assert flip.low <= 180 <= flip.high
    assert {params["via"] for params in world.seen if "via" in params} == {
        "pickle",
        "shared_memory",
    }
    labels = [entry["approach"] for entry in blocks_of(bench.results)[-1]["approaches"]]
    assert labels == ["processes x2 (spawn, via pickle)", "processes x2 (spawn, via shared_memory)"]


def test_the_budget_ends_a_search_with_what_it_has(make_bench: MakeBench) -> None:
    bench = make_bench(breakeven_seconds=0)
    (step,) = search(bench, Crossing(times=threads_until(0.34)))
    collect(bench.results)

    assert step["stopped"] == "the 0 s of breakeven_seconds are spent"
    (row,) = [r for r in breakeven.rows(load.load(bench.results)) if r["kind"] == "parameter"]
    assert row["reason"] == step["stopped"]
    assert row["sentence"] == "Nothing was measured."


def test_the_seconds_are_shared_out_over_the_values_to_come(make_bench: MakeBench) -> None:
    bench = make_bench(breakeven_seconds=70, block_seconds=19)
    steps = search(bench, Crossing(times=threads_until(0.34)))
    budgets = [block["budget_seconds"] for step in steps for block in step["blocks"]]

    assert budgets[0] == 17.5, "half of 70 s for the two ends"
    assert all(LEAST_SECONDS <= seconds <= 19 for seconds in budgets)


def test_seconds_that_blocks_have_taken_are_spent(make_bench: MakeBench) -> None:
    bench = make_bench(breakeven_seconds=100)
    world = Crossing(times=threads_until(0.34))
    planned = bench.plan
    search(bench, world)
    for block in blocks_of(bench.results)[:2]:
        path = bench.results / "blocks" / block["block"] / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "wall_seconds": 49.0}))

    assert "spent" in next_step(planned, host(), bench.results, 1)["stopped"]


def test_a_step_of_an_earlier_run_beyond_the_last_one_is_not_read(make_bench: MakeBench) -> None:
    bench = make_bench()
    steps = search(bench, Crossing(times=threads_until(0.34)))
    stale = bench.results / "breakeven" / f"{len(steps)}.json"
    stale.write_text(json.dumps(steps[0]))

    assert len(blocks_of(bench.results)) == sum(len(step["blocks"]) for step in steps)


def test_the_tables_of_the_answers_leave_them_out(make_bench: MakeBench) -> None:
    bench = make_bench()
    search(bench, Crossing(times=threads_until(0.34)))
    collect(bench.results)
    results = load.load(bench.results)

    assert [block.name for block in results.blocks] == bench.names()[:1]
    launches = schema.read(schema.LAUNCHES, bench.results / "launches.csv")
    assert set(launches["block"]) == {block["block"] for block in bench.plan["blocks"]}


def test_the_launches_of_a_search_run_no_profile_batch(make_bench: MakeBench) -> None:
    bench = make_bench()
    search(bench, Crossing(times=threads_until(0.34)))
    added = blocks_of(bench.results)[0]["block"]

    assert all(launch["profile_seconds"] > 0 for launch in bench.launches())
    assert not any(launch["profile_seconds"] > 0 for launch in bench.launches(added))
