"""What following one machine's advice costs on another, and where that is proven too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from experiments.statistics.records import Interval
from reports import wording
from reports.compare.questions import Question
from reports.compare.regret import holm, regret, worse
from reports.compare.seen import Seen, Way

#: holds: within the margin, proven; flip: proven beyond it, and both are decided; worse: the same
#: where the other has no verdict; open: neither is proven; fails: it doesn't run there; none: no
#: advice, or not measured there
State = Literal["holds", "flip", "worse", "open", "fails", "none"]
STATES: tuple[State, ...] = ("holds", "flip", "worse", "open", "fails", "none")


@dataclass(frozen=True)
class Outcome:
    """One machine's advice on another: `label` is what it comes to there, `how` it was carried
    over, `regret` a share of the other's best with its 95% interval."""  # fmt: skip

    question: Question
    giver: str
    taker: str
    state: State
    label: str = ""
    how: str = ""
    regret: Interval | None = None
    reason: str = ""

    @property
    def there(self) -> Seen:
        """The verdict of the machine that takes the advice."""
        return self.question.cells[self.taker]


@dataclass(frozen=True)
class Matrix:
    """All outcomes, and how many tests were made to mark what is proven."""

    outcomes: tuple[Outcome, ...]
    tests: int


def carried(way: Way, here: Seen, there: Seen) -> tuple[Way | None, str]:
    """What advice comes to on another core count, and how; None where workers don't divide.

    CPU work keeps its workers per core, waiting work its workers, as waiting takes no core. One
    worker stays one.
    """
    if here.cores == there.cores or here.kind != "cpu" or way.workers == 1:
        return way, "the same workers"
    workers, rest = divmod(way.workers * there.cores, here.cores)
    share = wording.number(way.workers / (here.cores * way.nodes))
    if rest or not workers:
        return None, f"{share} workers a core are no whole number on {there.cores}"
    return replace(way, workers=workers), f"{share} workers a core"


def matrix(questions: Sequence[Question], margin: float) -> Matrix:
    """The outcome of each machine's advice on each other one, in every question.

    Holm's procedure runs over all tests of the comparison: an approach on a machine is one test,
    however many machines recommend it.
    """
    found = list(_all(questions, margin))
    tests = {_test(one): worse(one.there, _number(one), margin) for one in found if one.regret}
    proven = dict(zip(tests, holm(list(tests.values())), strict=True))
    return Matrix(
        tuple(_ruled(one, proven.get(_test(one), False), margin) for one in found), len(tests)
    )


def _all(questions: Sequence[Question], margin: float) -> Iterator[Outcome]:
    for question in questions:
        for giver, here in question.cells.items():
            for taker in question.cells:
                if taker != giver:
                    yield _outcome(question, giver, taker, here)


def _outcome(question: Question, giver: str, taker: str, here: Seen) -> Outcome:
    there = question.cells[taker]
    if not here.decided or here.way is None:
        return Outcome(question, giver, taker, "none", reason=f"{giver} has decided nothing")
    way, how = carried(here.way, here, there)
    number = there.number.get(way) if way is not None else None
    if way is None:
        return Outcome(question, giver, taker, "none", how=how, reason=how)
    if number is None:
        reason = f"{_called(way)} was not measured on {taker}"
        return Outcome(question, giver, taker, "none", _called(way), how, reason=reason)
    label = there.labels[number]
    if number not in there.place:
        reason = there.failures.get(number, "it gave no value")
        state: State = "fails" if number in there.failures else "none"
        return Outcome(question, giver, taker, state, label, how, reason=reason)
    return Outcome(question, giver, taker, "open", label, how, regret(there, number))


def _called(way: Way) -> str:
    name = way.executor if way.executor == "sequential" else f"{way.executor} x{way.workers}"
    return f"{name} on {way.python}"


def _number(one: Outcome) -> int:
    return one.there.labels.index(one.label)


def _test(one: Outcome) -> tuple[int, str, str]:
    return (id(one.question), one.taker, one.label)


def _ruled(one: Outcome, proven: bool, margin: float) -> Outcome:
    if one.regret is None:
        return one
    if one.regret.high <= margin:
        return replace(one, state="holds")
    if proven and one.regret.low > margin:
        return replace(one, state="flip" if one.there.decided else "worse")
    return one
