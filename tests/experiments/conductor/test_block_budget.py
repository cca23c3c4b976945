"""The seconds of a block."""

from __future__ import annotations

from experiments.budget import MOST_SAVED, budget_seconds
from tests.experiments.conductor.blocks import CLEAR, CLOSE, MakeBench
from tests.experiments.conductor.fake_world import World


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
