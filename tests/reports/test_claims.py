from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import schema
from reports.load import Results, records
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene


def rulings(results: Results) -> dict[str, dict[str, str]]:
    return {row["claim_id"]: row for row in records(results.table(schema.CLAIMS))}


def ruled(tmp_path: Path, scenes: list[Scene], **machine: object) -> dict[str, str]:
    rows = rulings(finish(synthetic.write(tmp_path / "b", scenes, **machine)))
    return {name: row["ruling"] for name, row in rows.items()}


def test_a_machine_like_the_textbook_supports_the_textbook(results: Results) -> None:
    found = {name: row["ruling"] for name, row in rulings(results).items()}
    assert found == {
        "gil_threads": "supported",
        "threads_waiting": "supported",
        "processes_gil": "supported",
        "process_startup": "supported",
        "threads_responsive": "undecided",
        "locks": "supported",
    }


def test_rulings_carry_their_numbers_and_cells(results: Results) -> None:
    row = rulings(results)["processes_gil"]
    assert row["evidence"].startswith(
        "Processes x4 1.97x (1.95 to 1.99x) on math_python on 2 cores"
    )
    assert "math_python-2c: processes x4" in json.loads(row["cells"])
    assert "381" in rulings(results)["locks"]["evidence"]


def test_threads_that_gain_contradict_the_gil(tmp_path: Path) -> None:
    scene = synthetic.cpu_scene()
    faster = tuple(replace(t, seconds=0.11) if t.label == "threads x2" else t for t in scene.truths)
    found = ruled(tmp_path, [replace(scene, truths=faster)])
    assert found["gil_threads"] == "contradicted"


def test_an_interpreter_without_a_gil_says_nothing_of_the_gil(tmp_path: Path) -> None:
    free = [{"interpreter": synthetic.PYTHON, "gil": False}]
    found = ruled(tmp_path, [synthetic.cpu_scene()], interpreters=free)
    assert found["gil_threads"] == found["processes_gil"] == "undecided"


def test_a_lock_that_loses_updates_contradicts(tmp_path: Path) -> None:
    scenes = [synthetic.counter_scene("lock", 3), synthetic.counter_scene("none", 9)]
    assert ruled(tmp_path, scenes)["locks"] == "contradicted"


def test_without_a_lost_update_there_was_nothing_to_prevent(tmp_path: Path) -> None:
    scenes = [synthetic.counter_scene("lock", 0), synthetic.counter_scene("none", 0)]
    assert ruled(tmp_path, scenes)["locks"] == "undecided"


@pytest.mark.parametrize("claim", ["gil_threads", "threads_waiting", "processes_gil", "locks"])
def test_cells_that_are_missing_leave_a_claim_undecided(tmp_path: Path, claim: str) -> None:
    alone = Scene("ipc", "cpu", 1, (synthetic.sequential(0.2),))
    row = rulings(finish(synthetic.write(tmp_path / "b", [alone])))[claim]
    assert row["ruling"] == "undecided"
    assert row["evidence"].startswith("not measured in this grid")
