"""Whether a verdict can be true: its speedup against what cores, workers and baseline allow.

A doubt is a flag of the verdict, `implausible: CAUSE: sentence`. The causes alone make the mark
that an approach carries wherever it is recommended, so the mark can be made from verdicts.csv.

How often the ceiling's flag is false, by simulation with a true speedup exactly at the ceiling
(1.94x, the worst case): in at most 0.4% of races (3,000 for each of launch sd 2 and 5% x ceiling
sd 2 and 3%; 5 repeats of the ceiling, 5 rounds, 5 approaches, two of them at the ceiling), in 1.5%
where the ceiling's repeats differ by 0.2% only. Both intervals must be left, so it is rarer than
one interval's 2.5%. A speedup 10% above the ceiling is seen in 84 to 96% of races at a launch sd
of 2%, in 29 to 38% at 5%; one 30% above it in more than 99%. tests/reports/test_plausibility.py
repeats a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.statistics.intervals import centre_interval
from experiments.statistics.records import Interval
from reports import wording

PREFIX = "implausible: "
CEILING, EFFICIENCY, BASELINE = "above the ceiling", "efficiency above 1", "slow baseline"
CAUSES = (CEILING, EFFICIENCY, BASELINE)
#: a ceiling measured once has no interval: a tenth is more than its repeats differ on a machine
#: that is fit to measure on (sd 2 to 3%)
ONE_REPEAT = 1.1


#: a program that computes for this share of its time is CPU-bound
CPU_BOUND_SHARE = 0.9


@dataclass(frozen=True)
class Speed:
    """An approach, and how much faster than the sequential program it is said to be."""

    label: str
    workers: int
    speedup: Interval
    nodes: int = 1
    #: whether an item of it is the same work as in the sequential program
    alike: bool = True


@dataclass(frozen=True)
class Limits:
    """What bounds the speedups of a block.

    cores      logical CPUs it ran on, on each node
    cpu_bound  whether the sequential program hardly waits: only then do cores bound it
    margin     differences up to this share don't matter
    ceilings   the most that k cores may give, by the k that were measured (see `ceilings`)
    """

    cores: int
    cpu_bound: bool
    margin: float
    ceilings: Mapping[int, float]


def cpu_bound(kind: str, share: float | None) -> bool:
    """Whether a sequential program that computes for this share of its time hardly waits."""
    busy = not wording.known(share) or float(share or 0) >= CPU_BOUND_SHARE
    return kind == "cpu" and busy


def ceilings(table: pd.DataFrame) -> dict[int, float]:
    """Upper 95% limit of the machine's ceiling by core count, from the repeats in ceiling.csv."""
    known = table[table["speedup"] > 0]
    return {int(str(k)): _upper(group) for k, group in known.groupby("cores")["speedup"]}


def _upper(repeats: pd.Series) -> float:
    """The t limit over log repeats."""
    found = centre_interval(np.log(repeats.to_numpy(dtype=float)))
    return found.high if len(repeats) > 1 else ONE_REPEAT * found.estimate


def flags(pick: Speed | None, alone: Sequence[Speed], limits: Limits) -> list[str]:
    """What can't be true of a verdict, a sentence a cause.

    `pick` is the recommendation or the candidate so far, None where its speedup is unknown;
    `alone` are the approaches of the block with one worker, sequential but for their name. Nothing
    is known of what those that do other work (`alike`) may reach.
    """
    slow = _slow_baseline([one for one in alone if one.alike], limits.margin)
    if pick is None or not pick.alike or (slow and pick.workers == 1):
        return slow  # a single worker's efficiency is its speedup: that is said already
    return (_above_ceiling(pick, limits) or _efficient(pick, limits)) + slow


def _above_ceiling(pick: Speed, limits: Limits) -> list[str]:
    """A speedup of CPU work that independent processes on as many cores don't reach.

    One core's ceiling is 1 by definition, no measurement: it is left to the efficiency. So are
    cores for which, and above which, none was measured: the cores themselves are the bound then.
    Several nodes have a ceiling as many times as high: that of one, measured on the first.
    """
    cores = min(-(-pick.workers // pick.nodes), limits.cores)
    measured = min((k for k in limits.ceilings if k >= cores), default=None)
    if not limits.cpu_bound or cores < 2 or measured is None:
        return []
    limit = max(1.0, limits.ceilings[measured]) * pick.nodes
    if not pick.speedup.low > limit:
        return []
    whose = "" if measured == cores else f" (measured on {measured}, not on {cores})"
    times = "" if pick.nodes == 1 else f"{pick.nodes} nodes of "
    return [
        f"{PREFIX}{CEILING}: {pick.label} is at least {wording.times(pick.speedup.low)} "
        f"sequential, above the measured ceiling of {times}{cores} cores, at most "
        f"{wording.times(limit)}{whose}: suspect the measurement, the sequential baseline or the "
        "ceiling"
    ]


def _efficient(pick: Speed, limits: Limits) -> list[str]:
    """More than 1 for each worker, or for each core that workers of CPU work can use."""
    cores = limits.cores * pick.nodes
    used = min(pick.workers, cores) if limits.cpu_bound else pick.workers
    if not pick.speedup.low > used * (1 + limits.margin):
        return []
    noun = "core" if limits.cpu_bound and cores < pick.workers else "worker"
    return [
        f"{PREFIX}{EFFICIENCY}: {pick.label} is at least {wording.times(pick.speedup.low)} "
        f"sequential with {wording.count(used, noun)}, {wording.times(pick.speedup.low / used)} "
        "each: suspect the measurement, or work that only the sequential program does"
    ]


def _slow_baseline(alone: Sequence[Speed], margin: float) -> list[str]:
    """One worker that is proven faster than the sequential program, which does the same."""
    faster = [one for one in alone if one.speedup.low > 1 + margin]
    if not faster:
        return []
    best = max(faster, key=lambda one: one.speedup.low)
    interval = wording.times_interval(best.speedup.low, best.speedup.high)
    return [
        f"{PREFIX}{BASELINE}: the sequential baseline is not the best sequential: {best.label} is "
        f"{wording.times(best.speedup.estimate)} ({interval}) faster; speedups are against a slow "
        "baseline: suspect the sequential program or its measurement"
    ]


def causes(said: Sequence[str]) -> list[str]:
    """The causes of doubt among a verdict's flags."""
    return [
        cause for cause in CAUSES if any(flag.startswith(f"{PREFIX}{cause}: ") for flag in said)
    ]


def mark(found: Sequence[str]) -> str:
    """The words beside an approach: (implausible: slow baseline); nothing without a cause."""
    return f"({PREFIX}{', '.join(found)})" if found else ""
