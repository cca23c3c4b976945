from __future__ import annotations

import sys
from pathlib import Path

from experiments.bench.harness import CASES
from experiments.bench.launches import launch_costs
from experiments.conductor.child import Launcher
from experiments.conductor.reaper import Reaper


def test_a_launch_costs_something_outside_its_timed_phases(tmp_path: Path) -> None:
    reaper = Reaper()
    try:
        with (tmp_path / "log").open("wb") as log:
            launcher = Launcher(sys.executable, log, reaper, 60.0)
            outside, inside = launch_costs(CASES[0], launcher, str(tmp_path), 1)
    finally:
        reaper.close()

    assert outside > 0
    assert inside > 0
