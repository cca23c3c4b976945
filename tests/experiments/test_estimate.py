from __future__ import annotations

from typing import Any

import pytest

from experiments.approaches import approach
from experiments.estimate import (
    LAUNCH_SECONDS,
    WORKER_SECONDS,
    block_seconds_bounds,
    launch_seconds,
    launches_at_first_look,
)
from tests.experiments.facts import plan


def made(**config: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A block and the settings of a small plan."""
    found = plan(**{"looks": [3, 8], "block_seconds": 1000, **config})
    return found["blocks"][0], found["settings"]


def test_every_approach_runs_up_to_the_first_look() -> None:
    block, settings = made()

    assert launches_at_first_look(block, settings) == 3 * len(block["approaches"])


def test_more_rounds_or_approaches_take_longer() -> None:
    short = block_seconds_bounds(*made())

    assert block_seconds_bounds(*made(looks=[5, 8]))[0] > short[0]
    assert block_seconds_bounds(*made(workers=[1, 2, 4]))[0] > short[0]


def test_the_likely_time_lies_below_the_largest() -> None:
    likely, most = block_seconds_bounds(*made())

    assert 0 < likely < most


def test_the_budget_bounds_an_undecided_block_but_not_its_first_rounds() -> None:
    block, settings = made(block_seconds=1)
    _, most = block_seconds_bounds(block, settings)

    assert most < block_seconds_bounds(*made())[1]
    assert most >= sum(3 * launch_seconds(e, block, settings) for e in block["approaches"])


def test_a_launch_that_times_enough_items_for_a_p99_takes_longer() -> None:
    def sequential(objective: str, task: str) -> float:
        block, settings = made(objective=objective, tasks=[task], batches=1, steady_seconds=0)
        return launch_seconds(approach("sequential", {}, 1), block, settings)

    usual = sequential("seconds", "mixed")
    # 4 items a batch: 125 batches rather than one
    assert sequential("p99", "mixed") > 20 * usual
    assert sequential("p99", "math_python") == sequential("memory", "mixed") == usual


def test_a_launch_with_more_work_takes_longer_by_what_its_workers_do_not_share() -> None:
    def seconds(scaling: str, task: str, executor: str) -> float:
        block, settings = made(scaling=scaling, tasks=[task], batches=1, steady_seconds=0)
        return launch_seconds(approach(executor, {}, 4), block, settings)

    batch = made()[1]["batch_seconds"]
    # cold, steady and profile batch: of four times the items, one after the other
    more = seconds("weak", "math_python", "threads") - seconds("strong", "math_python", "threads")
    assert more == pytest.approx(3 * 3 * batch)
    # or at once, as waiting items are
    more = seconds("weak", "mixed", "threads") - seconds("strong", "mixed", "threads")
    assert more == pytest.approx(3 * 3 / 4 * batch)


def test_the_answers_of_larger_batches_take_time_too() -> None:
    (weak, settings), (strong, _) = made(scaling="weak", workers=[4]), made(workers=[4])
    rounds = sum(
        launch_seconds(entry, weak, settings) - launch_seconds(entry, strong, settings)
        for entry in weak["approaches"]
    )
    added = block_seconds_bounds(weak, settings)[1] - block_seconds_bounds(strong, settings)[1]
    assert added - 8 * rounds == pytest.approx(LAUNCH_SECONDS + 4 * settings["batch_seconds"])


def test_a_process_an_item_costs_a_start_an_item() -> None:
    block, settings = made(batches=1)
    each, pool = (
        launch_seconds(approach(name, {"start_method": "spawn"}, 2), block, settings)
        for name in ("process_per_item", "multiprocessing_pool")
    )
    starts = 3 * block["min_items"] - 2  # cold, steady and profile batch, against two workers
    assert each - pool == pytest.approx(starts * WORKER_SECONDS["spawn"] / block["cores"])


def test_spawned_pools_cost_more_than_forked_ones_and_threads() -> None:
    block, settings = made()
    fork, spawn = (
        launch_seconds(
            approach("processes", {"start_method": method, "chunk": "default"}, 8), block, settings
        )
        for method in ("fork", "spawn")
    )

    assert spawn > fork > launch_seconds(approach("sequential", {}, 1), block, settings)
