"""What `make report` asks of Snakemake; nothing is made here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
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
