"""Runs of one machine: what the newer says of the older's verdicts and seconds, and the trend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from experiments.statistics.records import Interval
from reports.compare.machines import Machine
from reports.compare.questions import why_not
from reports.compare.regret import TAIL, holm, regret, worse
from reports.compare.seen import Run, Seen
from reports.compare.speeds import NoRatioError, Ratio, ratio

#: same: the same recommendation; tied: another, and the old one is proven within the margin; flip:
#: the old one is proven worse; differs: neither is proven; open: not decided in one of the runs
Change = Literal["same", "tied", "flip", "differs", "open", "fails", "none"]
Shift = Literal["faster", "slower", "none", ""]
BlockKey = tuple[str, str, str, str, int, str]


@dataclass(frozen=True)
class Repeat:
    """One verdict in the run before and in the newest one.

    `regret` is what the older recommendation costs in the newer run; `shift` whether its seconds
    moved beyond noise and margin, `ratio` newer / older for the same work.
    """

    letter: str
    older: Seen
    newer: Seen | None
    change: Change
    regret: Interval | None = None
    ratio: Interval | None = None
    shift: Shift = ""
    reason: str = ""


@dataclass(frozen=True)
class Trend:
    """One verdict over all runs of a machine, the oldest first; None where a run lacks it."""

    letter: str
    first: Seen
    points: tuple[tuple[Run, Seen | None], ...]


def key(seen: Seen) -> BlockKey:
    """What makes verdicts of two runs be about the same."""
    return (seen.task, seen.params, seen.objective, seen.scaling, seen.cores, seen.mode)


def trends(machine: Machine) -> list[Trend]:
    """Every verdict that the machine ever had, in order of the newest run, then of older ones."""
    tables = [{key(seen): seen for seen in run.seen} for run in machine.runs]
    names = dict.fromkeys(name for table in reversed(tables) for name in table)
    made = []
    for name in names:
        found = [table.get(name) for table in tables]
        first = next(seen for seen in reversed(found) if seen is not None)
        made.append(Trend(machine.letter, first, tuple(zip(machine.runs, found, strict=True))))
    return made


def repeats(machine: Machine, margin: float) -> list[Repeat]:
    """The newest run beside the one before it; tests of either kind are adjusted together."""
    older, newer = machine.runs[-2], machine.runs[-1]
    there = {key(seen): seen for seen in newer.seen}
    pairs = [(seen, there.get(key(seen))) for seen in older.seen]
    shifts = [_ratio(*pair) for pair in pairs]
    made = [
        _repeat(machine.letter, *pair, shift) for pair, shift in zip(pairs, shifts, strict=True)
    ]
    return list(_ruled(made, shifts, margin))


def _ratio(older: Seen, newer: Seen | None) -> Ratio | str:
    """Newer over older seconds of the older run's recommendation, or why there is none."""
    if newer is None or older.pick is None or older.way is None:
        return ""
    number = newer.number.get(older.way)
    if number not in newer.seconds or older.pick not in older.seconds or number is None:
        return "it has no seconds in one of the runs"
    try:
        return ratio(newer, number, older, older.pick)
    except NoRatioError as error:
        return str(error)


def _repeat(letter: str, older: Seen, newer: Seen | None, shift: Ratio | str) -> Repeat:
    if newer is None:
        return Repeat(letter, older, None, "none", reason="not measured in the newest run")
    for seen in (older, newer):
        if seen.told:
            return Repeat(letter, older, newer, "none", reason=why_not(seen, seen))
    if (older.code.digest, older.kind) != (newer.code.digest, newer.kind):
        return Repeat(letter, older, newer, "none", reason=why_not(newer, older))
    found = shift.interval() if isinstance(shift, Ratio) else None
    reason = shift if isinstance(shift, str) else ""
    made = Repeat(letter, older, newer, "open", ratio=found, reason=reason)
    number = newer.number.get(older.way) if older.way is not None else None
    if not older.decided or number is None:
        return made
    if number not in newer.place:
        reason = newer.failures.get(number, "it gave no value")
        return replace(made, change="fails" if number in newer.failures else "none", reason=reason)
    return replace(made, change="differs", regret=regret(newer, number))


def _ruled(
    made: Sequence[Repeat], shifts: Sequence[Ratio | str], margin: float
) -> Iterator[Repeat]:
    """Mark what is proven: flips among the recommendations, shifts among the seconds."""
    tests = [n for n, one in enumerate(made) if one.regret is not None]
    flips = dict(zip(tests, holm([_worse(made[n], margin) for n in tests]), strict=True))
    timed = {n: one for n, one in enumerate(shifts) if isinstance(one, Ratio) and made[n].ratio}
    moved = dict(
        zip(timed, holm([one.beyond(margin) for one in timed.values()], 2 * TAIL), strict=True)
    )
    for number, one in enumerate(made):
        if one.regret is not None:
            one = replace(one, change=_change(one, flips[number], margin))
        if number in timed:
            one = replace(one, shift=_shift(one, moved[number]))
        yield one


def _worse(one: Repeat, margin: float) -> float:
    if one.newer is None or one.older.way is None:
        return 1.0
    return worse(one.newer, one.newer.number[one.older.way], margin)


def _change(one: Repeat, proven: bool, margin: float) -> Change:
    if one.newer is None or one.regret is None or not one.newer.decided:
        return "open"
    if one.older.way == one.newer.way:
        return "same"
    if proven and one.regret.low > margin:
        return "flip"
    return "tied" if one.regret.high <= margin else "differs"


def _shift(one: Repeat, proven: bool) -> Shift:
    if not proven or one.ratio is None:
        return "none"
    return "slower" if one.ratio.estimate > 1 else "faster"
