from __future__ import annotations

import os
import signal
import subprocess
import sys
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
