"""What keeps jobs from running on a real Slurm: a clear message, before or at the first job."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.slurm import Cluster, cluster_or_skip
from tests.workflow.driving import ROOT, TRACE, Ended, Folder

pytestmark = pytest.mark.host

PROFILE = ("--executor", "slurm", "--profile", str(ROOT / "workflow/profiles/slurm"))
#: those of the profile, to be changed one by one
RESOURCES = {"mem_mb": "1000", "slurm_extra": "'--exclusive'"}


def resources(**changes: str) -> list[str]:
    given = {**RESOURCES, **changes}
    return ["--default-resources", *(f"{key}={value}" for key, value in given.items())]


def run(slurm: Cluster, path: Path, /, *arguments: str, **config: object) -> Ended:
    folder = Folder.make(path, machine="auto", **config)
    return folder.run(*PROFILE, *arguments, timeout=60, **slurm.environment)


def refused(slurm: Cluster, path: Path, /, *arguments: str, **config: object) -> str:
    """What a run says that ends at once: one line, and not a single job."""
    before = {job.id for job in slurm.jobs()}
    ended = run(slurm, path, *arguments, **config)
    assert ended.status == 1
    assert TRACE not in ended.said
    assert {job.id for job in slurm.jobs()} == before
    (line,) = ended.lines
    return line


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"slurm_partition": "nope"}, "no partition 'nope' (slurm_partition); it has main"),
        ({"constraint": "gold"}, "has the constraint 'gold'; their features: even,node1"),
        ({"mem_mb": "100"}, "mem_mb=100 is too little"),
        ({"mem_mb": "9999999"}, "Slurm would refuse a job of 1 CPUs"),
    ],
)  # fmt: skip
def test_a_profile_that_no_job_can_have(
    slurm: Cluster, tmp_path: Path, change: dict[str, str], says: str
) -> None:
    assert says in refused(slurm, tmp_path, *resources(**change))


def test_more_cpus_than_a_node_has(slurm: Cluster, tmp_path: Path) -> None:
    line = refused(slurm, tmp_path, cluster={"cpus": 64})

    assert "Slurm would refuse a job of 64 CPUs" in line


def test_nodes_that_are_all_drained(slurm: Cluster, tmp_path: Path) -> None:
    slurm.run("scontrol", "update", "nodename=node1,node2", "state=drain", "reason=test")
    try:
        line = refused(slurm, tmp_path)
    finally:
        slurm.run("scontrol", "update", "nodename=node1,node2", "state=resume")
    slurm.wait_idle(20)

    assert "no node of partition main is up" in line
    assert "would wait for ever" in line


def test_a_slurm_that_forgets_jobs_before_their_end_is_seen(tmp_path: Path) -> None:
    with cluster_or_skip(nodes=1, disjoint=False, min_job_age=60) as forgetful:
        line = refused(forgetful, tmp_path)

    assert "forgets a job 60 s after its end (MinJobAge)" in line
    assert "ask your administrator for MinJobAge=300" in line


def test_a_host_without_slurm(slurm: Cluster, tmp_path: Path) -> None:
    """All programs but Slurm's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "bash", "which", "env", "cat", "ls", "uname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    folder = Folder.make(tmp_path / "site", machine="auto")
    path = f"{Path(sys.executable).parent}{os.pathsep}{programs}"
    ended = folder.run(*PROFILE, timeout=60, PATH=path)

    assert ended.status == 1
    assert TRACE not in ended.said
    assert "sbatch isn't on the PATH" in ended.said


def test_a_login_node_that_measures_itself_is_warned(slurm: Cluster, tmp_path: Path) -> None:
    folder = Folder.make(tmp_path)
    ended = folder.run("-n", **slurm.environment)

    assert ended.status == 0
    assert "seems to be a login node" in ended.said
    assert "--executor slurm" in ended.said


def test_a_folder_that_the_nodes_do_not_see(slurm: Cluster, tmp_path: Path) -> None:
    """Here it is a disk of its own, mounted for this process and no node."""
    hide = (
        'text=$(cat config.yaml) && mount -t tmpfs none "$PWD" && cd "$PWD" && '
        'printf "%s\\n" "$text" >config.yaml && exec "$@"'
    )
    under = ("unshare", "--mount", "sh", "-c", hide, "sh")
    probe = ("unshare", "--mount", "mount", "-t", "tmpfs", "none", str(tmp_path))
    if slurm.run(*probe, check=False).returncode != 0:
        pytest.skip("needs the right to mount")
    folder = Folder.make(tmp_path / "site", machine="auto")
    started = time.monotonic()
    ended = folder.run(*PROFILE, timeout=150, under=under, **slurm.environment)

    assert ended.status == 1
    assert time.monotonic() - started < 120  # it ends, that is what counts
    assert "the first job left no trace: the nodes may not see" in ended.said
    slurm.wait_idle(30)


def test_a_job_that_can_never_start_is_ended_and_told(slurm: Cluster, tmp_path: Path) -> None:
    """Its time is more than the partition allows: Slurm takes it, and lets it wait for ever."""
    folder = Folder.make(tmp_path, machine="auto")
    ended = folder.run(
        "results/short/launches.csv", *PROFILE, *resources(slurm_partition="short"),
        "--set-resources", "block:runtime=99", "--slurm-init-seconds-before-status-checks", "2",
        timeout=400, **slurm.environment,
    )  # fmt: skip

    assert ended.status == 1
    assert TRACE not in ended.said
    assert "could never start (PartitionTimeLimit) and was cancelled" in ended.said
    slurm.wait_idle(30)
