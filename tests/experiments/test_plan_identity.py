"""What makes two blocks the same one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.plan import code_digest
from tests.experiments.facts import host, plan
from tests.experiments.planning import only_block


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
