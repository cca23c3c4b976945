"""Executors over several nodes without Slurm: its programs are stood in for (fake_slurm.py)."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.executors import mpi_nodes
from tests.experiments.launch import fake_slurm
from tests.experiments.launch.driving import Launched, launch, spec
from tests.experiments.launch.executors.test_libraries import alive, missing

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity here"),
]
OVER: list[tuple[str, dict[str, Any]]] = [
    ("dask", {"scheduler": "distributed", "nodes": 2}),
    ("mpi4py", {"nodes": 2}),
    ("ray", {"nodes": 2}),
]
SQUARES = [number * number for number in range(8)]


@pytest.fixture(params=OVER, ids=lambda over: over[0])
def over(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """An executor in a job of two nodes."""
    name, options = request.param
    lacking = missing((name, {key: options[key] for key in options if key != "nodes"}))
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)}")
    for variable, value in fake_slurm.job("a,b", "a").items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PATH", fake_slurm.install(tmp_path / "bin"))
    monkeypatch.setenv("POOLWISE_TEST_MARK", str(tmp_path))
    return {"executor": name, "options": options, "workers": 4}


def run(over: dict[str, Any], task: str, folder: Path, **changes: Any) -> Launched:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return launch(spec(task, scratch=str(scratch), **{**over, **changes}))


def gone(folder: Path) -> list[str]:
    """What is still there of a launch some seconds after it was killed."""
    until = time.monotonic() + 15
    while alive(str(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    return alive(str(folder))


def test_answers_are_right_and_keep_the_items_order(over: dict[str, Any], tmp_path: Path) -> None:
    done = run(over, "Squares", tmp_path, expected=SQUARES, profile=True, latencies=True)

    assert done.last == {"event": "end"}, (done.last, done.output)
    assert done.one("profile")["cpu_user_seconds"] is not None
    assert done.one("startup")["worker_import_seconds"] > 0
    assert list((tmp_path / "scratch").iterdir()) == []
    assert gone(tmp_path) == []


def test_every_worker_has_started_on_its_node_before_the_first_batch(
    over: dict[str, Any], tmp_path: Path
) -> None:
    done = run(over, "PlacedAndKilled", tmp_path)
    names = [path.name.split()[1] for path in (tmp_path / "scratch").glob("on *")]

    assert done.last == {"event": "phase", "name": "cold"}, (done.last, done.output)
    assert Counter(names) == {"a": 2, "b": 2}
    assert gone(tmp_path) == []


def test_workers_close_the_task_at_the_end(over: dict[str, Any], tmp_path: Path) -> None:
    run(over, "Witness", tmp_path, items=2)
    lines = (tmp_path / "scratch/notes").read_text().splitlines()
    closed = {line.split()[0] for line in lines if line.endswith(" closed")}

    assert len(closed) == 5  # theirs and the main one


def test_an_error_in_a_worker_that_starts_is_told(over: dict[str, Any], tmp_path: Path) -> None:
    reason = "LookupError: no such table"
    last = run(over, "CantStart", tmp_path).last

    assert last == {"event": "failed", "phase": "startup", "reason": reason}
    assert gone(tmp_path) == []


def test_an_error_of_an_item_is_told(over: dict[str, Any], tmp_path: Path) -> None:
    last = run(over, "Raises", tmp_path).last

    assert (last["event"], last["phase"]) == ("failed", "cold")
    assert last["reason"].startswith("ZeroDivisionError: ")


@pytest.mark.parametrize("task", ["Exits", "DiesAtStart"])
def test_a_dead_worker_ends_the_launch(over: dict[str, Any], task: str, tmp_path: Path) -> None:
    done = run(over, task, tmp_path)

    if over["executor"] == "mpi4py":  # as where it is one job with the launch
        assert done.last["event"] == "phase"
        assert done.status == 1
        assert "a process of MPI ended on node " in done.output
    else:
        assert done.last["reason"].startswith("WorkerDied: ")
    assert gone(tmp_path) == []


def test_workers_share_no_lock(over: dict[str, Any], tmp_path: Path) -> None:
    last = run(over, "Counts", tmp_path).last

    assert last["event"] == "unsupported"
    assert "share no lock and no counter" in last["reason"]


def test_files_that_open_the_cluster_are_nobody_elses(tmp_path: Path) -> None:
    """dask's certificate and key."""
    pytest.importorskip("cryptography")
    distributed = pytest.importorskip("distributed")
    from experiments.launch.executors import dask_nodes

    old = os.umask(0)
    try:
        told = dask_nodes._files(distributed.Security.temporary(), str(tmp_path))
    finally:
        os.umask(old)
    assert told[::2] == ["--tls-ca-file", "--tls-cert", "--tls-key"]
    assert {Path(path).stat().st_mode & 0o777 for path in told[1::2]} == {0o600}


def test_hydras_program_may_lie_in_a_folder_with_blanks() -> None:
    line = "/my files/bin/hydra_pmi_proxy --control-port 127.0.0.1:7 --rmk user"

    assert mpi_nodes.command_of(line) == [
        "/my files/bin/hydra_pmi_proxy", "--control-port", "127.0.0.1:7", "--rmk", "user",
    ]  # fmt: skip
