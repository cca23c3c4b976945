"""The README's example: a function that knows nothing of Poolwise, from its file to the report."""

from __future__ import annotations

from pathlib import Path

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
        assert NAME in (folder.results / name).read_text()


def test_the_same_command_measures_nothing_twice(example: tuple[Folder, Ended]) -> None:
    folder, _ = example
    before = (folder.results / "launches.csv").read_bytes()
    given = f'tasks={{"{NAME}": {{call: "{NAME}", items: "jobs:documents", path: "{EXAMPLE}"}}}}'

    assert folder.run("--config", given).status == 0
    assert (folder.results / "launches.csv").read_bytes() == before


def test_the_config_is_as_short_as_the_readme_says(tmp_path: Path) -> None:
    folder = Folder.make(tmp_path, tasks={"prints": {"call": NAME, "items": "jobs:nothing_there",
                                                     "path": str(EXAMPLE)}})  # fmt: skip
    (line,) = folder.run("-n").lines

    assert line.startswith("Poolwise: config key 'tasks.prints.items': jobs:nothing_there can't be")
