from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments import plan as planning
from experiments.approaches import doubling, worker_counts
from experiments.launch.executors import EXECUTORS
from experiments.launch.tasks import TASKS
from experiments.plan import code_digest, core_counts, make_plan
from experiments.settings import ConfigError, resolve
from tests.experiments.facts import SMALL, host, plan


def labels(block: dict[str, Any], executor: str = "") -> list[str]:
    return [e["approach"] for e in block["approaches"] if executor in ("", e["executor"])]


def only_block(**config: Any) -> dict[str, Any]:
    (block,) = plan(**config)["blocks"]
    return dict(block)


def complaint(facts: dict[str, Any] | None = None, **config: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        plan(facts, **config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- worker and core counts -----------------------------------------------------------------


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


# --- approaches -----------------------------------------------------------------------------


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


# --- bad input ------------------------------------------------------------------------------


def test_a_grid_with_nothing_to_compare_is_empty() -> None:
    assert "the grid is empty: nothing to compare with" in complaint(executors=["sequential"])


def test_an_unknown_executor_is_told_with_the_known_ones() -> None:
    line = complaint(executors=["threads", "thraeds"])

    assert "config key 'executors.1': unknown executor 'thraeds'; known: sequential" in line
    assert "config key 'simplicity.0': unknown executor" in complaint(simplicity=["seqential"])


def test_an_executor_of_ones_own_that_cant_be_loaded_says_why() -> None:
    line = complaint(executors=["not_there.at_all:Pool"])

    assert "'executors.0': 'not_there.at_all:Pool' can't be loaded: ModuleNotFoundError" in line


def test_an_unknown_task_on_the_core_axis_is_told() -> None:
    assert "'core_axis.0': unknown task 'math_pyton'" in complaint(core_axis=["math_pyton"])


def test_measuring_the_same_twice_is_refused() -> None:
    assert "names something twice" in complaint(tasks=["ipc", "ipc"])
    shares = {"task": "mixed", "params": {"cpu_share": [0.5, 0.5]}}
    assert "names something twice" in complaint(tasks=[shares])


# --- identity -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"workers": [1, 4]},
        {"executors": ["asyncio"]},
        {"cores": [2]},
        {"batch_seconds": 0.2},
        {"batches": 9},
        {"steady_seconds": 0.7},
        {"looks": [2, 4]},
        {"block_seconds": 33},
        {"margin": 0.1},
        {"alpha": 0.01},
        {"seed": 1},
        {"launch_timeout_seconds": 5},
        {"disturbed": {"repeats": 0}},
        {"simplicity": ["threads", "sequential"]},
        {"tasks": [{"task": "math_python", "params": {"item_ms": 1.0}}]},
    ],
)
def test_a_change_of_what_is_measured_changes_the_digest(change: dict[str, Any]) -> None:
    assert plan(**change)["digest"] != plan()["digest"]


@pytest.mark.parametrize(
    "change",
    [
        {"min_free_mib": 1},
        {"results": "elsewhere"},
        {"machine": "other"},
        {"preset": "quick", "batch_seconds": 0.13, "block_seconds": 24},
        {"most_processes": 7},
        {"variants": "none"},
    ],
)
def test_a_change_of_anything_else_does_not(change: dict[str, Any]) -> None:
    base = plan(batch_seconds=0.13, block_seconds=24)

    assert (
        plan(**{"batch_seconds": 0.13, "block_seconds": 24, **change})["digest"] == (base["digest"])
    )


def test_each_block_says_what_it_is_decided_on() -> None:
    blocks = plan(objective="p99", tasks=["mixed", "math_python"])["blocks"]
    said = {block["task"]: (block["objective"], block["objective_note"]) for block in blocks}
    why = "decided on seconds: items of this task are not timed one by one"

    assert said == {"mixed": ("p99", ""), "math_python": ("seconds", why)}
    assert only_block(objective="memory")["objective"] == "memory"
    assert (only_block()["objective"], only_block()["objective_note"]) == ("seconds", "")


def test_a_blocks_digest_covers_what_it_is_really_decided_on() -> None:
    digests = {name: only_block(objective=name)["digest"] for name in ("seconds", "memory", "p99")}

    assert digests["memory"] != digests["seconds"]
    assert digests["p99"] == digests["seconds"]  # math_python can't be decided on it


def test_another_interpreter_or_other_cpus_change_the_digest() -> None:
    other = host()
    other["interpreters"] = [{"interpreter": "cpython-3.13.0t", "executable": sys.executable}]
    assert plan(other)["digest"] != plan()["digest"]
    assert plan({**host(), "core_order": [1, 0]})["digest"] != plan()["digest"]


