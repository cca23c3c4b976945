"""Round numbers along an axis, few enough to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

_STEPS = (1, 2, 5)


def even(low: float, high: float, most: int = 6) -> list[float]:
    """Multiples of a round step between two values."""
    found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    reach = (high - low) * 1e-9
    # rounded: a multiple of 0.1 is to print as 0.3, not as 0.30000000000000004
    return [round(float(v), 12) for v in found if low - reach <= v <= high + reach]


def doublings(low: float, high: float, most: int = 7) -> list[float]:
    """Powers of two between two values, every so many of them."""
    first, last = math.ceil(math.log2(low) - 1e-9), math.floor(math.log2(high) + 1e-9)
    step = -(-(last - first + 1) // most) or 1
    # 1 stays among them: it is the sequential program
    return [2.0**power for power in range(first, last + 1) if power % step == 0]


def around_doublings(low: float, high: float) -> tuple[float, float]:
    """The powers of two below and above a range of positive values, never the same."""
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    return 2.0**first, 2.0 ** max(last, first + 1)


def around(low: float, high: float) -> tuple[float, float]:
    """The 1-2-5 numbers below and above a range of positive values, never the same."""
    ends = _below(low), _above(high)
    return ends if ends[0] < ends[1] else (_below(low * 0.9), _above(high * 1.1))


def decades(low: float, high: float, most: int = 5) -> list[float]:
    """The 1-2-5 numbers between two of them; powers of ten only where those are too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [_times(step, power) for power in powers for step in _STEPS]
    found = [value for value in fine if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
    if len(found) <= most:
        return found
    tens = [value for value in found if value in {_times(1, power) for power in powers}]
    return thinned(tens, most) if len(tens) > 1 else thinned(found, most)


def apart(values: Sequence[float], most: int = 8) -> list[float]:
    """Rising values without those too near the next on a logarithmic axis; the last one stays."""
    least = math.log2(values[-1] / values[0]) / most
    kept = [values[-1]]
    for value in values[-2::-1]:
        if math.log2(kept[-1] / value) > least * 0.99:
            kept.append(value)
    return kept[::-1]


def thinned(values: Sequence[float], most: int = 8) -> list[float]:
    """At most so many of them, the last one among them."""
    step = -(-len(values) // most)
    return list(values[::-1][::step][::-1])


def _times(step: int, power: int) -> float:
    return float(f"{step}e{power}")


def _below(value: float) -> float:
    power = math.floor(math.log10(value))
    steps = [_times(step, power) for step in _STEPS]
    return max((s for s in steps if s <= value * (1 + 1e-9)), default=steps[0])


def _above(value: float) -> float:
    power = math.floor(math.log10(value))
    steps = [*(_times(step, power) for step in _STEPS), _times(1, power + 1)]
    return min(s for s in steps if s >= value * (1 - 1e-9))
