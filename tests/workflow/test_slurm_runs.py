"""The workflow on a real Slurm: two nodes, one core each, on this host."""

from __future__ import annotations

import itertools
import json
import shlex
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from tests.slurm import Cluster
from tests.workflow.driving import ROOT, TRACE, Ended, Folder, wait_until

pytestmark = pytest.mark.host

PROFILE = ("--executor", "slurm", "--profile", str(ROOT / "workflow/profiles/slurm"))
#: asks Slurm more often than users would want
SOON = ("--slurm-init-seconds-before-status-checks", "2")
#: some twenty launches of half a second: long enough to be hit in the middle
LONG = {"steady_seconds": 0.4, "looks": [8]}


class Site:
    """A user's folder on a login node of the cluster."""

    def __init__(self, cluster: Cluster, path: Path, /, **config: Any) -> None:
        self.cluster = cluster
        self.folder = Folder.make(path, machine="auto", **config)
        self.results = path / "results" / "main"

    def start(self, *arguments: str, **env: str) -> Any:
        told = {**self.cluster.environment, **env}
        return self.folder.start(*PROFILE, *arguments, **told)

    def run(self, *arguments: str, timeout: float = 240, **env: str) -> Ended:
        told = {**self.cluster.environment, **env}
        return self.folder.run(*PROFILE, *arguments, timeout=timeout, **told)

    def table(self, table: schema.Table) -> list[dict[str, Any]]:
        frame = schema.read(table, self.results / f"{table.name}.csv")
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.results / "runs.json").read_text())
        return found

    def journal(self, block: str) -> Path:
        return self.results / "blocks" / block / "journal.jsonl"

    def lines(self, block: str) -> list[str]:
        """Launches of a block that are in its journal so far."""
        path = self.journal(block)
        return path.read_text().splitlines()[1:] if path.exists() else []

    def measuring(self, block: str, launches: int = 2) -> str:
        """Wait until a block is in the middle; the job that measures it."""
        assert wait_until(lambda: len(self.lines(block)) >= launches, 90)
        owner = json.loads((self.journal(block).parent / "measuring.json").read_text())
        return str(owner["job"])


@pytest.fixture
def site(slurm: Cluster, tmp_path: Path) -> Any:
    def make(**config: Any) -> Site:
        return Site(slurm, tmp_path, **config)

    yield make
    slurm.wait_idle(60)


def test_the_profile_as_shipped_measures_on_two_nodes_at_once(site: Any) -> None:
    """Four independent blocks, two a node in one job: half the time of one after the other."""
    tasks = ["math_python", "data_processing", "ipc", "machine_learning"]
    here = site(tasks=tasks, cluster={"nodes": 2, "blocks_per_job": 2}, steady_seconds=0.3,
                looks=[6])  # fmt: skip
    ended = here.run()
    assert ended.status == 0, ended.said
    assert TRACE not in ended.said

    rows = here.table(schema.LAUNCHES)
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["machine"] for row in rows} == {"main"}
    assert len({row["block"] for row in rows}) == 4
    # each block on one node, alone on it, with that node's own core
    nodes = {run["block"]: run["node"] for run in here.runs()}
    assert {node["node"] for node in nodes.values()} == {"node1", "node2"}
    assert all(node["exclusive"] and len(node["cpus"]) == 1 for node in nodes.values())
    assert all(node["memory_limit_mib"] == 4000 for node in nodes.values())
    assert len({tuple(node["cpus"]) for node in nodes.values()}) == 2
    assert len({node["job"] for node in nodes.values()}) == 2

    groups = by_block(rows)
    held = {"node1": [], "node2": []}  # type: dict[str, list[tuple[float, float]]]
    for group in groups:
        held[nodes[group[0]["block"]]["node"]].append(span(group))
    jobs = [(min(spans)[0], max(end for _, end in spans)) for spans in held.values()]
    both = min(end for _, end in jobs) - max(start for start, _ in jobs)
    print("wall time saved by a second node:", jobs, span(rows))
    assert both > 0.5 * min(end - start for start, end in jobs), "one after the other"

    # what a user sees: the plan, a line a block, the report
    assert "4 blocks" in ended.said
    assert (
        ended.said.count("best:")
        + ended.said.count("no-gain")
        + ended.said.count("inconclusive")
        + ended.said.count("tie:")
        >= 4
    )
    page = (here.results / "report.html").read_text()
    assert "node1 (2 blocks)" in page
    assert "its node held alone" in page
    assert (here.results / "bundle.zip").exists()
    # nothing is left: neither files on the node's disk, nor an owner
    assert not list(here.results.glob("blocks/*/measuring.json"))
    assert not (here.results / "scratch").exists()

    again = here.run()
    assert again.status == 0, again.said
    assert "Nothing to be done" in again.printed + again.said