def test_one_block_more_leaves_the_others_identity_alone() -> None:
    more = {b["block"]: b["digest"] for b in plan(tasks=["math_python", "ipc"])["blocks"]}

    assert more["math_python-1c"] == only_block()["digest"]


OWN = """
from experiments.launch.base import Task
class Own(Task):
    name = "own"
    defaults = {}
"""


def test_an_edit_of_a_task_of_ones_own_changes_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "plan_own_task.py"
    module.write_text(OWN)
    before = plan(tasks=["plan_own_task:Own"])["digest"]
    module.write_text(OWN + "# edited\n")

    assert plan(tasks=["plan_own_task:Own"])["digest"] != before


def test_the_code_digest_covers_the_measured_code_and_nothing_else(tmp_path: Path) -> None:
    measured = tmp_path / "experiments/launch/base.py"
    measured.parent.mkdir(parents=True)
    measured.write_text("a = 1\n")
    first = code_digest(tmp_path)
    (tmp_path / "experiments/plan.py").write_text("b = 1\n")
    assert code_digest(tmp_path) == first

    measured.write_text("a = 2\n")
    assert code_digest(tmp_path) != first


# --- the whole ------------------------------------------------------------------------------


def test_block_names_are_safe_for_paths_and_unlike() -> None:
    entry = {"task": "mixed", "params": {"cpu_share": [0, 0.5], "item_ms": 2}}
    names = [block["block"] for block in plan(tasks=[entry])["blocks"]]

    assert names == ["mixed-cpu_share=0-item_ms=2-1c", "mixed-cpu_share=0.5-item_ms=2-1c"]


@pytest.mark.parametrize("preset", ["quick", "standard", "thorough"])
def test_every_preset_makes_a_plan_on_hosts_of_any_size(preset: str) -> None:
    for cores in (1, 2, 6, 128):
        made = make_plan(resolve({"preset": preset}), host(cores))
        for block in made["blocks"]:
            assert block["min_items"] >= 2 * max(e["workers"] for e in block["approaches"])
            assert len(set(labels(block))) == len(block["approaches"])
        assert made["estimate"]["seconds"] <= made["estimate"]["most_seconds"]


#: tasks of the thorough preset alone: they need more than the project's own dependencies
NEED_A_SERVER = {"postgres_query"}


@pytest.mark.parametrize(("preset", "left_out"), [("standard", NEED_A_SERVER), ("thorough", set())])
def test_the_larger_presets_touch_every_task(preset: str, left_out: set[str]) -> None:
    made = make_plan(resolve({"preset": preset}), host())

    measured = {block["task"] for block in made["blocks"]}
    assert measured == set(TASKS) - left_out


def test_the_command_writes_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "machine.json").write_text(json.dumps(host()))
    settings = json.dumps(resolve(SMALL))
    arguments = ["--machine", str(tmp_path / "machine.json"), "--settings", settings, "--out"]
    monkeypatch.setattr(sys, "argv", ["plan", *arguments, str(tmp_path / "plan.json")])
    planning.main()

    assert json.loads((tmp_path / "plan.json").read_text()) == json.loads(json.dumps(plan()))


def test_variants_are_measured_for_the_tasks_they_are_asked_for() -> None:
    config = {**VARIED, "tasks": ["ipc", "math_python"], "variant_tasks": ["ipc"]}
    blocks = plan(host(2), **config, variants="at_cores")["blocks"]

    found = {block["task"]: "processes x2 (spawn)" in labels(block) for block in blocks}

    assert found == {"ipc": True, "math_python": False}


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("own_tasks:Lags", "own_tasks.Lags-1c"),
        ("own:{x} <b>|/..'", "own.-x---b---..--1c"),
        ("own:" + "l" * 300, f"own.{'l' * 176}-"),
        ("own:" + "\N{GRINNING FACE}", "own.--1c"),
    ],
)
def test_a_block_of_any_task_has_a_name_that_a_folder_can_have(name: str, folder: str) -> None:
    (block,) = plan(tasks=[name])["blocks"]

    assert block["block"].startswith(folder)
    assert len(block["block"].encode()) < 200
    assert block["task"] == name


# --- executors of other libraries, and their options --------------------------------------------


def test_the_options_of_a_named_executor_are_levels() -> None:
    block = only_block(executors=["joblib", "dask"], workers=[2])

    assert labels(block, "joblib") == ["joblib x2 (backend loky)", "joblib x2 (backend threading)"]
    assert labels(block, "dask") == [
        "dask x2 (scheduler threads)",
        "dask x2 (scheduler processes)",
        "dask x2 (scheduler distributed)",
    ]


