"""dask on a cluster that is another's: its scheduler and workers run before and after a launch."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.launch.driving import Launched, launch, spec

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs distributed"),
]
OWN = "experiments.launch.tasks.own:OwnFunction"
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers that know nothing of Poolwise, on loopback."""
    folder = tmp_path_factory.mktemp("cluster")
    told = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(told)]
    commands = [
        [*dask, "scheduler", "--port", "0", *common],
        [*dask, "worker", *common, "--nworkers", "2", "--nthreads", "1",
         "--local-directory", str(folder / "work")],
    ]  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "log").open("wb") as log:
        started = [
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )
            for command in commands
        ]  # fmt: skip
        try:
            yield _address(told, folder / "log")
        finally:
            for process in started:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _address(told: Path, log: Path) -> str:
    """The scheduler's, once both workers are there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while log.read_text().count("Register worker addr") < 2:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return str(json.loads(told.read_text())["address"])


def run(address: str, task: str = "Squares", **changes: Any) -> Launched:
    options = {"scheduler": "distributed", "address": address}
    return launch(spec(task, executor="dask", options=options, **changes))


def own(folder: Path, **more: Any) -> dict[str, Any]:
    named = {"call": "mine:work", "items": "mine:items", "path": str(folder), **more}
    return {"own": named, "params": {}}


def test_its_workers_need_not_know_poolwise_and_tell_what_they_used(address: str) -> None:
    params = {"item_ms": 5.0}
    first = run(address, "math_python", params=params, scale=3000, profile=True)
    assert first.last == {"event": "end"}, first.output

    alone = launch(spec("math_python", params=params, scale=3000, profile=True))
    used = [one.one("profile")["cpu_user_seconds"] for one in (first, alone)]
    assert used[0] > 0.5 * used[1] > 0
    assert first.one("profile")["peak_memory_mib"] > alone.one("profile")["peak_memory_mib"]
    assert first.one("profile")["voluntary_switches"] is None
    assert first.one("elsewhere")["cpu_seconds"] >= used[0] * 0.9
    assert alone.all("elsewhere") == []


def test_too_few_workers_are_a_reason(address: str) -> None:
    assert run(address, workers=3).last == {
        "event": "unsupported",
        "reason": f"the cluster at {address} has 2 workers of one thread each, 3 are needed",
    }


def test_an_address_without_a_cluster_is_a_reason() -> None:
    last = run("tcp://127.0.0.1:9").last

    assert last["event"] == "unsupported"
    assert last["reason"].startswith("the cluster at tcp://127.0.0.1:9 doesn't answer")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two CPUs")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="CPUs can't be bound here")
def test_workers_that_may_use_other_cores_than_those_measured_are_refused(address: str) -> None:
    first = min(os.sched_getaffinity(0))
    last = run(address, cpus=[first]).last

    assert last["event"] == "unsupported"
    assert "may use its CPUs" in last["reason"]
    assert f"only {first} are measured here: start them under taskset" in last["reason"]


def test_an_edit_of_the_users_function_is_seen_by_workers_that_live_on(
    address: str, tmp_path: Path
) -> None:
    for factor in (2, 3):
        (tmp_path / "mine.py").write_text(
            "class Job:\n    def __init__(self, number):\n        self.number = number\n"
            "def items():\n    return [Job(number) for number in range(8)]\n"
            f"def work(job):\n    return job.number * {factor}\n"
        )
        expected = launch(spec(OWN, params=own(tmp_path), mode="calibrate"))
        answers = expected.one("calibrated")["expected"]
        done = run(address, OWN, params=own(tmp_path), expected=answers)
        assert done.last == {"event": "end"}, (factor, done.last)


def test_an_error_of_one_launch_does_not_stay_for_the_next(address: str) -> None:
    assert run(address, "CantStart").last["reason"] == "LookupError: no such table"
    assert run(address).last == {"event": "end"}


def test_the_cluster_is_there_afterwards_and_its_workers_have_closed_the_task(
    address: str, tmp_path: Path
) -> None:
    run(address, "Witness", scratch=str(tmp_path))
    lines = (tmp_path / "notes").read_text().splitlines()
    assert sum(line.endswith("closed") for line in lines) == 3  # both workers' and the main one
    assert run(address).last == {"event": "end"}