def by_block(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    ordered = sorted(rows, key=lambda row: str(row["block"]))
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda row: row["block"])]


def span(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """When the first launch of a block had ended, and when its last one had."""
    ends = [datetime.fromisoformat(str(row["started_at"])).timestamp() for row in rows]
    return min(ends), max(ends)


def finished(here: Site, before: list[str], block: str = "math_python-1c") -> None:
    """The same command once more ends the run, with all that was measured before."""
    ended = here.run("results/main/launches.csv", *SOON)
    assert ended.status == 0, ended.said
    after = here.lines(block)
    assert after[: len(before)] == before
    identifiers = [row["launch_id"] for row in here.table(schema.LAUNCHES)]
    assert len(identifiers) == len(set(identifiers)) == len(after)
    assert len(after) > len(before)


def test_a_cancelled_job_goes_on_from_its_journal(site: Any) -> None:
    here = site(**LONG)
    process = here.start("results/main/launches.csv", *SOON)
    job = here.measuring("math_python-1c")
    here.cluster.run("scancel", job)
    _, said = process.communicate(timeout=120)

    assert process.returncode != 0
    assert TRACE not in said
    assert "the same command goes on from there" in said
    finished(here, here.lines("math_python-1c"))


def test_a_job_that_runs_out_of_time_goes_on_from_its_journal(site: Any) -> None:
    """The partition's limit of a minute, which Slurm keeps within half a minute or so."""
    here = site(batch_seconds=0.2, steady_seconds=3, looks=[16], block_seconds=600,
                launch_timeout_seconds=60)  # fmt: skip
    here.results = here.results.with_name("short")
    short = ("--default-resources", "slurm_partition=short", "mem_mb=1000",
             "slurm_extra='--exclusive'", *SOON)  # fmt: skip
    ended = here.run("results/short/launches.csv", *short)
    before = here.lines("math_python-1c")

    assert ended.status != 0, ended.said
    assert before
    assert TRACE not in ended.said
    for _ in range(4):
        ended = here.run("results/short/launches.csv", *short)
        if ended.status == 0:
            break
    assert ended.status == 0, ended.said
    assert here.lines("math_python-1c")[: len(before)] == before
    assert len(here.table(schema.LAUNCHES)) == len(here.lines("math_python-1c"))


def test_a_slurmd_that_is_killed_and_started_again_loses_nothing(site: Any) -> None:
    here = site(**LONG)
    process = here.start("results/main/launches.csv", *SOON)
    job = here.measuring("math_python-1c")
    node = next(one.node for one in here.cluster.jobs() if one.id == job)
    before = here.lines("math_python-1c")
    here.cluster.kill_node(node)
    assert wait_until(lambda: len(here.lines("math_python-1c")) > len(before), 30)
    here.cluster.start_node(node)
    _, said = process.communicate(timeout=120)

    assert process.returncode == 0, said
    assert here.lines("math_python-1c")[: len(before)] == before
    assert {row["status"] for row in here.table(schema.LAUNCHES)} == {"ok"}


def test_a_preempted_job_is_put_back_into_the_queue_and_goes_on(site: Any) -> None:
    """The site cancels such jobs (PreemptMode=CANCEL), and Snakemake would wait for ever."""
    here = site(**LONG)
    process = here.start("results/main/launches.csv", *SOON)
    job = here.measuring("math_python-1c")
    node = next(one.node for one in here.cluster.jobs() if one.id == job)
    before = here.lines("math_python-1c")
    urgent = ("--partition=urgent", "--exclusive", f"--nodelist={node}", "--output=/dev/null")
    here.cluster.run("sbatch", *urgent, "--wrap", "sleep 1")
    _, said = process.communicate(timeout=400)

    assert process.returncode == 0, said
    assert TRACE not in said
    assert f"Slurm job {job} was preempted. It was put back into the queue" in said
    after = here.lines("math_python-1c")
    assert after[: len(before)] == before
    assert len(here.table(schema.LAUNCHES)) == len(after) > len(before)
    assert here.runs()[0]["node"]["job"] == job


def test_an_interrupted_snakemake_cancels_its_jobs_and_goes_on(site: Any) -> None:
    here = site(**LONG)
    process = here.start("results/main/launches.csv", *SOON)
    here.measuring("math_python-1c")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    here.cluster.wait_idle(60)

    finished(here, here.lines("math_python-1c"))


def test_a_node_of_another_kind_is_told_and_kept_apart(slurm: Cluster, tmp_path: Path) -> None:
    """node2 is shown another processor, as only a job on it can see."""
    shown = tmp_path / "cpuinfo"
    text = Path("/proc/cpuinfo").read_text()
    shown.write_text(
        "\n".join(
            "model name\t: Another Processor" if line.startswith("model name") else line
            for line in text.splitlines()
        )
    )
    bind = f'mount --bind {shlex.quote(str(shown))} /proc/cpuinfo && exec "$@"'
    under = ("unshare", "--mount", "sh", "-c", bind, "sh")
    if slurm.run(*under, "true", check=False).returncode != 0:
        pytest.skip("needs the right to mount")
    here = Site(slurm, tmp_path / "site", tasks=["math_python", "ipc"], cluster={"nodes": 2})
    slurm.kill_node("node2")
    slurm.start_node("node2", under)
    try:
        ended = here.run(*SOON)
    finally:
        slurm.kill_node("node2")
        slurm.start_node("node2")
        slurm.wait_idle(60)
    assert ended.status == 0, ended.said

    (other,) = (here.results / "other-nodes").iterdir()
    moved = [run for run in here.runs() if "measured_on_other_nodes" in run]
    assert [run["node"]["node"] for run in moved] == ["node2"]
    assert any("cpu_model" in one for one in moved[0]["measured_on_other_nodes"]["differences"])
    here_blocks = {row["block"] for row in here.table(schema.LAUNCHES)}
    there = schema.read(schema.LAUNCHES, other / "launches.csv")
    assert not here_blocks & set(there["block"])
    assert here_blocks | set(there["block"]) == {"math_python-1c", "ipc-1c"}
    page = (here.results / "report.html").read_text()
    assert f"in other-nodes/{other.name}" in page
    assert "Another Processor" in (other / "report.html").read_text()
    assert (other / "bundle.zip").exists()


def test_dask_and_mpi_run_over_both_nodes(site: Any) -> None:
    """One job of two nodes; what runs on one of them competes in the same rounds."""
    pytest.importorskip("distributed")
    pytest.importorskip("mpi4py")
    dask = {"executor": "dask", "options": {"scheduler": "distributed"}}
    here = site(executors=[dask, "mpi4py"], nodes=[1, 2], launch_timeout_seconds=60)
    ended = here.run("results/main/verdicts.csv", *SOON)
    assert ended.status == 0, ended.said

    rows = here.table(schema.LAUNCHES)
    assert {row["status"] for row in rows} == {"ok"}, [row["reason"] for row in rows]
    over = {(row["executor"], row["nodes"], row["workers"]) for row in rows}
    assert {("dask", 2, 2), ("mpi4py", 2, 2), ("dask", 1, 2), ("mpi4py", 1, 2)} <= over
    assert ("sequential", 1, 1) in over
    (row,) = [row for row in here.table(schema.VERDICT_TABLE) if row["mode"] == "steady"]
    assert row["nodes"] in (1, 2)
    assert "over 2 nodes too" in ended.said
    assert not (here.results / "scratch").exists()
