"""The README's example: a function that knows nothing of Poolwise, from its file to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.schema import LAUNCHES, VERDICT_TABLE
from tests.workflow.driving import ROOT, TRACE, Ended, Folder

pytestmark = pytest.mark.host

EXAMPLE = ROOT / "tests" / "example"
NAME = "jobs:fingerprint"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Ended]:
    """As `make report TASK=jobs:fingerprint ITEMS=jobs:documents SRC=tests/example` runs it."""
    folder = Folder.make(tmp_path_factory.mktemp("example"), executors=["threads", "processes"])
    given = f'tasks={{"{NAME}": {{call: "{NAME}", items: "jobs:documents", path: "{EXAMPLE}"}}}}'
    return folder, folder.run("--config", given)


def test_it_is_measured_and_reported_under_its_own_name(example: tuple[Folder, Ended]) -> None:
    folder, ended = example

    assert ended.status == 0, ended.said
    assert TRACE not in ended.said
    rows = folder.table(LAUNCHES)
    assert {row["task"] for row in rows} == {NAME}
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["executor"] for row in rows} == {"sequential", "threads", "processes"}
    assert {row["task"] for row in folder.table(VERDICT_TABLE)} == {NAME}
    for name in ("report.html", "decision.md"):
        # Markdown takes a colon for the start of an address unless it is escaped
        assert NAME in (folder.results / name).read_text().replace("\\:", ":")


def test_the_same_command_measures_nothing_twice(example: tuple[Folder, Ended]) -> None:
    folder, _ = example
    before = (folder.results / "launches.csv").read_bytes()
    given = f'tasks={{"{NAME}": {{call: "{NAME}", items: "jobs:documents", path: "{EXAMPLE}"}}}}'

    assert folder.run("--config", given).status == 0
    assert (folder.results / "launches.csv").read_bytes() == before


def test_the_config_is_as_short_as_the_readme_says(tmp_path: Path) -> None:
    folder = Folder.make(tmp_path, tasks={"prints": {"call": NAME, "items": "jobs:nothing_there",
                                                     "path": str(EXAMPLE)}})  # fmt: skip
    trying, line = folder.run("-n").lines

    assert trying == f"Poolwise: trying {NAME} ..."
    assert line.startswith("Poolwise: config key 'tasks.prints.items': jobs:nothing_there can't be")


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A grid of functions that can be measured in part."""

    def job(name: str, **more: str) -> dict[str, str]:
        return {"call": f"awkward_jobs:{name}", "items": "awkward_jobs:ITEMS",
                "path": str(ROOT / "tests" / "workflow"), **more}  # fmt: skip

    tasks = {"locks": job("lock"), "slow": job("slow"),
             "blocker": job("blocking", acall="awkward_jobs:ablocking")}  # fmt: skip
    folder = Folder.make(
        tmp_path_factory.mktemp("awkward"), tasks=tasks, block_seconds=3, batch_seconds=0.06,
        executors=["threads", "asyncio", "processes"],
    )  # fmt: skip
    ended = folder.decide()
    assert ended.status == 0, ended.said
    return folder


def told(folder: Folder, task: str) -> dict[str, Any]:
    """What run.json of a task's only block says, with its rows and what the plan left out."""
    (block,) = (b for b in _plan(folder)["blocks"] if b["task"] == task)
    run = json.loads((folder.results / "blocks" / block["block"] / "run.json").read_text())
    rows = [row for row in folder.table(LAUNCHES) if row["task"] == task]
    return {"flags": run["flags"], "rows": rows, "not_run": block["not_run"], "run": run}


def _plan(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder.results / "plan.json").read_text())
    return found


def test_what_cant_be_pickled_is_measured_in_threads(awkward: Folder) -> None:
    found = told(awkward, "locks")

    assert {row["executor"] for row in found["rows"]} == {"sequential", "threads", "asyncio"}
    assert {row["status"] for row in found["rows"]} == {"ok"}
    (left_out,) = found["not_run"]
    assert "its results can't be sent between processes: TypeError" in left_out["reason"]


def test_a_slow_function_stays_within_its_budget_and_says_what_that_allowed(
    awkward: Folder,
) -> None:
    found = told(awkward, "slow")

    assert {row["status"] for row in found["rows"]} == {"ok"}
    assert found["run"]["items"] == 2
    assert any(flag.startswith("an item takes about 10") for flag in found["flags"])


def test_a_coroutine_that_blocks_the_loop_is_flagged(awkward: Folder) -> None:
    assert any("the event loop stood still" in flag for flag in told(awkward, "blocker")["flags"])
    assert not any("stood still" in flag for flag in told(awkward, "slow")["flags"])
