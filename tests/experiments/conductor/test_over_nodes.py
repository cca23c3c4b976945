"""A whole block over two nodes of a real Slurm, from the plan to its CSVs."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import schema
from tests.experiments.facts import host, plan
from tests.experiments.launch.driving import ROOT

slurm: Any = pytest.importorskip("tests.slurm")
pytestmark = pytest.mark.host
NEEDS = ("distributed", "cryptography", "ray", "mpi4py")
EXECUTORS = [{"executor": "dask", "options": {"scheduler": "distributed"}}, "ray", "mpi4py"]
BLOCK_SECONDS = 600


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {missing[0]}")
    with slurm.cluster_or_skip(nodes=2, disjoint=True) as found:
        yield found


def measured(cluster: Any, folder: Path) -> tuple[pd.DataFrame, str]:
    """The launches of a block that is measured in a job of two nodes, and its log."""
    ask = "import os; print(*os.sched_getaffinity(0))"
    cpus = cluster.run("srun", "--nodelist=node1", sys.executable, "-c", ask).stdout.split()
    facts = {**host(1), "core_order": [int(cpus[0])], "usable_cpus": [int(cpus[0])]}
    made = plan(
        facts, executors=EXECUTORS, nodes=[2], workers=[1], cores=[1], batch_seconds=0.05,
        launch_timeout_seconds=60, block_seconds=1,
    )  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(made))
    (folder / "machine.json").write_text(json.dumps(facts))
    name = made["blocks"][0]["block"]
    program = [sys.executable, "-m", "experiments.conductor", "block", str(folder), name,
               "--log", str(folder / "block.log")]  # fmt: skip
    cluster.run(
        "sbatch", "--nodes=2", "--exclusive", f"--output={folder / 'job.log'}",
        f"--chdir={ROOT}", "--wrap", shlex.join(program),
    )  # fmt: skip
    done, deadline = folder / "blocks" / name / "launches.csv", time.monotonic() + BLOCK_SECONDS
    while not done.exists():
        assert time.monotonic() < deadline, (folder / "job.log").read_text()
        time.sleep(0.1)
    return schema.read(schema.LAUNCHES, done), (folder / "block.log").read_text(errors="replace")


def test_rows_over_both_nodes_are_right_and_say_so(cluster: Any, tmp_path: Path) -> None:
    launches, log = measured(cluster, tmp_path)
    over = launches[launches["nodes"] == 2]

    assert set(launches["status"]) == {"ok"}, (launches[["executor", "reason"]].to_dict(), log)
    assert set(over["executor"]) == {"dask", "ray", "mpi4py"}
    assert set(over["workers"]) == {2}
    assert set(over["cores"]) == {1}
    assert (over["peak_memory_mib"] > 20).all()
    here = launches[launches["nodes"] == 1]  # dask in its other ways, and the sequential program
    alone, spread = (
        rows[["executor", "executor_options"]].drop_duplicates() for rows in (here, over)
    )
    assert len(alone) > len(spread) == 3
