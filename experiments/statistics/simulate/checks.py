"""What the race must show: each property with its bound, measured and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scipy.special import bdtr, bdtrc  # type: ignore[import-untyped, unused-ignore]

from experiments.statistics.simulate.regimes import PERSISTENT, UNEVEN
from experiments.statistics.simulate.study import Tally

#: a bound counts as broken only if chance explains the excess less often than this
SIGNIFICANCE = 0.001
#: scenes with approaches within the margin of the best
CLUSTERED = (
    "ahead 3%",
    "ahead 5%",
    "one close 3%",
    "one close 5%",
    "cluster",
    "staircase",
    "realistic",
)
CALM = ("quiet", "typical")


@dataclass(frozen=True)
class Check:
    """One bound in one place. `share` of `count` (1 for medians), on the `most` or least side."""

    name: str
    where: str
    share: float
    bound: float
    most: bool
    count: int = 0

    @property
    def within(self) -> bool:
        """Whether the measured value keeps the bound."""
        return self.share <= self.bound if self.most else self.share >= self.bound

    @property
    def passed(self) -> bool:
        """Whether it keeps the bound, or misses it by no more than chance explains."""
        if self.within or not self.count:
            return self.within
        hits = round(self.share * self.count)
        if self.most:
            return bool(bdtrc(hits - 1, self.count, self.bound) > SIGNIFICANCE)
        return bool(bdtr(hits, self.count, self.bound) > SIGNIFICANCE)


Measure = Callable[[Tally], tuple[int, int]]


def check_study(tallies: Sequence[Tally]) -> list[Check]:
    """All checks that the cells of a study allow."""
    return [
        *_each(tallies, "false winner", 0.05, lambda t: (t.false_best, t.replications)),
        *_each(tallies, "false tie", 0.05, lambda t: (t.false_tie, t.replications)),
        *_each(tallies, "false no-gain", 0.05, lambda t: (t.false_no_gain, t.contended)),
        *_eliminations(tallies),
        *_regret(tallies),
        *_equal(tallies),
        *_costs(tallies),
        *_coverage(tallies),
    ]


def _each(
    tallies: Iterable[Tally], name: str, bound: float, measure: Measure, most: bool = True
) -> list[Check]:
    found = []
    for tally in tallies:
        hits, count = measure(tally)
        if count:
            found.append(Check(name, _where(tally), hits / count, bound, most, count))
    return found


def _where(tally: Tally) -> str:
    return f"{tally.cell.scene}, {tally.cell.regime}"


def _only(tallies: Iterable[Tally], scene: str, regimes: Sequence[str] = ()) -> list[Tally]:
    return [
        t for t in tallies if t.cell.scene == scene and (not regimes or t.cell.regime in regimes)
    ]


def _eliminations(tallies: Iterable[Tally]) -> list[Check]:
    """Where all are equal there is no best to lose, so that scene is left out."""
    found: list[Check] = []
    for tally in tallies:
        if tally.cell.scene != "equal":
            name, bound = _elimination_bound(tally)
            found += _each([tally], name, bound, lambda t: (t.best_eliminated, t.replications))
    return found


def _elimination_bound(tally: Tally) -> tuple[str, float]:
    if tally.cell.regime in UNEVEN and tally.cell.scene in CLUSTERED:
        return "false elimination (clustered, uneven noise)", 0.10
    if tally.cell.regime == "hostile":
        return "false elimination (hostile)", 0.03
    return "false elimination", 0.01


def _regret(tallies: Sequence[Tally]) -> list[Check]:
    """Cell by cell, but over all scenes where noise persists from round to round.

    There a single scene may miss the bound (the CSV shows which): what slows one approach for the
    whole race looks like its true time.
    """
    usual = [tally for tally in tallies if tally.cell.regime not in PERSISTENT]
    measure: Measure = lambda t: (t.regret_held, t.replications)  # noqa: E731
    found = _each(usual, "regret bound holds", 0.95, measure, most=False)
    for regime in PERSISTENT:
        cells = [tally for tally in tallies if tally.cell.regime == regime]
        hits, count = (
            (sum(column) for column in zip(*map(measure, cells), strict=True)) if cells else (0, 0)
        )
        if count:
            name = "regret bound holds (persistent noise)"
            found.append(Check(name, f"all scenes, {regime}", hits / count, 0.95, False, count))
    return found


def _equal(tallies: Sequence[Tally]) -> list[Check]:
    calm = _only(tallies, "equal", CALM)
    return [
        *_each(calm, "A/A: a tie", 0.95, lambda t: (t.tie, t.replications), most=False),
        *_each(calm, "A/A: never best", 0.0, lambda t: (t.best, t.replications)),
    ]


def _costs(tallies: Sequence[Tally]) -> list[Check]:
    """Launches are medians, as a share of what the fixed design takes."""
    clear, ahead = _only(tallies, "clear"), _only(tallies, "ahead 10%", ("typical",))
    decided: Measure = lambda t: (t.replications - t.inconclusive, t.replications)  # noqa: E731
    first: Measure = lambda t: (t.at_first_look, t.replications)  # noqa: E731
    calm = _only(clear, "clear", CALM)
    return [
        *_each(clear, "clear: decided", 0.99, decided, most=False),
        *_each(calm, "clear: at the first look", 0.99, first, most=False),
        *_launches(calm, "clear: launches of the fixed design's", 1 / 6),
        *_each(ahead, "10% ahead: decided", 0.99, decided, most=False),
        *_launches(ahead, "10% ahead: launches of the fixed design's", 0.5),
    ]


def _launches(tallies: Iterable[Tally], name: str, bound: float) -> list[Check]:
    return [
        Check(name, _where(t), t.median_launches / t.fixed_launches, bound, most=True)
        for t in tallies
    ]


def _coverage(tallies: Sequence[Tally]) -> list[Check]:
    """Nominal 95% intervals of the pick's speedup: by scene, and over all decided verdicts."""
    found = []
    for scene in dict.fromkeys(t.cell.scene for t in tallies):
        cells = _only(tallies, scene)
        hits, count = sum(t.covered for t in cells), sum(t.intervals for t in cells)
        found.append(Check("speedup interval covers", scene, hits / count, 0.93, False, count))
    hits, count = (
        sum(getattr(t, f) for t in tallies) for f in ("covered_decided", "intervals_decided")
    )
    if count:
        name = "speedup interval not too wide (decided)"
        found.append(Check(name, "all scenes", hits / count, 0.99, True, count))
    return found
