"""Where the recommended approach changes along a numeric parameter: bisection between verdicts.

Pure: values and what was recommended there in, the values to measure next and the changes out. A
change is held between two *decided* verdicts, so its interval errs only where one of the two does
(each at most with the race's alpha); no curve is fitted and nothing is read between the values but
that the recommendation changes somewhere there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.statistics.records import Judgement

#: where the noise hides the change, its sides are narrowed down to so many resolutions only: each
#: further value would be the dearest kind, one near the change, for a hidden zone as wide
NARROW_BESIDE_UNDECIDED = 2
#: gaps are as wide as the resolution within this: 0.36 - 0.33 is a hair more than 0.03
_ROUNDING = 1e-6
#: significant digits of a value in the middle: more would only be hard to read
_DIGITS = 3
#: places that the race has not put behind the leader
_OPEN = ("leader", "tied", "undecided")
#: an option with this prefix sets a parameter of the task in the launches of its approach
OVERRIDE = "task."


@dataclass(frozen=True)
class Point:
    """A measured value of the parameter, and the family recommended there (None: not decided)."""

    value: float
    family: str | None


@dataclass(frozen=True)
class Flip:
    """A change of the recommendation: `below` is right at `low`, `above` at `high`.

    `undecided` are the values measured between the two at which no verdict stands.
    """

    below: str
    above: str
    low: float
    high: float
    undecided: tuple[float, ...]


@dataclass(frozen=True)
class Axis:
    """The parameter's range, and how close two values may come.

    `resolution` is a difference on a linear axis, a ratio above 1 on a logarithmic one; `whole`
    says that only whole numbers are values.
    """

    low: float
    high: float
    resolution: float
    log: bool = False
    whole: bool = False

    def gap(self, low: float, high: float) -> float:
        """How far apart two values are, in resolutions."""
        if self.log:
            return math.log(high / low) / math.log(self.resolution)
        return (high - low) / self.resolution

    def middle(self, low: float, high: float) -> float | None:
        """A value about in the middle, with few digits; None where none lies between."""
        exact = math.sqrt(low * high) if self.log else (low + high) / 2
        for digits in (_DIGITS, _DIGITS + 3, 15):
            value = self._readable(exact, low, high, digits)
            if low < value < high:
                return value
        return None

    def _readable(self, exact: float, low: float, high: float, digits: int) -> float:
        if self.whole:
            return float(round(exact))
        if self.log:
            return float(f"{exact:.{digits}g}")
        return round(exact, digits - 2 - math.floor(math.log10(high - low)))

    def uniform(self) -> list[float]:
        """All values of a sweep at this resolution, the ends included."""
        steps = math.ceil(self.gap(self.low, self.high) - _ROUNDING)
        if self.log:
            ratio = self.high / self.low
            found = [self.low * ratio ** (step / steps) for step in range(steps + 1)]
        else:
            width = (self.high - self.low) / steps
            found = [self.low + step * width for step in range(steps + 1)]
        return sorted({float(round(value)) for value in found}) if self.whole else found


def overrides(options: Mapping[str, Any]) -> dict[str, Any]:
    """The task parameters that an approach's options set."""
    return {
        key.removeprefix(OVERRIDE): value
        for key, value in options.items()
        if key.startswith(OVERRIDE)
    }


def family_name(executor: str, options: Mapping[str, Any]) -> str:
    """What a change is a change of: the executor, with the parameter it is compared in, and with
    the nodes where it runs over several."""  # fmt: skip
    nodes = options.get("nodes", 1)
    place = [f"on {nodes} nodes"] if isinstance(nodes, int) and nodes > 1 else []
    compared = (f"{k}={v}" for k, v in sorted(overrides(options).items()))
    return " ".join([executor, *compared, *place])


def family(judgement: Judgement, families: Mapping[str, str]) -> str | None:
    """The family (executor) that a verdict recommends; `families` by approach.

    An inconclusive race still tells it where all approaches that may be the fastest are of one
    family: then only its worker count is open.
    """
    if judgement.pick is None:
        return None
    if judgement.verdict != "inconclusive":
        return families[judgement.pick]
    near = {families[key] for key, place in judgement.status.items() if place in _OPEN}
    return near.pop() if len(near) == 1 and judgement.leader is not None else None


def flips(points: Sequence[Point]) -> list[Flip]:
    """Changes of the recommendation between decided neighbours, in rising order."""
    found, open_values = [], list[float]()
    before: Point | None = None
    for point in sorted(points, key=lambda one: one.value):
        if point.family is None:
            open_values.append(point.value)
            continue
        if before is not None and before.family is not None and before.family != point.family:
            between = tuple(open_values)
            found.append(Flip(before.family, point.family, before.value, point.value, between))
        before, open_values = point, []
    return found


def next_values(points: Sequence[Point], axis: Axis) -> list[float]:
    """Values to measure next: the ends, then one in each change that is still wide."""
    known = {point.value for point in points}
    missing = [end for end in (axis.low, axis.high) if end not in known]
    if missing:
        return missing
    found = flips(points)
    if not found and len(points) == 2:
        # both ends alike: one look at the middle, as a change and back would be hidden
        wide = [(axis.low, axis.high)]
    else:
        wide = [gap for flip in found if (gap := _wide(flip, axis))]
    values = [axis.middle(*gap) for gap in wide]
    return sorted({value for value in values if value is not None and value not in known})


def _wide(flip: Flip, axis: Axis) -> tuple[float, float] | None:
    """The part of a change to look into; what lies between undecided values stays as it is."""
    if not flip.undecided:
        whole = (flip.low, flip.high)
        return whole if axis.gap(*whole) > 1 + _ROUNDING else None
    sides = ((flip.low, min(flip.undecided)), (max(flip.undecided), flip.high))
    side = max(sides, key=lambda one: axis.gap(*one))
    return side if axis.gap(*side) > NARROW_BESIDE_UNDECIDED + _ROUNDING else None
