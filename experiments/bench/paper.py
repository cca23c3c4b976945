"""What a grid of a million cells would need, on paper: from what smaller ones took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.bench.peak import Taken
from experiments.words import minutes

MILLION = 1_000_000
#: what 10,000 cells may take, each step
BOUND_CELLS, BOUND_SECONDS, BOUND_MIB = 10_000, 60.0, 2048.0
#: a job of Slurm takes so much longer than what runs in it: the queue, two snakemakes, polling
#: (10 to 17 s were seen on a cluster of two nodes)
JOB_SECONDS = 15.0
WEEK_SECONDS = 7 * 86400


@dataclass(frozen=True)
class Size:
    """A grid, what its plan says, and what each step took, in the order of the table."""

    cells: int
    blocks: int
    plan_mib: float
    launches: int
    likely_seconds: float
    taken: Mapping[str, Taken]


def slope(small: Size, large: Size, of_small: float, of_large: float) -> float:
    """The exponent k where what is asked for grows as cells**k from one grid to the other."""
    return math.log(of_large / of_small) / math.log(large.cells / small.cells)


def extended(small: Size, large: Size, of_small: float, of_large: float, cells: int) -> float:
    """What is asked for at so many cells: a straight line through both grids, or their power law.

    The larger one: what costs something before the first cell is a line, whose slope in logarithms
    is too small; what bends upwards is taken for a power law.
    """
    a_cell = (of_large - of_small) / (large.cells - small.cells)
    line = of_large + a_cell * (cells - large.cells)
    exponent = slope(small, large, of_small, of_large)
    return float(max(line, of_large * (cells / large.cells) ** exponent if exponent > 1 else 0.0))


def slope_lines(sizes: Sequence[Size]) -> Iterator[str]:
    """How each step grew between the two largest grids."""
    if len(sizes) < 2:
        return
    small, large = sizes[-2:]
    yield (
        f"Slope in logarithms from {small.cells:,} to {large.cells:,} cells (1: in proportion; "
        "less where starting costs more than the cells)"
    )
    for step in large.taken:
        first, last = small.taken[step], large.taken[step]
        yield (
            f"  {step:24} seconds {slope(small, large, first.seconds, last.seconds):5.2f}   "
            f"memory {slope(small, large, first.mib, last.mib):5.2f}"
        )


def bounds_line(sizes: Sequence[Size]) -> Iterator[str]:
    """Whether the grid that the bounds are about stays within them."""
    for size in sizes:
        if size.cells >= BOUND_CELLS:
            seconds = max(one.seconds for one in size.taken.values())
            mib = max(one.mib for one in size.taken.values())
            kept = seconds <= BOUND_SECONDS and mib <= BOUND_MIB
            yield (
                f"{size.cells:,} cells took {seconds:.1f} s and {mib:.0f} MiB at most, allowed "
                f"are {BOUND_SECONDS:.0f} s and {BOUND_MIB:.0f} MiB: {'kept' if kept else 'broken'}"
            )
            return


def on_paper(sizes: Sequence[Size], cells: int = MILLION) -> Iterator[str]:
    """What so many cells would need: estimates, from the two largest grids."""
    if len(sizes) < 2 or sizes[-1].cells >= cells:
        return
    small, large = sizes[-2:]
    times = cells / large.cells
    blocks, launches = round(large.blocks * times), round(large.launches * times)
    yield f"{cells:,} cells on paper (estimates; nobody has run this)"
    for step in large.taken:
        first, last = small.taken[step], large.taken[step]
        seconds = extended(small, large, first.seconds, last.seconds, cells)
        gib = extended(small, large, first.mib, last.mib, cells) / 1024
        yield f"  {step:24} {minutes(seconds)}, {gib:.1f} GiB"
    yield f"  plan.json                {large.plan_mib * times:.0f} MiB, {blocks:,} blocks"
    measuring = large.likely_seconds * times
    yield (
        f"  measuring                at least {launches:,} launches, {measuring / 86400:.0f} days "
        "on one node"
    )
    with_jobs = measuring + blocks * JOB_SECONDS
    nodes = math.ceil(with_jobs / WEEK_SECONDS)
    yield (
        f"  on a cluster             {blocks:,} jobs of a block each, {nodes} nodes for a week "
        f"({JOB_SECONDS:.0f} s a job on top)"
    )
