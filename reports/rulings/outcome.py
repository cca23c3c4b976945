"""From numbers to a ruling, with its errors held: when a claim may be called proven or refuted.

A ruling errs in at most 5% of runs (ALPHA), whichever way it goes:

- that *some* approach gains is read off the interval of the best of several, which was picked
  because it looks good: its level allows for all that were looked at (Bonferroni);
- that *every* one stays below a limit, or above it, needs all of them to show it at 95%, so none
  needs more (the intersection-union test of Berger, Technometrics 24, 1982);
- that *most launches* do something is the sign test on their number, which asks nothing of the
  shape of what was measured.

The intervals are those of the race: paired by round, and, like the report's, not widened for the
looks at which a race may stop; docs/simulations.md has how often they hold under that. Each claim
is ruled for itself: of 20 wrong claims one may be ruled wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Literal

from experiments.statistics.records import Interval
from reports import wording
from reports.rulings.evidence import Cell, Picked

Word = Literal["supported", "contradicted", "undecided"]
#: True: proven, False: refuted, None: neither
Outcome = bool | None

ALPHA = 0.05
NOT_MEASURED = "Not measured in this grid"
#: this many places are written out in a sentence
MOST_PLACES = 4


@dataclass(frozen=True)
class Ruling:
    """What the data say of a claim, with the numbers and the cells that carry it."""

    ruling: Word
    evidence: str
    cells: tuple[str, ...] = ()

    def leaving_out(self, *picked: Picked) -> Ruling:
        """The same, saying what it does not stand on, and why."""
        left_out = {name: mark for one in picked for name, mark in one.left_out.items()}
        if not left_out:
            return self
        told = [f"{name} {mark}" for name, mark in left_out.items()]
        return replace(self, evidence=f"{self.evidence} Left out: {wording.listing(told)}.")


@dataclass(frozen=True)
class Gain:
    """How the best of some approaches does, and whether that is more than the margin."""

    outcome: Outcome
    best: Cell
    speedup: Interval | None

    def __str__(self) -> str:
        """threads x16 5.83x (4.90 to 6.93x)."""
        return f"{self.best.approach.label} {ratio(self.speedup)}"


def joint_level(count: int) -> float:
    """Level of the interval of one that was picked among so many."""
    return 1 - ALPHA / max(count, 1)


def gain_of(cells: Sequence[Cell], margin: float, among: int = 0) -> Gain:
    """Whether some of the approaches gain more than the margin over the sequential program.

    True: proven of the best one, allowing for all (`among`: for so many, where more were looked
    at). False: every one is proven not to; the one with the highest limit is told. Needs one cell
    or more.
    """
    limit = 1 + margin
    joint = _known(cells, joint_level(max(among, len(cells))))
    proven = {cell: found for cell, found in joint.items() if found.low > limit}
    if proven:
        return _best(proven, True)
    each = _known(cells)
    if len(each) == len(cells) and all(found.high <= limit for found in each.values()):
        worst = max(each, key=lambda cell: each[cell].high)
        return Gain(False, worst, each[worst])
    return _best(joint, None) if joint else Gain(None, cells[0], None)


def _known(cells: Iterable[Cell], level: float = joint_level(1)) -> dict[Cell, Interval]:
    return {cell: found for cell in cells if (found := cell.gain(level)) is not None}


def _best(speedups: dict[Cell, Interval], outcome: Outcome) -> Gain:
    best = max(speedups, key=lambda cell: speedups[cell].estimate)
    return Gain(outcome, best, speedups[best])


def everywhere(outcomes: Iterable[Outcome]) -> Word:
    """The ruling of a claim that is said of each of some places."""
    found = list(outcomes)
    if found and all(found):
        return "supported"
    return "contradicted" if found and all(one is False for one in found) else "undecided"


def word(outcome: Outcome) -> Word:
    """The ruling of a claim with one outcome."""
    return everywhere([outcome])


def mostly(count: int, of: int) -> bool:
    """Whether it is proven that something happens in more than half of all launches (sign test)."""
    return of > 0 and sum(comb(of, k) for k in range(count, of + 1)) / 2**of <= ALPHA


def undecided(needed: str, *picked: Picked) -> Ruling:
    """The ruling where what a claim needs was not measured, or is all left out."""
    start = "No sound measurement is left" if any(p.left_out for p in picked) else NOT_MEASURED
    return Ruling("undecided", f"{start}: needs {needed}.").leaving_out(*picked)


def either(tasks: Sequence[str]) -> str:
    """Tasks of which a claim needs one."""
    return " or ".join(tasks)


def ratio(found: Interval | None) -> str:
    """1.97x (1.95 to 1.99x)."""
    if found is None:
        return "?x (unknown)"
    return f"{wording.times(found.estimate)} ({wording.times_interval(found.low, found.high)})"


def names(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Cells as claims.csv names them."""
    return tuple(dict.fromkeys(cell.name for cell in cells))


def listed(parts: Sequence[str]) -> str:
    """Places with their numbers, not too many of them."""
    return wording.listing(parts, most=MOST_PLACES)
