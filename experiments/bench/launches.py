"""What a launch costs around its timed phases."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from experiments.bench.bare import Case
from experiments.bench.harness import CASES
from experiments.conductor.child import Launcher
from experiments.conductor.reaper import Reaper
from experiments.launch import tasks


def launch_costs(case: Case, launcher: Launcher, scratch: str, count: int) -> tuple[float, float]:
    """Median wall seconds of a launch outside its timed phases, and in them."""
    outside, inside = [], []
    task_class = tasks.load(case.task)
    spec = {
        "launch_id": "bench", "mode": "measure", "task": case.task,
        "params": {**task_class.defaults, **case.params}, "items": 16, "scale": 500,
        "item_seconds": None, "executor": case.executor, "options": case.options,
        "workers": case.workers, "cpus": None, "core_limit_seconds": None,
        "batches": 3, "steady_seconds": 0.0,
        "most_batches": 3, "profile": True, "latencies": False, "expected": None, "services": {},
        "scratch": scratch,
        "seed": 1,
    }  # fmt: skip
    for _ in range(count):
        seen = launcher.launch(spec)
        if seen.status != "ok":
            sys.exit(f"Poolwise: bench: {case.label}: {seen.status}: {seen.reason}")
        parts = [seen.startup_seconds, seen.teardown_seconds, seen.profile["profile_seconds"]]
        used = sum(part or 0.0 for part in parts) + sum(
            batch["wall_seconds"] for batch in seen.batches
        )
        inside.append(used)
        outside.append(seen.launch_seconds - used)
    return statistics.median(outside), statistics.median(inside)


def print_launches(count: int) -> None:
    """Print the table."""
    print("A launch (median of", count, "launches): outside its timed phases, and in them")
    reaper = Reaper()
    try:
        with tempfile.TemporaryDirectory() as scratch, Path(scratch, "log").open("wb") as log:
            launcher = Launcher(sys.executable, log, reaper, 60.0)
            for case in CASES:
                outside, inside = launch_costs(case, launcher, scratch, count)
                print(f"{case.label:24} {outside:7.3f} s   {inside:7.3f} s", flush=True)
    finally:
        reaper.close()
