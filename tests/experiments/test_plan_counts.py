"""How many workers and cores a plan asks for."""

from __future__ import annotations

import pytest

from experiments.approaches import doubling, worker_counts
from experiments.plan import core_counts
from tests.experiments.facts import host, plan
from tests.experiments.planning import complaint


@pytest.mark.parametrize(
    ("kind", "cores", "counts"),
    [
        ("cpu", 1, [1, 2]),
        ("cpu", 2, [1, 2, 4]),
        ("cpu", 6, [1, 2, 4, 6, 8, 12]),
        ("cpu", 128, [1, 2, 4, 8, 16, 32, 64, 128, 256]),
        ("waiting", 1, [1, 2, 4, 8, 16, 32, 64]),
        ("waiting", 6, [1, 2, 4, 8, 16, 32, 64]),
        ("waiting", 128, [1, 2, 4, 8, 16, 32, 64, 128, 256]),
    ],
)
def test_auto_workers_double_to_what_the_kind_of_work_can_use(
    kind: str, cores: int, counts: list[int]
) -> None:
    assert worker_counts("auto", kind, cores) == counts


def test_a_task_may_limit_its_auto_workers() -> None:
    assert worker_counts("auto", "waiting", 2, most=16) == [1, 2, 4, 8, 16]


def test_workers_asked_for_are_taken_in_order() -> None:
    assert worker_counts([7, 3], "cpu", 2) == [3, 7]


@pytest.mark.parametrize(
    ("largest", "counts"),
    [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (128, [1, 2, 4, 8, 16, 32, 64, 128])],
)
def test_auto_cores_double_and_always_include_all(largest: int, counts: list[int]) -> None:
    assert doubling(largest) == counts
    assert core_counts("auto", host(largest)) == counts


def test_without_affinity_only_all_cores_are_measured() -> None:
    made = plan(host(4, affinity=False), cores="auto", core_axis="all")

    assert [(b["cores"], b["cpus"]) for b in made["blocks"]] == [(4, None)]
    assert "can't bind a process to cores" in complaint(host(4, affinity=False), cores=[2])


def test_more_cores_than_usable_are_refused_with_the_reason() -> None:
    assert complaint(host(2), cores=[1, 3]) == (
        "config key 'cores': 3 asked for, but only 2 usable here "
        "(CPU affinity allows 2 of 2 logical CPUs)"
    )


def test_a_block_gets_the_first_cores_of_the_hosts_order() -> None:
    facts = {**host(4), "core_order": [0, 2, 1, 3]}
    blocks = plan(facts, cores="auto", core_axis="all")["blocks"]

    assert [block["cpus"] for block in blocks] == [[0], [0, 2], [0, 2, 1, 3]]


def test_tasks_off_the_core_axis_run_on_the_largest_count_only() -> None:
    made = plan(host(4), tasks=["ipc", "math_python"], cores="auto", core_axis=["math_python"])
    names = [block["block"] for block in made["blocks"]]

    assert names == ["ipc-4c", "math_python-1c", "math_python-2c", "math_python-4c"]
