"""How fast each machine does the same work: seconds, and their ratio to another's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.statistics.intervals import (
    Pairs,
    centre_interval,
    centres,
    scaled,
    t_quantile,
    welch,
)
from experiments.statistics.records import Interval
from reports.compare.questions import Question
from reports.compare.regret import TAIL
from reports.compare.seen import Seen

UNKNOWN_WORK = "how much work a batch is isn't known (scale in runs.json)"
ONCE = "a single batch's start doesn't grow with its work, and the batches differ"
FEW_ITEMS = "fewer items than workers: seconds don't grow with the items"


class NoRatioError(ValueError):
    """Two times that can't be compared; the message says why."""


@dataclass(frozen=True)
class Ratio:
    """log(seconds of one / of the other) for the same work, and how far each end may be off.

    `slack` (low, high) is what unevenly filled rounds of workers may make up where the number of
    items differs; `same` says whether both did the very same work.
    """

    centre: Pairs
    slack: tuple[float, float]
    same: bool

    def interval(self, tail: float = TAIL) -> Interval:
        """The ratio with an interval that spends so much error at each end."""
        estimate = float(self.centre.estimate[0])
        reach = float(t_quantile(1 - tail, self.centre.degrees)[0] * self.centre.error[0])
        low, high = estimate - reach - self.slack[0], estimate + reach + self.slack[1]
        return Interval(math.exp(estimate), math.exp(low), math.exp(high))

    def beyond(self, margin: float) -> float:
        """p-value of the ratio lying within the margin, on either side."""
        centre, edge = self.centre, math.log1p(margin)
        up = centre.above(edge + self.slack[0])[0]
        turned = Pairs(-centre.estimate, centre.error, centre.degrees)
        down = turned.above(edge + self.slack[1])[0]
        return float(min(up, down))


@dataclass(frozen=True)
class Speed:
    """A machine's best in a question: seconds for the work of the first machine's batch.

    `ratio` is its seconds / those of `base`; `reason` says why there is none.
    """

    question: Question
    letter: str
    label: str
    seconds: Interval | None
    own_seconds: Interval | None
    base: str
    ratio: Interval | None
    same: bool
    reason: str = ""


def ratio(one: Seen, number: int, other: Seen, place: int) -> Ratio:
    """Seconds of an approach here over one there. Raises NoRatioError where that says nothing."""
    times = one.seconds[number], other.seconds[place]
    if not all(time.known for time in times):
        raise NoRatioError("fewer than two launches")
    if one.work is None or other.work is None:
        raise NoRatioError(UNKNOWN_WORK)
    centre = welch(*(centres(time.logs[None, :]) for time in times))
    if one.work == other.work:
        return Ratio(centre, (0.0, 0.0), True)
    if one.mode != "steady":
        raise NoRatioError(ONCE)
    more = math.log(math.prod(one.work) / math.prod(other.work))
    shifted = Pairs(centre.estimate - more, centre.error, centre.degrees)
    return Ratio(shifted, (_uneven(one, number), _uneven(other, place)), False)


def _uneven(seen: Seen, number: int) -> float:
    """Log of how much longer a batch may take than evenly filled rounds of its workers would."""
    way = seen.ways[number]
    workers = min(way.workers, seen.cores * way.nodes) if seen.kind == "cpu" else way.workers
    items = seen.work[0] if seen.work else 0.0
    if seen.scaling == "weak" or workers == 1:
        return 0.0
    if items < workers:
        raise NoRatioError(FEW_ITEMS)
    return math.log(math.ceil(items / workers) * workers / items)


def speeds(questions: Sequence[Question]) -> list[Speed]:
    """Each machine's best in each question about a pool that lives on."""
    return [
        speed
        for question in questions
        if question.mode == "steady" and question.comparable
        for speed in _speeds(question)
    ]


def _speeds(question: Question) -> list[Speed]:
    able = {letter: n for letter, seen in question.cells.items() if (n := _best(seen)) is not None}
    base = next(iter(able), "")
    return [_speed(question, letter, number, base, able) for letter, number in able.items()]


def _best(seen: Seen) -> int | None:
    """What is recommended, or the candidate so far, where its seconds are known."""
    pick = seen.pick if seen.pick in seen.place else seen.fastest
    return pick if pick is not None and pick in seen.seconds else None


def _speed(question: Question, letter: str, number: int, base: str, able: dict[str, int]) -> Speed:
    here, there = question.cells[letter], question.cells[base]
    label, own = here.labels[number], own_seconds(here, number)
    if letter == base:
        return Speed(question, letter, label, own, own, base, Interval(1.0, 1.0, 1.0), True)
    try:
        found = ratio(here, number, there, able[base])
    except NoRatioError as error:
        return Speed(question, letter, label, None, own, base, None, False, str(error))
    told = _for_work_of(own, here, there)
    return Speed(question, letter, label, told, own, base, found.interval(), found.same)


def own_seconds(seen: Seen, number: int) -> Interval | None:
    """Seconds of a batch as it was, with their 95% interval; None under two launches."""
    timed = seen.seconds[number]
    return centre_interval(timed.logs) if timed.known else None


def _for_work_of(own: Interval | None, here: Seen, there: Seen) -> Interval | None:
    """Seconds that the other's batch would take at this rate."""
    if own is None or here.work is None or there.work is None:
        return None
    return scaled(own, math.prod(there.work) / math.prod(here.work))
