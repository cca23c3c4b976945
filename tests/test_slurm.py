"""The cluster that tests start: its nodes work, several get along, and nothing is left of one."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import slurm_config
from tests.slurm import Cluster, cluster_or_skip

host = pytest.mark.host
WHERE = "printenv SLURMD_NODENAME"

#: writes which CPUs it may use, then waits until another node's job has done so too
MEET = """
import json, os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
new = folder / (os.environ["SLURMD_NODENAME"] + ".new")
new.write_text(json.dumps(sorted(os.sched_getaffinity(0))))
new.rename(new.with_suffix(".cpus"))
while len(list(folder.glob("*.cpus"))) < 2:
    time.sleep(0.02)
"""


def submit(cluster: Cluster, script: Path, *options: str, text: str) -> str:
    """The number of a batch job whose output lies beside its script."""
    script.write_text(f"#!/bin/sh\n{text}\n")
    output = f"--output={script.with_suffix('.out')}"
    return cluster.run("sbatch", "--parsable", output, *options, str(script)).stdout.strip()


def states(cluster: Cluster, *jobs: str) -> list[str]:
    return [job.state for job in cluster.jobs() if job.id in jobs]


def stubborn_job(cluster: Cluster, folder: Path) -> str:
    """One that runs on node1 and only SIGKILL ends."""
    there = folder / "there"
    text = f"trap '' TERM; touch {there}; while :; do sleep 0.1; done"
    job = submit(cluster, folder / "stubborn", "--nodelist=node1", text=text)
    until(there.exists)
    return job


def runs(pid: int) -> bool:
    """An orphan that has ended may lie there until the machine's first process sees to it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def node_daemons(cluster: Cluster) -> list[int]:
    """Those of the nodes; steps of an earlier job may still be about to end."""
    found = cluster.processes()
    return [
        one.pid
        for one in psutil.process_iter(["name"])
        if one.pid in found and one.info["name"] == "slurmd"
    ]


def connections(pid: int) -> list[Any]:
    """Its internet connections; none of a process that has ended."""
    try:
        return list(psutil.Process(pid).net_connections("inet"))
    except psutil.NoSuchProcess:
        return []


def until(fulfilled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not fulfilled():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@host
def test_both_nodes_run_a_job_at_once_on_cpus_of_their_own(slurm: Cluster, tmp_path: Path) -> None:
    (tmp_path / "meet.py").write_text(MEET)
    meet = f"{sys.executable} {tmp_path / 'meet.py'} {tmp_path}"

    jobs = [submit(slurm, tmp_path / name, text=meet) for name in ("a", "b")]
    slurm.wait_idle(30)

    assert states(slurm, *jobs) == ["COMPLETED", "COMPLETED"]
    cpus = [set(json.loads((tmp_path / f"{name}.cpus").read_text())) for name in slurm.names]
    assert all(cpus)
    assert not cpus[0] & cpus[1]


@host
def test_a_constraint_picks_the_node_and_an_inner_srun_needs_no_slurm_conf(
    slurm: Cluster, tmp_path: Path
) -> None:
    options = ("--constraint=even&node2", "--partition=short")

    job = submit(slurm, tmp_path / "job", *options, text=f"unset SLURM_CONF; srun {WHERE}")
    slurm.wait_idle(30)

    assert [(seen.node, seen.state) for seen in slurm.jobs() if seen.id == job] == [
        ("node2", "COMPLETED")
    ]
    assert (tmp_path / "job.out").read_text() == "node2\n"


@host
def test_a_node_that_was_killed_can_be_started_again(slurm: Cluster) -> None:
    assert len(node_daemons(slurm)) == 2

    slurm.kill_node("node1")
    assert len(node_daemons(slurm)) == 1
    slurm.start_node("node1")
    slurm.wait_idle(30)

    ran = slurm.run("srun", "--nodelist=node1", *WHERE.split())
    assert ran.stdout == "node1\n"


@host
def test_a_node_that_stays_away_is_down_and_the_odd_one_always() -> None:
    with cluster_or_skip(odd=True, node_timeout=5) as cluster:
        assert cluster.nodes() == {"node1": "idle", "node2": "idle", "odd1": "down"}
        cluster.kill_node("node2")

        until(lambda: cluster.nodes()["node2"].startswith("down"))

        cluster.start_node("node2")
        cluster.wait_idle(30)


@host
def test_two_clusters_get_along_and_listen_on_loopback_alone(slurm: Cluster) -> None:
    with tempfile.TemporaryDirectory() as top:
        longest = Path(top) / ("x" * (slurm_config.LONGEST_FOLDER - len(top) - 1))
        with Cluster(longest, nodes=1, disjoint=False) as other:
            for cluster in (slurm, other):
                assert cluster.run("srun", "--job-name=here", "printenv", "SLURM_CONF").stdout == (
                    f"{cluster.folder}/slurm.conf\n"
                )
            assert [job.name for job in other.jobs()] == ["here"]
            for pid in {*slurm.processes(), *other.processes()}:
                assert {one.laddr.ip for one in connections(pid)} <= {"127.0.0.1"}
        assert other.processes() == []
        slurm.wait_idle(30)


@host
def test_stopping_ends_jobs_even_those_of_a_node_that_was_killed(tmp_path: Path) -> None:
    with cluster_or_skip() as cluster:
        job = stubborn_job(cluster, tmp_path)
        waiting = submit(cluster, tmp_path / "b", "--nodelist=node1", text="true")
        assert states(cluster, job, waiting) == ["RUNNING", "PENDING"]
        cluster.kill_node("node1")
        pids = cluster.processes()
        assert len(pids) >= 3 + 2  # munged, slurmctld, a slurmd; a step and its job

    assert cluster.processes() == []
    assert [pid for pid in pids if runs(pid)] == []


@pytest.mark.parametrize(
    ("name", "word"), [("x" * 90, "more than"), ("with blanks", "blanks")], ids=["long", "blanks"]
)
def test_a_folder_that_slurm_cannot_take_is_said(name: str, word: str) -> None:
    assert word in str(Cluster.missing(Path("/tmp") / name))


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("required", pytest.fail.Exception)]
)
def test_missing_programs_are_named_in_a_skip_or_a_failure(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr(slurm_config, "which", {"sbatch": "/bin/true"}.get)
    monkeypatch.setenv("POOLWISE_SLURM", required)

    with pytest.raises(outcome, match=r"no munged, slurmctld, slurmd, .*slurm-wlm munge"):
        cluster_or_skip().__enter__()


def test_nodes_share_whole_cores_and_a_core_too_many_is_nobodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    five_cores = slurm_config.Hardware(cpus=10, threads_per_core=2, memory=10_000, shape="CPUs=10")
    monkeypatch.setattr(slurm_config.Hardware, "found", lambda: five_cores)

    options: dict[str, Any] = {
        "disjoint": True,
        "odd": False,
        "min_job_age": 300,
        "node_timeout": 300,
    }
    text = slurm_config.configuration(Path("/c"), ["node1", "node2"], [1, 2, 3, 4], **options)

    assert re.findall(r"CpuSpecList=(\S+)", text) == ["4,5,6,7,8,9", "0,1,2,3,8,9"]
    assert "RealMemory=4500" in text
    assert "DefMemPerCPU=1125" in text
