"""What goes wrong inside a launch becomes a row with a reason; everything else goes on."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.schema import LAUNCHES, VERDICT_TABLE
from tests.workflow.driving import TRACE, Ended, Folder

pytestmark = pytest.mark.host

BROKEN = ("WrongInWorkers", "ExitsInWorkers", "SegfaultsInWorkers", "HangsInWorkers")
TASKS = [*(f"own_tasks:{name}" for name in BROKEN), "own_tasks_missing:Task", "math_python"]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Ended]:
    """One run over tasks that fail in every way, and one that does not."""
    folder = Folder.make(
        tmp_path_factory.mktemp("grid"), tasks=TASKS, executors=["threads", "processes"]
    )
    return folder, folder.run()


def rows(grid: tuple[Folder, Ended], task: str, executor: str = "") -> list[dict[str, Any]]:
    return [
        row
        for row in grid[0].table(LAUNCHES)
        if row["task"].endswith(task) and executor in ("", row["executor"])
    ]


def test_the_run_completes_and_the_report_comes_out(grid: tuple[Folder, Ended]) -> None:
    folder, ended = grid

    assert ended.status == 0, ended.said
    assert TRACE not in ended.said
    page = (folder.results / "report.html").read_text()
    assert "</html>" in page
    assert all(name in page for name in (*BROKEN, "own_tasks_missing"))


@pytest.mark.parametrize(
    ("task", "executor", "status", "reason"),
    [
        ("WrongInWorkers", "threads", "wrong", "item 0: expected 0, got 1"),
        ("WrongInWorkers", "processes", "wrong", "item 0: expected 0, got 1"),
        ("ExitsInWorkers", "threads", "crashed", "exited with status 7"),
        ("ExitsInWorkers", "processes", "crashed", "worker process ended with exit status 7"),
        ("SegfaultsInWorkers", "threads", "crashed", "SIGSEGV"),
        ("SegfaultsInWorkers", "processes", "crashed", "process was killed by SIGSEGV"),
        ("HangsInWorkers", "threads", "timeout", "time limit reached in phase cold"),
        ("HangsInWorkers", "processes", "timeout", "time limit reached in phase cold"),
    ],
)
def test_each_failure_is_a_row_with_its_reason(
    grid: tuple[Folder, Ended], task: str, executor: str, status: str, reason: str
) -> None:
    (row,) = rows(grid, task, executor)  # it left the race at once

    assert row["status"] == status
    assert reason in row["reason"]


@pytest.mark.parametrize("task", BROKEN)
def test_what_works_of_the_same_task_is_measured(grid: tuple[Folder, Ended], task: str) -> None:
    assert {row["status"] for row in rows(grid, task, "sequential")} == {"ok"}


def test_a_task_that_cant_be_imported_is_one_row(grid: tuple[Folder, Ended]) -> None:
    (row,) = rows(grid, "own_tasks_missing:Task")

    assert row["status"] == "crashed"
    assert "No module named 'own_tasks_missing'" in row["reason"]


def test_the_rest_of_the_grid_is_as_if_nothing_had_happened(grid: tuple[Folder, Ended]) -> None:
    good = rows(grid, "math_python")

    assert {row["status"] for row in good} == {"ok"}
    assert {row["executor"] for row in good} == {"sequential", "threads", "processes"}


def test_every_block_has_a_verdict(grid: tuple[Folder, Ended]) -> None:
    verdicts = {
        row["task"]: row["verdict"]
        for row in grid[0].table(VERDICT_TABLE)
        if row["mode"] == "steady"
    }

    assert set(verdicts) == set(TASKS)
    assert verdicts["own_tasks_missing:Task"] == "failed"
    # only the sequential program gave right answers: there was nothing to compare it with
    assert {verdicts[f"own_tasks:{name}"] for name in BROKEN} == {"inconclusive"}


def test_nothing_of_it_runs_on(grid: tuple[Folder, Ended]) -> None:
    assert grid[0].none_left()
