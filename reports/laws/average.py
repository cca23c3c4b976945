"""Average laws by their AIC weights, with ranges from refits to perturbed curves.

AIC = chi^2 + 2p with sigma known works with three points, where AICc divides by zero; an average
predicts better than the best law (Burnham and Anderson, Model Selection and Multimodel Inference,
2002, ch. 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.laws.law import Fitted, Law
from reports.laws.points import Floats, Points

#: refits to perturbed curves behind every range
REPEATS = 200
#: ranges are 90% ranges
ENDS = (0.05, 0.95)
#: a range at N > K is at least the prediction give or take this much, in logs, a doubling
WIDENING = 0.15
#: nothing scales better than linearly from the last point, but for this much luck of that point
LINEAR_TOP = 1.05


@dataclass(frozen=True)
class Estimate:
    """A value with its 90% range."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Average:
    """Laws fitted to one curve and averaged.

    `weights` by law, summing to 1; `at` (m,) with log seconds and their range; `chi2` of the law
    that fits best; `draws` of a parameter, (REPEATS,), by name, and its value on the curve itself.
    """

    weights: Mapping[str, float]
    at: Floats
    log_seconds: Floats
    log_low: Floats
    log_high: Floats
    chi2: float
    values: Mapping[str, float]
    draws: Mapping[str, Floats]

    def estimate(self, name: str) -> Estimate | None:
        """A parameter with its range, averaged over the laws that have it; None where none has."""
        if name not in self.values:
            return None
        # a rank, not between two: a peak may be at infinity
        low, high = np.quantile(self.draws[name], ENDS, method="inverted_cdf")
        value = self.values[name]
        # at a bound (alpha = 0) the fit and the range of its refits may differ by rounding
        return Estimate(value, min(float(low), value), max(float(high), value))


def average(points: Points, laws: Sequence[Law], at: Floats, seed: int) -> Average:
    """Fit every law to the points and to `REPEATS` perturbed copies, predict at `at` (m,)."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(REPEATS, len(points))) * points.spread
    logs = np.concatenate([points.logs[None, :], points.logs + noise])
    fitted = [law.fit(points, logs, at) for law in laws]
    weights = aic_weights(fitted, laws)
    drawn = _drawn(weights[1:], random)
    middle = np.einsum("l,lm->m", weights[0], np.stack([one.log_seconds[0] for one in fitted]))
    refits = np.stack([one.log_seconds[1:] for one in fitted])[drawn, np.arange(REPEATS)]
    low, high = _range(points, at, middle, refits)
    best = float(np.interp(points.largest, at, middle))
    top = _linear_top(points, at, min(points.logs[-1], best))
    range_top = _linear_top(points, at, float(np.interp(points.largest, at, low)))
    values, draws = _values(fitted, weights, random)
    return Average(
        weights={law.name: float(w) for law, w in zip(laws, weights[0], strict=True)},
        at=at,
        log_seconds=np.maximum(middle, top),
        log_low=np.minimum(np.maximum(low, range_top), np.maximum(middle, top)),
        log_high=np.maximum(high, top),
        chi2=float(min(one.chi2[0] for one in fitted)),
        values=values,
        draws=draws,
    )


def aic_weights(fitted: Sequence[Fitted], laws: Sequence[Law]) -> Floats:
    """Weights exp(-dAIC / 2) of L laws for B curves: shape (B, L), each row summing to 1."""
    aic = np.stack([one.chi2 + 2 * law.parameters for one, law in zip(fitted, laws, strict=True)])
    weights = np.exp(-(aic - aic.min(axis=0)) / 2)
    return np.asarray((weights / weights.sum(axis=0)).T)


def _drawn(weights: Floats, random: np.random.Generator) -> np.ndarray:
    """A law for every row, drawn by weight."""
    cut = random.random((len(weights), 1)) * weights.sum(axis=1, keepdims=True)
    return np.asarray((np.cumsum(weights, axis=1) < cut).sum(axis=1).clip(max=weights.shape[1] - 1))


def _range(points: Points, at: Floats, middle: Floats, refits: Floats) -> tuple[Floats, Floats]:
    """The 90% range of log seconds; beyond the data at least `WIDENING` a doubling."""
    low, high = np.quantile(refits, ENDS, axis=0)
    least = WIDENING * np.maximum(0.0, np.log2(at / points.largest))
    return np.minimum(low, middle - least), np.maximum(high, middle + least)


def _linear_top(points: Points, at: Floats, last: float) -> Floats:
    """The least log seconds beyond the data: 1.05 times the rate at K, scaled linearly.

    `last` is the log seconds at K: the fastest of what was measured and predicted there, and for
    the range its fast end. A last point that is slow by chance must not cut a curve that is linear.
    """
    top = last - np.log(LINEAR_TOP) - np.log(at / points.largest)
    return np.asarray(np.where(at > points.largest, top, -np.inf))


def _values(
    fitted: Sequence[Fitted], weights: Floats, random: np.random.Generator
) -> tuple[dict[str, float], dict[str, Floats]]:
    """Parameters averaged over the laws that have them, by those laws' weights; and draws."""
    values, draws = {}, {}
    for name in dict.fromkeys(name for one in fitted for name in one.values):
        having = [place for place, one in enumerate(fitted) if name in one.values]
        shares = np.maximum(weights[:, having], 1e-300)
        shares = shares / shares.sum(axis=1, keepdims=True)
        table = np.stack([fitted[place].values[name] for place in having], axis=1)
        values[name] = float((shares[0] * table[0]).sum())
        chosen = _drawn(shares[1:], random)
        draws[name] = table[1:][np.arange(REPEATS), chosen]
    return values, draws
