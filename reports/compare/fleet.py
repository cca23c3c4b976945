"""One configuration for all machines: the approach whose worst regret is the smallest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from experiments.statistics.records import Interval
from reports.compare.questions import Question
from reports.compare.regret import TAIL, regret
from reports.compare.seen import Seen, Way

#: holds: within the margin on all machines, proven; compromise: proven beyond it on one; open:
#: neither is proven; none: nothing can be said
Found = Literal["holds", "compromise", "open", "none"]


@dataclass(frozen=True, order=True)
class Recipe:
    """An approach for machines of any size; `share` is workers a core, None: `workers` as told."""

    executor: str
    options: str
    python: str
    workers: int
    share: Fraction | None


@dataclass(frozen=True)
class Choice:
    """What one configuration for a question costs at most, and where that is.

    `labels` are what it is called on each machine; `regrets` by machine, shares whose upper ends
    allow for the choice among `candidates` approaches.
    """

    question: Question
    state: Found
    labels: dict[str, str]
    regrets: dict[str, Interval]
    where: str
    candidates: int
    reason: str = ""

    @property
    def worst(self) -> float:
        """The largest upper end."""
        return self.regrets[self.where].high if self.where else math.inf


def choices(questions: Sequence[Question], margin: float) -> list[Choice]:
    """One choice for each question that machines can be compared in."""
    return [_choice(question, margin) for question in questions if question.comparable]


def _choice(question: Question, margin: float) -> Choice:
    """The simplest of those that hold everywhere; where none does, the smallest worst regret.

    An upper end for the worst of the machines needs no more error than that of one: the machine
    that is truly the worst is a certain one. The choice among approaches does.
    """
    shared = _shared(question)
    if not shared:
        reason = "no approach has worked on all machines"
        return Choice(question, "none", {}, {}, "", 0, reason)
    tail = TAIL / len(shared)
    made = [_of(question, numbers, tail, len(shared)) for numbers in shared.values()]
    good = [one for one in made if one.worst <= margin]
    if good:
        best = min(good, key=_simplicity)
        return Choice(question, "holds", best.labels, best.regrets, best.where, len(shared))
    best = min(made, key=lambda one: (one.worst, _simplicity(one)))
    if math.isinf(best.worst):
        reason = "too few rounds to bound the regret on all machines"
        return Choice(question, "none", {}, {}, "", len(shared), reason)
    may = all(one.low <= margin for one in best.regrets.values())
    return replace(best, state="open") if may else best


def _simplicity(one: Choice) -> int:
    seen = one.question.first
    label = one.labels[next(iter(one.question.cells))]
    return seen.ranks[seen.labels.index(label)]


def _of(question: Question, numbers: dict[str, int], tail: float, candidates: int) -> Choice:
    cells = question.cells
    regrets = {letter: regret(cells[letter], n, tail) for letter, n in numbers.items()}
    labels = {letter: cells[letter].labels[n] for letter, n in numbers.items()}
    where = max(regrets, key=lambda letter: regrets[letter].high)
    return Choice(question, "compromise", labels, regrets, where, candidates)


def _shared(question: Question) -> dict[Recipe, dict[str, int]]:
    """The recipes that worked on every machine, with their approach's place on each."""
    found: dict[Recipe, dict[str, int]] = {}
    for letter, seen in question.cells.items():
        for number in seen.able:
            for recipe in recipes(seen, seen.ways[number], question.same_cores):
                found.setdefault(recipe, {}).setdefault(letter, number)
    return {key: places for key, places in found.items() if len(places) == len(question.cells)}


def recipes(seen: Seen, way: Way, same_cores: bool) -> Iterator[Recipe]:
    """What an approach is an instance of: on machines of one size, or in waiting work, itself.

    Else so many workers a core, and one worker is also just one.
    """
    literal = same_cores or seen.kind != "cpu"
    if literal or way.workers == 1:
        yield Recipe(way.executor, way.options, way.python, way.workers, None)
    if not literal and way.executor != "sequential":
        share = Fraction(way.workers, seen.cores * way.nodes)
        yield Recipe(way.executor, way.options, way.python, 0, share)
