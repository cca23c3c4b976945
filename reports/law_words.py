"""What the laws of a curve say, in a sentence or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports import wording
from reports.curves import Curve
from reports.laws.average import Estimate
from reports.laws.points import TAU
from reports.laws.scaling import POINT_REACH, Scaling

if TYPE_CHECKING:  # fit makes the predictions that are put into words here
    from reports.fit import Prediction

#: a serial fraction below this is told as "at most ..." alone
_HARDLY_SERIAL = 0.005


def sentence(curve: Curve, found: Scaling, near: Prediction, far: Prediction) -> str:
    """All that may be said of a curve."""
    told = [_waiting(curve, found)] if curve.work == "waiting" else [_serial(curve, found)]
    told += [_ahead(curve, found, near, far), _turn(curve, found)]
    return " ".join(f"{wording.capital(text)}." for text in told if text)


def rate(curve: Curve, bound: Estimate | None) -> Estimate | None:
    """A bound in batches a second as items a second, where the items are known."""
    if bound is None or curve.items is None:
        return None
    return Estimate(*(value * curve.items for value in (bound.value, bound.low, bound.high)))


def _serial(curve: Curve, found: Scaling) -> str:
    name = "scaled_serial_fraction" if curve.weak else "serial_fraction"
    alpha = found.estimate(name)
    if alpha is None:
        return ""
    what = "this task as it grows" if curve.weak else "this task"
    if alpha.value < _HARDLY_SERIAL:
        return f"at most {wording.percent(alpha.high)} of {what} is serial"
    span = f"{wording.percent(alpha.low)} to {wording.percent(alpha.high)}"
    return f"about {wording.percent(alpha.value)} of {what} is serial (90% range {span})"


def _waiting(curve: Curve, found: Scaling) -> str:
    """Where waiting work saturates, or that it doesn't yet."""
    largest = found.points.largest
    saturation = found.within_reach("saturation", POINT_REACH * largest)
    if saturation is None:
        return f"no saturation seen up to {_count(curve, largest)}"
    text = f"it saturates at about {_numbers(curve, saturation)}"
    items = rate(curve, found.estimate("bound"))
    if items is None:
        return text
    low, high = wording.number(items.low), wording.number(items.high)
    return f"{text}, at most {wording.number(items.value)} items/s ({low} to {high})"


def _ahead(curve: Curve, found: Scaling, near: Prediction, far: Prediction) -> str:
    """What more workers or cores would bring."""
    if _all_busy(curve, found):
        return _oversubscribed(curve, found)
    if near.speedup is None:
        return ""
    span = wording.times_interval(near.speedup.low, near.speedup.high)
    more = _count(curve, near.workers)
    if not near.point:
        return f"{more} would give {span}; the law is not identified beyond that{_limit(curve)}"
    text = f"{more} would give {wording.times(near.speedup.value)} ({span})"
    if far.speedup is not None:
        span = wording.times_interval(far.speedup.low, far.speedup.high)
        text += f", {_count(curve, far.workers)} {span}"
    return f"{text}{_limit(curve)}"


def _limit(curve: Curve) -> str:
    """What the prediction rests on."""
    if curve.axis == "cores" and POINT_REACH * curve.points.largest > curve.measured_cores:
        return "; not measured beyond this machine's cores"
    return ""


def _all_busy(curve: Curve, found: Scaling) -> bool:
    """Whether the workers measured already use all cores they may: more can't tell anything."""
    known = curve.axis == "workers" and curve.work == "cpu"
    return known and found.points.largest >= curve.cores.usable


def _oversubscribed(curve: Curve, found: Scaling) -> str:
    """What workers beyond the cores cost: they can't bring anything."""
    more = f"more workers than the {wording.count(curve.cores.usable, 'core')} bring nothing"
    price = found.estimate("oversubscription")
    if price is None or price.low <= 0:
        return more
    low, high = wording.percent(price.low), wording.percent(price.high)
    return f"{more}: twice as many cost {low} to {high} of one worker's time"


def _turn(curve: Curve, found: Scaling) -> str:
    """The peak, or that there is none to be named."""
    if curve.work == "waiting":
        return ""
    peak = found.supported_peak(curve.cores)
    if peak is not None:
        return f"it peaks at about {_numbers(curve, peak)}"
    best = int(np.argmin(found.points.seconds))
    fell = found.points.logs[-1] - found.points.logs[best] > TAU
    if fell:
        where = _count(curve, float(found.points.workers[best]))
        return f"the fastest measured is {where}, and a peak is not identified"
    if _all_busy(curve, found):
        return ""
    return f"no peak seen up to {_count(curve, found.points.largest)}"


def _count(curve: Curve, number: float) -> str:
    return wording.count(number, curve.axis.removesuffix("s"))


def _numbers(curve: Curve, found: Estimate) -> str:
    """A worker count that was estimated, with its range in whole numbers."""
    low, high = (f"{round(end):,}" for end in (found.low, found.high))
    return f"{_count(curve, max(1, round(found.value)))} ({low} to {high})"
