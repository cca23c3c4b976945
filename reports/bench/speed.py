"""The time to fit many curves, with their ranges and sentences: rows of fits.csv."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from reports import fit
from reports.curves import Curve
from reports.laws.cpu import Cores
from reports.laws.points import Points
from reports.laws.scaling import Work

CURVES = 1000
_WORKERS = np.array([1.0, 2, 4, 8, 16, 32])


def curves(count: int, seed: int = 1) -> list[Curve]:
    """Half CPU-bound, some with more workers than cores, half waiting; with 5% of noise."""
    random = np.random.default_rng(seed)
    return [_curve(i, random) for i in range(count)]


def _curve(number: int, random: np.random.Generator) -> Curve:
    cores = float(random.choice([8, 16, 64]))
    work: Work = "cpu" if number % 2 else "waiting"
    busy = np.minimum(_WORKERS, cores if work == "cpu" else math.inf)
    alpha = random.uniform(0, 0.4)
    seconds = (alpha + (1 - alpha) / busy) * np.exp(random.normal(0, 0.05, len(busy)))
    return Curve(
        where={"task": f"task {number}", "params": "{}", "mode": "steady", "cores": int(cores)},
        axis="workers",
        points=Points.of(_WORKERS, seconds, 0.02),
        cores=Cores(cores),
        measured_cores=cores,
        work=work,
        cpu_share=None,
        weak=False,
        items=64.0,
        baseline=1.0,
        unit=1.0,
        karp_flatt=(),
    )


def fitted(made: list[Curve]) -> list[dict[str, Any]]:
    """Their rows of fits.csv."""
    return [fit.row(curve) for curve in made]


def print_speed() -> None:
    """Fit them all and print the time."""
    made = curves(CURVES)
    start, busy = time.perf_counter(), time.process_time()
    rows = fitted(made)
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    many = sum(row["law"] != "none" for row in rows)
    print(f"\n{many:,} of {CURVES:,} curves fitted with their ranges in {wall:.1f} s", end=" ")
    print(f"({cpu:.1f} s of CPU; limit 60 s)")
