"""Executors over several nodes of a real Slurm: both its nodes are this machine, on cores apart."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.launch.driving import ROOT, Launched, launch, spec

slurm: Any = pytest.importorskip("tests.slurm")
pytestmark = pytest.mark.host
#: executor -> its options, the modules it needs
OVER = {
    "dask": ({"scheduler": "distributed"}, ("distributed", "cryptography")),
    "mpi4py": ({}, ("mpi4py",)),
    "ray": ({}, ("ray",)),
}
#: a launch of tests may take half of it, and its job has to start before
JOB_SECONDS = 240
#: processes of a launch that was killed are gone by then
GONE_SECONDS = 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with slurm.cluster_or_skip(nodes=2, disjoint=True) as found:
        yield found


@pytest.fixture(params=list(OVER))
def over(request: pytest.FixtureRequest) -> dict[str, Any]:
    """An executor with its options on two nodes."""
    options, modules = OVER[request.param]
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {missing[0]}")
    return {"executor": request.param, "options": {**options, "nodes": 2}}


def in_job(
    cluster: Any, folder: Path, nodes: int, task: str = "Squares", **changes: Any
) -> Launched:
    """What a launch said that ran in a job of so many nodes."""
    wanted = spec(task, scratch=str(folder), **changes)
    (folder / "spec.json").write_text(json.dumps(wanted))
    program = shlex.join([sys.executable, "-m", "tests.experiments.launch.in_job", str(folder)])
    cluster.run(
        "sbatch", f"--nodes={nodes}", "--exclusive", f"--output={folder / 'job.log'}",
        f"--chdir={ROOT}", "--wrap", program,
    )  # fmt: skip
    said, deadline = folder / "said.json", time.monotonic() + JOB_SECONDS
    while not said.exists():  # sbatch --wait asks every ten seconds only
        assert time.monotonic() < deadline, (folder / "job.log").read_text()
        time.sleep(0.05)
    return Launched(**json.loads(said.read_text()))


def workers(folder: Path) -> list[tuple[str, str, int]]:
    """Node, CPUs and process of every worker that has started."""
    found = [path.name.split() for path in folder.glob("on *")]
    return sorted((node, cpus, int(pid)) for _, node, cpus, pid in found)


def test_workers_are_spread_evenly_and_stay_on_their_nodes_cores(
    cluster: Any, over: dict[str, Any], tmp_path: Path
) -> None:
    answers = launch(spec(mode="calibrate")).one("calibrated")["expected"]
    each = 1 if over["executor"] == "ray" else 2  # on a core of its own ray starts slowly
    done = in_job(cluster, tmp_path, 2, "Placed", workers=2 * each, expected=answers, **over)

    assert done.last == {"event": "end"}, (done.last, done.output)
    placed = workers(tmp_path)
    assert Counter(node for node, _, _ in placed) == {"node1": each, "node2": each}
    cores = {node: cpus for node, cpus, _ in placed}
    assert len(set(cores.values())) == 2, "each node has cores of its own"
    assert len({pid for _, _, pid in placed}) == 2 * each


def test_what_they_use_on_all_nodes_is_counted(
    cluster: Any, over: dict[str, Any], tmp_path: Path
) -> None:
    work = {"params": {"item_ms": 5.0}, "scale": 3000, "items": 8, "profile": True}
    alone = launch(spec("math_python", **work))
    done = in_job(cluster, tmp_path, 2, "math_python", **work, **over)

    assert done.last == {"event": "end"}, (done.last, done.output)
    used, needed = (one.one("profile")["cpu_user_seconds"] for one in (done, alone))
    assert 0.5 * needed < used
    assert done.one("profile")["peak_memory_mib"] > 2 * alone.one("profile")["peak_memory_mib"]
    # half of it, and all of what the workers' start took
    assert done.one("elsewhere")["cpu_seconds"] > 0.4 * needed
    taken = done.one("other_nodes")
    assert 0 <= taken["foreign_cpu_share"] < 1
    assert taken["steal_share"] is not None


def test_a_launch_that_is_killed_leaves_nothing_on_any_node(
    cluster: Any, over: dict[str, Any], tmp_path: Path
) -> None:
    done = in_job(cluster, tmp_path, 2, "PlacedAndKilled", workers=2, **over)

    assert done.status < 0
    started = [pid for _, _, pid in workers(tmp_path)]
    assert len(started) == 2
    deadline = time.monotonic() + GONE_SECONDS
    while left := [pid for pid in {*_of_launch(cluster), *started} if _alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _of_launch(cluster: Any) -> list[int]:
    """Processes on the nodes that have come from a launch: all but Slurm's own."""
    ours = []
    for pid in cluster.processes():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if any(name in command for name in (b"experiments.launch", b"distributed", b"ray")):
            ours.append(pid)
    return ours


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for its parent to ask."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_job_with_too_few_nodes_is_a_reason(
    cluster: Any, over: dict[str, Any], tmp_path: Path
) -> None:
    last = in_job(cluster, tmp_path, 1, **over).last

    assert last["event"] == "unsupported"
    assert last["reason"] == (
        "it runs on 2 nodes, and its job has 1 (node1): start Poolwise in a job of 2 nodes, as by "
        "sbatch --nodes=2 --exclusive"
    )


def test_without_an_allocation_there_is_a_reason(
    over: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM")]:
        monkeypatch.delenv(name)
    last = launch(spec(**over)).last

    assert last["event"] == "unsupported"
    assert last["reason"].startswith("it runs on 2 nodes, and this is no job of Slurm: start")
