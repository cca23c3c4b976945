"""It works wherever it is: spaces in paths, another working directory, any user, one core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.schema import LAUNCHES, VERDICT_TABLE
from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import Ended, Folder, copy_project

pytestmark = pytest.mark.host

NOBODY = 65534
#: all that is left of root is that it may read: root's own interpreter may lie in root's home
AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
)  # fmt: skip


def check(folder: Folder, ended: Ended) -> None:
    assert ended.status == 0, ended.said
    assert {row["status"] for row in folder.table(LAUNCHES)} == {"ok"}
    assert len(folder.table(VERDICT_TABLE)) == 2


def test_spaces_in_the_projects_path_and_in_the_results(tmp_path: Path) -> None:
    folder = Folder.make(tmp_path / "working here", results="my results")
    folder.project = copy_project(tmp_path / "pool wise")
    results = folder.path / "my results" / "bench"
    ended = folder.run("--", "my results/bench/verdicts.csv")

    assert ended.status == 0, ended.said
    assert (results / "verdicts.csv").exists()
    assert (results / "logs" / "math_python-1c.log").exists()


def test_plainly_from_the_projects_own_folder_with_its_own_config(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "pool wise")
    folder = Folder.make(project)
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "results/bench/verdicts.csv"]
    done = subprocess.run(
        command, cwd=project, env=folder.environment, capture_output=True, text=True, timeout=150
    )

    check(folder, Ended(done.returncode, done.stderr, done.stdout))


def test_a_neighbour_named_like_the_standard_library_is_no_problem(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder()
    for name in ("queue", "json", "random"):
        (folder.path / f"{name}.py").write_text("raise RuntimeError('the wrong one')\n")
    # Snakemake itself would import them from its working directory
    check(folder, folder.decide(cwd=Path("/")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is not here")
def test_a_user_who_is_not_root(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder()
    home, locks = tmp_path / "home", tmp_path / "locks"
    for path in (home, locks):
        path.mkdir()
    for path in (tmp_path, folder.path, home, locks, folder.path / "config.yaml"):
        os.chown(path, NOBODY, NOBODY)
    for parent in tmp_path.parents:
        if parent.stat().st_mode & 0o005 != 0o005 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o005)
    env = {"HOME": str(home), "POOLWISE_LOCK_FOLDER": str(locks), "XDG_CACHE_HOME": str(home)}
    ended = folder.decide(under=AS_NOBODY, **env)

    check(folder, ended)
    assert (folder.results / "launches.csv").stat().st_uid == NOBODY


@pytest.mark.skipif(not shutil.which("taskset"), reason="taskset (util-linux) is not here")
def test_under_taskset_the_cores_axis_is_just_one_and_the_report_says_why(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder(cores="auto", core_axis="all")
    cpu = min(os.sched_getaffinity(0))
    ended = folder.run(under=("taskset", "-c", str(cpu)))
    facts = json.loads((folder.results / "machine.json").read_text())
    why = f"CPU affinity allows 1 of {os.cpu_count()} logical CPUs"

    check(folder, ended)
    assert {row["cores"] for row in folder.table(LAUNCHES)} == {1}
    assert (facts["usable_cpus"], facts["limits"][0]) == ([cpu], why)
    assert why in (folder.results / "report.html").read_text()
