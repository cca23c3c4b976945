"""Snakemake's own report of the results (`snakemake --report`); record and bundle made again."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reports.bundle.opening import opened
from reports.check.claims import choices
from reports.load import load
from tests.workflow.driving import TRACE, Folder

pytestmark = pytest.mark.host

#: tables that are made from measurements, and so belong into a report
MADE = {"summary", "verdicts", "fits", "claims", "breakeven", "overheads", "losses", "interpreters"}


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A small run with all that `rule all` makes; the tests change its record only."""
    waiting = {"task": "mixed", "params": {"cpu_share": 0}}
    tasks = ["math_python", "ipc", waiting]
    folder = Folder.make(tmp_path_factory.mktemp("reported"), tasks=tasks)
    ended = folder.run(timeout=300)
    assert ended.status == 0, ended.said
    return folder


def variable(page: str, name: str) -> Any:
    """A JSON value that the page's scripts start from."""
    start = f"var {name} = "
    value = page[page.index(start, page.index(f'<script id="{name.replace("_", "-")}">')) :]
    return json.JSONDecoder().raw_decode(value.removeprefix(start))[0]


def report(folder: Folder, name: str) -> Path:
    # no network: whatever would be fetched fails at once
    proxies = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    ended = folder.run("--report", name, **proxies)
    assert ended.status == 0, ended.said
    assert TRACE not in ended.said
    return folder.path / name


def in_the_project(folder: Folder, command: str) -> subprocess.CompletedProcess[str]:
    """A record's words, as a shell reads them."""
    return subprocess.run(
        ["sh", "-c", command], cwd=folder.project, env=folder.environment, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip


def test_figures_and_tables_carry_captions_and_categories(reported: Folder) -> None:
    page = report(reported, "report.html").read_text(encoding="utf-8")
    categories, results = variable(page, "categories"), variable(page, "results")
    named = {
        category: {Path(path).name for paths in kinds.values() for path in paths}
        for category, kinds in categories.items()
    }

    assert named["Tables"] == {f"{name}.csv" for name in MADE}
    assert {"report.html", "decision.md"} <= named["Report"]
    drawn = {path.name for path in reported.results.glob("figures/*.svg")}
    assert named["Figures"] == drawn
    assert set(categories["Figures"]) >= {"Speedup against workers"}
    assert all(result["caption"].startswith("<p>") for result in results.values())
    assert all(result["labels"] for result in results.values())
    labels = [result["labels"] for path, result in results.items() if "speedup-" in path]
    assert {label["task"] for label in labels} == {"math_python", "ipc", "mixed (cpu_share=0)"}
    assert "which way of running Python in parallel" in variable(page, "workflow_desc")


def test_a_table_depends_on_all_the_code_that_makes_it(reported: Folder) -> None:
    """Else an update of Poolwise would leave it as it is beside those that are made again."""
    imports = (
        "import sys, reports.claims\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('reports.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True,
                            cwd=reported.project, check=True).stdout.split()  # fmt: skip
    ended = reported.run("--detailed-summary")
    assert ended.status == 0, ended.said
    (claims,) = [line for line in ended.printed.splitlines() if "/claims.csv\t" in line]

    assert len(loaded) > 20
    assert [path for path in loaded if path not in claims] == []


def test_a_zip_holds_every_file(reported: Folder) -> None:
    with zipfile.ZipFile(report(reported, "report.zip")) as archive:
        names = {Path(name).name for name in archive.namelist()}

    assert {"report.html", "decision.md", "verdicts.csv"} <= names
    assert {path.name for path in reported.results.glob("figures/*.svg")} <= names


def test_nothing_is_made_again_afterwards(reported: Folder) -> None:
    ended = reported.run("-n")

    assert ended.status == 0, ended.said
    assert "Nothing to be done" in ended.printed


def test_the_command_in_the_record_checks_it(reported: Folder) -> None:
    """As a reader types it, but for the paths, and before others here change what it is about.

    So small a run mostly decides for threads where items wait, but may have decided nothing.
    """
    record = (reported.results / "decision.md").read_text()
    (command,) = re.findall(r"```sh\n(make check .*?)\n```", record)
    checks = reported.path / "checks"
    done = in_the_project(
        reported,
        command.replace("bundle.zip", shlex.quote(str(reported.results / "bundle.zip")))
        + f" ARGS=\"--results '{checks}'\"",
    )
    decided = choices(load(reported.results), ["math_python", "ipc", "mixed"])

    assert TRACE not in done.stderr
    assert done.returncode in ({0, 1, 2} if decided else {2}), done.stderr
    if not decided:
        assert "nothing to check" in done.stderr
        return
    check = checks / "bench-check"
    plans = [json.loads((folder / "plan.json").read_text()) for folder in (check, reported.results)]
    # the same blocks and approaches; a check looks at them later than a run does
    again, first = (
        {b["block"]: [a["approach"] for a in b["approaches"]] for b in plan["blocks"]}
        for plan in plans
    )
    assert again.items() <= first.items()
    told = json.loads((check / "check.json").read_text())
    assert {choice["task"] for choice in told["choices"]} == {
        choice.block.task for choice in decided
    }


def test_another_decision_makes_the_record_again_and_nothing_else(reported: Folder) -> None:
    before = {path: path.stat().st_mtime_ns for path in reported.results.glob("*.*")}
    ended = reported.run("--config", "decision=[ipc]")
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}

    assert ended.status == 0, ended.said
    assert changed == {"decision.md", "bundle.zip"}
    assert "# How to run ipc on bench" in (reported.results / "decision.md").read_text()


def test_a_bundle_without_names_is_made_again_and_nothing_else(reported: Folder) -> None:
    before = {path: path.stat().st_mtime_ns for path in reported.results.glob("*.*")}
    ended = reported.run("--config", "decision=[ipc]", "anonymise=true")
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    bundle = opened(reported.results / "bundle.zip", reported.path / "opened")
    record = (bundle.folder / "decision.md").read_text()

    assert ended.status == 0, ended.said
    assert changed == {"bundle.zip"}
    assert "bundle.zip" in ended.said
    assert bundle.machine.startswith("machine-")
    assert f"# How to run ipc on {bundle.machine}" in record