def test_options_that_are_given_are_the_only_level() -> None:
    address = {"scheduler": "distributed", "address": "tcp://127.0.0.1:8786"}
    named = [
        {"executor": "dask", "options": address},
        {"executor": "joblib", "options": {"backend": "threading"}},
    ]
    block = only_block(executors=named, workers=[2])

    assert [e["options"] for e in block["approaches"] if e["executor"] == "dask"] == [address]
    assert labels(block, "joblib") == ["joblib x2 (backend threading)"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"address": "tcp://127.0.0.1:8786"}, "address needs 'scheduler: distributed' beside it"),
        ({"scheduler": "distributed", "address": 8786}, "address is 8786, must be like tcp://"),
    ],
)
def test_an_address_that_can_not_be_one_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        only_block(executors=[{"executor": "dask", "options": options}])

    assert str(refused.value).startswith(f"config key 'executors.0.options': {told}")


def test_executors_that_simplicity_leaves_out_come_in_the_order_of_the_registry() -> None:
    names = ["ray", "loky", "processes", "trio", "gevent", "threads"]
    block = only_block(executors=names, workers=[2])

    found = list(dict.fromkeys(e["executor"] for e in block["approaches"]))
    assert found == ["sequential", "threads", "processes", "trio", "gevent", "loky", "ray"]


def test_pools_of_processes_of_any_library_obey_most_processes() -> None:
    block = only_block(executors=["joblib", "loky", "gevent"], workers=[1, 8], most_processes=4)

    left_out = {one["approach"] for one in block["not_run"]}
    assert left_out == {"joblib x8 (backend loky)", "loky x8"}


def test_a_loop_has_one_approach_where_the_items_never_yield_to_it() -> None:
    block = only_block(tasks=["math_python"], executors=["trio", "anyio"], workers=[1, 8])

    assert len(labels(block, "trio")) == 1
    assert len(labels(block, "anyio")) == 2  # its backends


@pytest.mark.parametrize(
    ("executor", "options", "told"),
    [
        ("joblib", {"backend": "fast"}, "backend is 'fast', must be one of loky, threading"),
        ("loky", {"chunk": 3}, "loky has no option 'chunk' here; it has none"),
        ("processes", {"chunk": "auto"}, "processes has no option 'chunk' here; it has none"),
    ],
)
def test_an_option_that_an_executor_has_not_got_is_told(
    executor: str, options: dict[str, Any], told: str
) -> None:
    named = {"executor": executor, "options": options}

    assert complaint(executors=[named]) == f"config key 'executors.0.options': {told}"


def test_a_search_takes_the_executors_of_the_grid_by_their_names() -> None:
    named = {"executor": "joblib", "options": {"backend": "threading"}}
    search = {"task": "mixed", "vary": "cpu_share", "between": [0, 0.96]}
    found = plan(executors=[named, "threads"], breakeven=[search], breakeven_seconds=10)["searches"]

    assert found[0]["executors"] == ["sequential", "joblib", "threads"]


def test_an_executor_named_with_and_without_options_is_measured_once_at_each_level() -> None:
    named = {"executor": "joblib", "options": {"backend": "threading"}}
    block = only_block(executors=[named, "joblib"], workers=[2])

    assert labels(block, "joblib") == ["joblib x2 (backend loky)", "joblib x2 (backend threading)"]


# --- on a cluster ---------------------------------------------------------------------------


def in_chains(count: int) -> dict[str, Any]:
    settings = resolve({**SMALL, "tasks": ["math_python", "ipc", "data_processing"]})
    return make_plan({**settings, "chains": count}, host())


def test_chains_change_who_measures_a_block_and_not_what_it_is() -> None:
    one, two = in_chains(1), in_chains(2)

    assert {block["chain"] for block in two["blocks"]} == {0, 1}
    assert all("chain" not in block for block in one["blocks"])
    assert [b["digest"] for b in one["blocks"]] == [b["digest"] for b in two["blocks"]]
    assert one["digest"] == two["digest"]


def test_chains_run_at_the_same_time() -> None:
    one, two = (in_chains(count)["estimate"] for count in (1, 2))

    assert two["launches"] == one["launches"]
    assert one["seconds"] / 2 <= two["seconds"] < one["seconds"]
    assert one["most_seconds"] / 2 <= two["most_seconds"] < one["most_seconds"]


def test_no_more_processes_than_the_granted_memory_holds() -> None:
    """Else the job would be killed as a whole, each time it goes on."""
    facts = {**host(), "memory_limit_mib": 600}
    found = make_plan(
        resolve({**SMALL, "executors": ["processes", "threads"], "workers": [2, 8]}), facts
    )
    (block,) = found["blocks"]

    assert {e["workers"] for e in block["approaches"] if e["executor"] == "processes"} == {2}
    assert {e["workers"] for e in block["approaches"] if e["executor"] == "threads"} == {2, 8}
    (left,) = block["not_run"]
    assert left["reason"] == "600 MiB of memory were granted: 4 processes of 48 MiB"
