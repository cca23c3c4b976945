"""A whole plan, what it refuses, and a plan for a cluster."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments import plan as planning
from experiments.launch.tasks import TASKS
from experiments.plan import make_plan
from experiments.settings import resolve
from tests.experiments.facts import SMALL, host, plan
from tests.experiments.planning import complaint, labels


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
