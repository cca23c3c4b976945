"""Weak scaling in the plan: who gets how many items, and which plans stay what they were."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.plan import digest
from experiments.scaling import batch_multiple, fewest_batches, item_limits
from tests.experiments.facts import host, plan


def blocks(**config: Any) -> list[dict[str, Any]]:
    return list(plan(**config)["blocks"])


def multiples(block: dict[str, Any]) -> dict[str, int]:
    found = block["approaches"]
    return {entry["approach"]: batch_multiple(block, entry["workers"]) for entry in found}


def test_in_strong_scaling_all_approaches_do_the_same_items() -> None:
    (block,) = blocks(workers=[1, 2, 8])

    assert set(multiples(block).values()) == {1}
    assert block["min_items"] == 16


def test_in_weak_scaling_every_worker_brings_as_many_items_as_the_sequential_program_has() -> None:
    (block,) = blocks(workers=[1, 2, 8], executors=["threads", "asyncio"], scaling="weak")

    # items of math_python block the loop: its tasks in flight are as many as there are cores
    assert multiples(block) == {
        "sequential": 1, "threads x1": 1, "threads x2": 2, "threads x8": 8, "asyncio x1": 1
    }  # fmt: skip
    assert (block["min_items"], block["most_multiple"]) == (2, 8)


def test_all_core_counts_of_a_task_have_the_same_bounds_so_that_they_share_a_calibration() -> None:
    made = blocks(cores="auto", core_axis="all", workers="auto", scaling="weak")

    assert [max(multiples(block).values()) for block in made] == [2, 4]
    assert {(block["min_items"], block["most_multiple"]) for block in made} == {(2, 4)}


def test_a_strong_plan_is_the_same_with_and_without_its_name() -> None:
    named, unnamed = plan(scaling="strong"), plan()

    assert named == unnamed
    assert not {"scaling", "most_multiple"} & set(named["blocks"][0])


def test_strong_blocks_keep_the_digest_they_had_before_there_was_weak_scaling() -> None:
    (block,) = blocks()
    settings = plan()["settings"]
    what = ("block", "task", "params", "source_digest", "services", "cores", "cpus", "min_items",
            "approaches", "objective")  # fmt: skip
    how = ("batch_seconds", "batches", "steady_seconds", "looks", "block_seconds", "margin",
           "alpha", "seed", "launch_timeout_seconds", "disturbed")  # fmt: skip
    before = [{key: block[key] for key in what}, {key: settings[key] for key in how}]

    assert block["digest"] == digest(before)


def test_weak_blocks_are_not_the_strong_ones() -> None:
    weak, strong = plan(scaling="weak"), plan()

    assert weak["digest"] != strong["digest"]
    assert weak["blocks"][0]["scaling"] == "weak"


def test_the_control_stays_strong() -> None:
    weak, strong = (
        plan(host(2), cores=[2], control=True, scaling=scaling)["blocks"]
        for scaling in ("weak", "strong")
    )

    assert weak[0]["control"]
    assert weak[0] == strong[0]
    assert weak[1] != strong[1]


@pytest.mark.parametrize(("scaling", "fewest"), [("strong", 128), ("weak", 2)])
def test_a_worker_has_two_items_at_least(scaling: str, fewest: int) -> None:
    assert item_limits({"scaling": scaling}, 64)["min_items"] == fewest


def test_a_launch_times_as_much_work_as_the_sequential_one_at_least() -> None:
    weak, strong = {"scaling": "weak"}, dict[str, Any]()

    assert [fewest_batches(weak, workers, 5) for workers in (1, 2, 4, 5, 64)] == [5, 3, 2, 1, 1]
    assert {fewest_batches(strong, workers, 5) for workers in (1, 64)} == {5}
