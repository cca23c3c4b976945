"""The machine's own ceiling: how much faster k cores run independent work than one.

A built-in kernel (pure-Python arithmetic, no shared data) runs as k independent processes, each
bound to a core of its own. No way of running Python can use these cores better, so a CPU-bound
speedup above this is a mistake of the measurement.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import schema
from experiments.approaches import doubling
from experiments.conductor.reaper import Reaper
from experiments.environment import ROOT, environment

REPEATS = 5
KERNEL_SECONDS = 0.25


class CeilingError(RuntimeError):
    """The kernel did not run; one line for the user."""


class Kernel:
    """One process with the kernel loaded, waiting to be told to run."""

    def __init__(self, python: str, cpu: int | None, loops: int) -> None:
        spec = json.dumps({"cpu": cpu, "loops": loops})
        self.process = subprocess.Popen(
            [python, "-m", "experiments.launch.kernel", spec],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment({}),
            start_new_session=True, cwd=ROOT,  # `-m` looks there first, not in the user's folder
        )  # fmt: skip
        self.said()

    def said(self) -> list[float]:
        """The next line of the kernel: numbers."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise CeilingError(f"the kernel of the machine's ceiling ended with status {code}")
        return [float(word) for word in line.split()]

    def go(self) -> None:
        """Let it run."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


def wall_seconds(python: str, cpus: Sequence[int | None], loops: int, reaper: Reaper) -> float:
    """Wall time from the first kernel's start to the last one's end."""
    kernels = [Kernel(python, cpu, loops) for cpu in cpus]
    for kernel in kernels:
        reaper.started(kernel.process.pid)
    for kernel in kernels:
        kernel.go()
    spans = [kernel.said() for kernel in kernels]  # one clock for all processes of a host
    for kernel in kernels:
        kernel.process.communicate()
        reaper.ended(kernel.process.pid)
    return max(end for _, end in spans) - min(start for start, _ in spans)


def calibrated_loops(python: str, cpu: int | None, reaper: Reaper) -> int:
    """Loops that take about KERNEL_SECONDS on one core."""
    loops = 1000
    while (seen := wall_seconds(python, [cpu], loops, reaper)) < KERNEL_SECONDS / 4:
        loops *= 4
    return round(loops * KERNEL_SECONDS / seen)


def rows(host: Mapping[str, Any], seed: int, reaper: Reaper) -> Iterator[dict[str, Any]]:
    """ceiling.csv: every k in random order, REPEATS times; speedup against k = 1 of the repeat."""
    python, order = host["interpreters"][0]["executable"], list(host["core_order"])
    bound = host["affinity_supported"]
    counts = doubling(host["usable_cores"])
    loops = calibrated_loops(python, order[0] if bound else None, reaper)
    rng = random.Random(seed)
    for repeat in range(REPEATS):
        walls = {}
        for k in rng.sample(counts, len(counts)):
            cpus: list[int | None] = list(order[:k]) if bound else [None] * k
            walls[k] = wall_seconds(python, cpus, loops, reaper)
        for k in counts:
            yield {"machine": host["machine"], "cores": k, "repeat": repeat,
                   "wall_seconds": walls[k], "speedup": k * walls[1] / walls[k]}  # fmt: skip


def measure_ceiling(host: Mapping[str, Any], seed: int, path: Path) -> None:
    """Measure and write ceiling.csv."""
    reaper = Reaper()
    try:
        schema.write(schema.CEILING, list(rows(host, seed, reaper)), path)
    finally:
        reaper.close()
