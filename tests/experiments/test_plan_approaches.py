"""Which approaches a block holds, and in which order of simplicity."""

from __future__ import annotations

import pytest

from experiments.launch.executors import EXECUTORS
from experiments.settings import resolve
from tests.experiments.facts import host, plan
from tests.experiments.planning import labels, only_block


def test_where_locks_are_shared_each_approach_names_whose_they_are() -> None:
    block = only_block(tasks=["locked_counter"], executors=["threads", "processes", "asyncio"])
    named = {entry["executor"]: entry["primitives"] for entry in block["approaches"]}

    assert named == {
        "sequential": "threading", "threads": "threading", "processes": "multiprocessing",
        "asyncio": "asyncio",
    }  # fmt: skip
    assert all("primitives" not in entry for entry in only_block(tasks=["ipc"])["approaches"])


def test_sequential_is_always_there_once() -> None:
    assert labels(only_block(executors=["threads"]))[0] == "sequential"
    assert labels(only_block(executors=["threads", "sequential"])).count("sequential") == 1


def test_a_task_without_coroutines_blocks_the_loop_once_not_on_every_worker_count() -> None:
    assert labels(only_block(executors=["asyncio"], workers=[1, 2, 4])) == [
        "sequential",
        "asyncio x1",
    ]
    waiting = only_block(tasks=["mixed"], executors=["asyncio"], workers=[1, 2, 4])
    assert labels(waiting, "asyncio") == ["asyncio x1", "asyncio x2", "asyncio x4"]


VARIED = {
    "executors": ["processes"],
    "workers": [1, 2, 4],
    "cores": [2],
    "start_methods": ["fork", "spawn"],
    "chunks": ["default", "auto"],
}
MAIN = {"processes x1 (fork)", "processes x2 (fork)", "processes x4 (fork)"}


@pytest.mark.parametrize(
    ("variants", "more"),
    [
        ("none", set()),
        ("at_cores", {"processes x2 (spawn)", "processes x2 (fork, chunk auto)"}),
        (
            "all",
            {
                f"processes x{count} ({how})"
                for count in (1, 2, 4)
                for how in ("spawn", "fork, chunk auto", "spawn, chunk auto")
            },
        ),
    ],
)
def test_variants_say_where_other_options_are_measured(variants: str, more: set[str]) -> None:
    block = only_block(**VARIED, variants=variants)

    assert set(labels(block, "processes")) == MAIN | more


def test_other_pools_of_processes_have_start_methods_too_but_chunks_of_their_own() -> None:
    for name in ("multiprocessing_pool", "process_per_item"):
        block = only_block(**{**VARIED, "executors": [name]}, variants="at_cores")

        assert labels(block, name) == [
            *(f"{name} x{count} (fork)" for count in (1, 2, 4)), f"{name} x2 (spawn)",
        ]  # fmt: skip


def test_executors_with_threads_or_interpreters_are_measured_on_every_worker_count() -> None:
    for name in ("asyncio_to_thread", "interpreters"):
        block = only_block(executors=[name], workers=[1, 2, 4], most_processes=1)

        assert labels(block, name) == [f"{name} x{count}" for count in (1, 2, 4)]


def test_the_default_order_of_simplicity_knows_every_executor() -> None:
    """Those of other libraries come after the ones it names, in the order of the registry."""
    named, known = resolve({})["simplicity"], list(EXECUTORS)
    assert set(named) == set(known[: len(named)])
    assert known[len(named)] == "trio"


def test_variants_at_cores_take_the_most_workers_where_none_equals_the_cores() -> None:
    block = only_block(**{**VARIED, "workers": [1, 3]}, variants="at_cores")

    assert "processes x3 (spawn)" in labels(block)
    assert "processes x1 (spawn)" not in labels(block)


def test_process_pools_above_the_limit_are_listed_as_not_run() -> None:
    block = only_block(executors=["processes", "threads"], workers=[1, 8], most_processes=4)
    pools = only_block(executors=["multiprocessing_pool"], workers=[1, 8], most_processes=4)

    assert [cell["approach"] for cell in pools["not_run"]] == ["multiprocessing_pool x8 (spawn)"]

    assert labels(block) == ["sequential", "threads x1", "threads x8", "processes x1 (spawn)"]
    assert block["not_run"] == [
        {
            "approach": "processes x8 (spawn)",
            "reason": "config key 'most_processes' allows 4 processes on 1 cores",
        }
    ]


def test_a_presets_process_limit_grows_with_the_cores() -> None:
    config = {"executors": ["processes"], "workers": [16, 32], "cores": "auto", "core_axis": "all"}
    one, two = plan(host(2), **config)["blocks"]

    assert labels(one, "processes") == []  # 8 x cores
    assert labels(two, "processes") == ["processes x16 (spawn)"]


def test_simplicity_is_the_configured_order_then_main_options_then_fewer_workers() -> None:
    block = only_block(
        **{**VARIED, "executors": ["processes", "threads"], "workers": [2, 1]},
        variants="at_cores",
        simplicity=["processes", "sequential"],
    )

    assert labels(block) == [
        "processes x1 (fork)",
        "processes x2 (fork)",
        "processes x2 (fork, chunk auto)",
        "processes x2 (spawn)",
        "sequential",
        "threads x1",
        "threads x2",
    ]
    assert [entry["simplicity"] for entry in block["approaches"]] == list(range(7))


def test_all_blocks_of_a_task_get_the_items_of_its_largest_pool() -> None:
    config = {"executors": ["threads"], "workers": "auto", "cores": "auto", "core_axis": "all"}
    made = plan(host(4), tasks=["math_python", "mixed"], **config)
    items = {block["block"]: block["min_items"] for block in made["blocks"]}

    # math_python: 8 workers on 4 cores, though only 2 on 1 core
    assert {n for b, n in items.items() if b.startswith("math_python")} == {16}
    assert {n for b, n in items.items() if b.startswith("mixed")} == {128}


def test_variants_are_measured_for_the_tasks_they_are_asked_for() -> None:
    config = {**VARIED, "tasks": ["ipc", "math_python"], "variant_tasks": ["ipc"]}
    blocks = plan(host(2), **config, variants="at_cores")["blocks"]

    found = {block["task"]: "processes x2 (spawn)" in labels(block) for block in blocks}

    assert found == {"ipc": True, "math_python": False}
