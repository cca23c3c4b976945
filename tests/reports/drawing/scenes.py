"""Panels made by hand: the shapes that figures must stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from experiments.statistics.objectives import OBJECTIVES
from reports.drawing.data import COLUMNS, Curve, Panel
from reports.drawing.look import Look, executor_colours, looks
from reports.law_figure import FittedLaw
from reports.load import Block

HOSTILE = '<b>$x^2$</b> \u202e&"] ]>]]> \n\t ' + "WIDE" * 40
#: workers, and the speedup of each
Speedups = Mapping[int, float]


def block(task: str = "task", cores: int = 2, kind: str = "cpu") -> Block:
    """A block of the plan."""
    name = f"{task}-{cores}c"
    return Block(name, task, "{}", "", "", kind, cores, (), (), OBJECTIVES["seconds"], "", {})


def curve(name: str, speedups: Speedups, spread: float = 0.05, **columns: float) -> Curve:
    """A curve with an interval of `spread` (NaN: none), a base of 0.2 s, and rising costs."""
    workers = np.array(sorted(speedups), dtype=float)
    speedup = np.array([speedups[int(n)] for n in workers])
    known = {
        "seconds": 0.2 / speedup,
        "speedup": speedup,
        "speedup_low": speedup * (1 - spread),
        "speedup_high": speedup * (1 + spread),
        "peak_memory_mib": 10.0 + workers,
        "heartbeat_max_ms": 3.0 * workers,
        **{name: np.full(len(workers), value) for name, value in columns.items()},
    }
    unknown = np.full(len(workers), np.nan)
    return Curve(name, name.split()[0], workers, {c: known.get(c, unknown) for c in COLUMNS})


def panel(curves: Iterable[Curve], cores: int = 2, **more: Any) -> Panel:
    """A panel with a launch at each point."""
    made = tuple(curves)
    points = {
        one.name: np.column_stack([one.workers, np.zeros(len(one.workers)), one["speedup"]])
        for one in made
    }
    given = {
        "block": block(cores=cores, kind=more.pop("kind", "cpu")),
        "ceiling": 0.95 * cores,
        "items": 64.0,
        "law": None,
        "sequential": dict.fromkeys(COLUMNS, np.nan) | {"seconds": 0.2, "speedup": 1.0},
        **more,
    }
    return Panel(curves=made, points=points, **given)


def law(name: str, largest: float, high: float) -> FittedLaw:
    """A law up to twice the largest number of workers."""
    workers = np.geomspace(1, 2 * largest, 20)
    speedup = np.minimum(workers, high * 0.9)
    return FittedLaw(name, workers, speedup, speedup * 0.8, np.full(20, high), largest)


def look_of(*panels: Panel) -> dict[str, Look]:
    """The looks of all their curves."""
    curves = [(one.name, one.executor) for each in panels for one in each.curves]
    return looks(curves, executor_colours(executor for _, executor in curves))


def powers(most: int, factor: float = 0.9) -> dict[int, float]:
    """Speedups of `factor` of the workers, at powers of two."""
    return {2**n: factor * 2**n for n in range(most.bit_length())}


def nasty() -> dict[str, list[Panel]]:
    """Groups of panels, each of one task, that are hard to draw."""
    threads = curve("threads", powers(4))
    crowd = [curve(f"executor{n} (with an option, {n})", powers(64, 0.1 * n)) for n in range(1, 13)]
    timed = {
        f"latency_{q}_{end}ms": 1234.5 for q in ("p50", "p99") for end in ("", "low_", "high_")
    }
    return {
        "one approach": [panel([curve("threads", {4: 1.7})])],
        "one core": [panel([curve("threads", {1: 0.98, 2: 0.97})], cores=1)],
        "128 cores": [panel([curve("processes", powers(256))], c) for c in (1, 2, 16, 64, 128)],
        "1024 workers": [
            panel([curve("asyncio", powers(1024), **timed)], c, kind="waiting",
                  law=law("asyncio", 1024, 900), pick=("asyncio", 1024)) for c in (1, 2)
        ],
        "all equal": [panel([curve("threads", dict.fromkeys((1, 2, 3), 1.0), 0.0)], 1)],
        "no intervals": [panel([curve("threads", powers(8), np.nan)])],
        "many curves": [panel(crowd, c, pick=(crowd[0].name, 64)) for c in (2, 4)],
        "hostile names": [panel([curve(HOSTILE + str(n), powers(4)) for n in range(6)])],
        "every worker count": [panel([curve("threads", {n: 1 + n / 9 for n in range(1, 40)})], c)
                               for c in (1, 2, 3, 4)],
        "hours and kibibytes": [
            panel([curve("threads", powers(2), seconds=43000.0, peak_memory_mib=1e-3,
                         heartbeat_max_ms=9e6)], c,
                  sequential={**dict.fromkeys(COLUMNS, 1e5), "speedup": 1.0}) for c in (1, 2)
        ],
        "slower than sequential": [panel([curve("processes", {1: 0.01, 2: 0.005})])],
        "no sequential program": [panel([threads], sequential=dict.fromkeys(COLUMNS, np.nan))],
        "sequential and undecided": [panel([threads], c, standing=word)
                                     for c, word in ((1, "sequential"), (2, "not decided"))],
    }  # fmt: skip
