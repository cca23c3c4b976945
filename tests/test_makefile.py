"""What `make report` asks of Snakemake; nothing is made here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
#: how a make tells the makes below it what it was asked
OUTER = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


def asked(*given: str) -> list[str]:
    """The words after `snakemake`; -n makes nothing, -o takes what comes before for made."""
    command = ["make", "-n", "-o", ".venv-runtime", "-o", ".pango", "report", *given]
    # under `make test` it would be a make inside another, which hands on what that one was given
    alone = {name: value for name, value in os.environ.items() if name not in OUTER}
    said = subprocess.run(
        command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    ).stdout
    return shlex.split(said.splitlines()[-1])[1:]


def test_plain_report_asks_for_nothing_special() -> None:
    assert asked() == ["--cores", "all"]
    assert asked("PRESET=quick") == ["--cores", "all", "--config", "preset=quick"]
    assert asked("PRESET=quick", "ARGS=-n --config seed=2") == [
        "--cores", "all", "-n", "--config", "preset=quick", "seed=2",
    ]  # fmt: skip


def test_one_function_is_one_task_with_results_of_its_own() -> None:
    words = asked("TASK=jobs:work", "ITEMS=jobs:items", "SRC=./my src", "ACALL=jobs:awork")
    tasks, results = words[3:]

    assert results == "results=results/jobs.work"
    assert yaml.safe_load(tasks.removeprefix("tasks=")) == {
        "jobs:work": {"call": "jobs:work", "items": "jobs:items", "path": "./my src",
                      "acall": "jobs:awork"},
    }  # fmt: skip


def test_the_working_directory_is_where_its_module_is_looked_for() -> None:
    tasks = asked("TASK=a:b", "ITEMS=a:c", "ARGS=--config seed=2")[3]

    assert yaml.safe_load(tasks.removeprefix("tasks="))["a:b"]["path"] == "."


@pytest.mark.parametrize("given", ["ITEMS=jobs:items", "ACALL=jobs:awork", "SRC=src"])
def test_what_belongs_to_a_function_needs_one(given: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        asked(given, "PRESET=quick")

    assert f"*** {given.partition('=')[0]} needs TASK: make report TASK=pkg" in caught.value.stderr
    assert caught.value.stdout == ""


@pytest.mark.slow  # makes an environment
def test_an_environment_that_is_linked_to_stays_as_it_is(tmp_path: Path) -> None:
    theirs, project = tmp_path / "theirs", tmp_path / "project"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "bin" / "tool").write_text("precious")
    project.mkdir()
    shutil.copy(ROOT / "Makefile", project)
    (project / "requirements.txt").touch()
    (project / ".venv").symlink_to(theirs)
    alone = {name: value for name, value in os.environ.items() if name not in OUTER}
    subprocess.run(["make", ".venv-runtime"], cwd=project, env=alone, check=True)

    assert [path.read_text() for path in theirs.rglob("*") if path.is_file()] == ["precious"]
    assert not (project / ".venv").is_symlink()
    assert (project / ".venv" / "made-for.txt").exists()


# --- make check -----------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile beside a .venv that is complete, whose Python is a script."""
    folder = tmp_path / "pool wise"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", ".venv/requirements.txt"):
        (folder / name).touch()
    base = Path(getattr(sys, "_base_executable", sys.executable))
    (folder / ".venv" / "made-for.txt").write_text(
        f"{sys.base_prefix} {sys.version} {folder.resolve()}\n"
    )
    (folder / "python").symlink_to(base)
    return folder


def check(project: Path, status: int, *given: str) -> subprocess.CompletedProcess[str]:
    script = project / ".venv" / "bin" / "python"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >words\necho found\nexit {status}\n')
    script.chmod(0o755)
    alone = {name: value for name, value in os.environ.items() if name not in OUTER}
    return subprocess.run(
        ["make", f"PYTHON={sys.executable}", "check", *given],
        cwd=project, env=alone, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_check_exits_with_what_it_has_found(project: Path, status: int) -> None:
    done = check(project, status, "BASELINE=a bundle.zip", "TASK=t", "CORES=2")

    assert done.returncode == status, done.stderr
    assert "found" in done.stderr
    words = (project / "words").read_text().split("\n")[:-1]
    assert words == ["-m", "reports.check", "a bundle.zip", "--cores", "2", "--task", "t"]


def test_a_check_that_breaks_is_none_that_has_flipped(project: Path) -> None:
    assert check(project, 137).returncode == 2


def test_nothing_is_measured_where_make_only_says_what_it_would_do(project: Path) -> None:
    done = check(project, 0, "-n", "BASELINE=b.zip")

    assert not (project / "words").exists()
    assert "-m reports.check 'b.zip'" in done.stdout
