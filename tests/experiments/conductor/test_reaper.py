from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from experiments.conductor.reaper import Reaper
from experiments.environment import ROOT
from tests.experiments.conductor.driving import alive, gone, pids


def sleeper() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
    return subprocess.Popen(command, start_new_session=True)


def end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_groups_that_are_still_open_end_with_the_reaper() -> None:
    reaper, process = Reaper(), sleeper()
    reaper.started(process.pid)
    reaper.close()

    assert process.wait(10) == -signal.SIGKILL


def test_groups_that_were_ended_are_left_alone() -> None:
    reaper, process = Reaper(), sleeper()
    reaper.started(process.pid)
    reaper.ended(process.pid)
    reaper.close()

    assert alive(process.pid)
    end(process)


def test_a_group_that_is_gone_already_is_no_error() -> None:
    reaper, gone_already, process = Reaper(), sleeper(), sleeper()
    for one in (gone_already, process):
        reaper.started(one.pid)
    end(gone_already)
    reaper.close()

    assert process.wait(10) == -signal.SIGKILL


CONDUCTOR = """
import json, sys
from experiments.conductor.child import Launcher
from experiments.conductor.reaper import Reaper
spec, python = json.loads(sys.argv[1]), sys.argv[2]
with open(sys.argv[3], "ab", buffering=0) as log:
    Launcher(python, log, Reaper(), 60).launch(spec)
"""


def test_a_conductor_that_is_killed_takes_its_launch_with_it(
    fake_python: str, tmp_path: Path
) -> None:
    spec = f'{{"task": "hangs", "params": {{}}, "cpus": null, "scratch": "{tmp_path}"}}'
    conductor = subprocess.Popen(
        [sys.executable, "-c", CONDUCTOR, spec, fake_python, str(tmp_path / "log")], cwd=ROOT
    )
    found = wait_for_pids(tmp_path, 3)
    conductor.kill()
    conductor.wait()

    assert gone(found)


def wait_for_pids(folder: Path, count: int) -> list[int]:
    while not (folder / "pids").exists() or len(pids(folder)) < count:
        pass
    return pids(folder)


def test_the_end_of_a_whole_job_does_not_end_it_before_the_conductor() -> None:
    """Slurm sends SIGTERM to every process of a job."""
    reaper, process = Reaper(), sleeper()
    reaper.started(process.pid)  # it reads, so its handlers are there soon
    until = time.monotonic() + 10
    status = Path(f"/proc/{reaper._process.pid}/status")
    while status.exists() and not _ignored(status.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    reaper._process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    assert reaper._process.poll() is None
    reaper.close()

    assert process.wait(10) == -signal.SIGKILL


def _ignored(status: str) -> bool:
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
