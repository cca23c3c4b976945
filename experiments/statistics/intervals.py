"""Confidence limits from few launches: one value a launch, pulled in, paired by round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped, unused-ignore]

from experiments.statistics.records import Interval
from experiments.statistics.robust import Array, Winsorised, winsorise_row


@dataclass(frozen=True)
class Noise:
    """What is known of launch noise beforehand: a variance and its weight in degrees of freedom.

    The variance is that of one launch: of any, or an array of k, each candidate's own.
    """

    variance: float | Array = 0.0
    degrees: float = 0.0


NO_NOISE_KNOWN = Noise()


def t_quantile(probability: float, degrees: npt.ArrayLike) -> Array:
    """Quantile of Student's t (from scipy.special: scipy.stats takes half a second to import)."""
    return np.asarray(stdtrit(degrees, probability), dtype=float)


@dataclass(frozen=True)
class Pairs:
    """theta[i, j] = log(T_i / T_j): k x k estimates, standard errors, degrees of freedom.

    Of `centres` and `welch` they are one for each row.
    """

    estimate: Array
    error: Array
    degrees: Array

    def bounds(self, tail: float) -> tuple[Array, Array]:
        """Lower and upper limits with error `tail` each; exactly 0 on the diagonal."""
        reach = t_quantile(1 - tail, self.degrees) * self.error
        low, high = self.estimate - reach, self.estimate + reach
        np.fill_diagonal(low, 0.0)
        np.fill_diagonal(high, 0.0)
        return low, high

    def above(self, threshold: float) -> Array:
        """One-sided p-values: how likely so large an estimate is if the truth is the threshold."""
        distance = self.estimate - threshold
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(self.error > 0, distance / self.error, np.sign(distance) * np.inf)
        return np.where(np.isnan(distance), np.nan, np.asarray(stdtr(self.degrees, -score)))


def pairwise(data: Winsorised, noise: Noise) -> Pairs:
    """Compare every two candidates by their paired differences.

    The variance of a pair is moderated towards what is known: few rounds estimate it badly. Pulled
    launches carry less information than they seem to: they cost degrees of freedom and widen the
    error. Needs two rounds or more.
    """
    rounds = data.values.shape[1]
    differences = data.values[:, None, :] - data.values[None, :, :]
    free = rounds - 1
    own = differences.var(axis=2, ddof=1)
    known = np.broadcast_to(noise.variance, len(data.values))
    prior = known[:, None] + known[None, :]
    variance = (noise.degrees * prior + free * own) / (noise.degrees + free)
    pulled = (data.pulled[:, None, :] | data.pulled[None, :, :]).sum(axis=2)
    kept = np.maximum(free - pulled, 1)
    error = np.sqrt(variance / rounds) * np.sqrt(free / kept)
    return Pairs(differences.mean(axis=2), error, np.asarray(kept + noise.degrees))


def paired_interval(
    differences: npt.ArrayLike,
    level: float = 0.95,
    noise: Noise = NO_NOISE_KNOWN,
    clip: float = 2.0,
) -> Interval:
    """Moderated t interval for the centre of paired log ratios, **in logs**; needs two values."""
    return _centre(np.asarray(differences, dtype=float), level, noise, clip)


def centre_interval(log_seconds: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Seconds: geometric mean over launches, with the interval of that mean.

    Not paired, so drift of the machine widens it. One launch gives no limits (NaN), none at all
    a ValueError.
    """
    values = np.asarray(log_seconds, dtype=float)
    if values.size == 0:
        raise ValueError("no launches: there is no centre to give")
    if values.size == 1:
        return Interval(math.exp(values[0]), math.nan, math.nan)
    return exponential(_centre(values, level, NO_NOISE_KNOWN, clip=2.0))


def share_interval(part: Interval, whole: Interval) -> Interval | None:
    """part / whole, of two estimates that don't depend on each other, with Fieller's interval.

    Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16 (1954), with half the
    intervals' widths for its t times standard errors. None where the whole's interval holds 0.
    """
    a, b = part.estimate, whole.estimate
    reach_a, reach_b = (part.high - part.low) / 2, (whole.high - whole.low) / 2
    square = b * b - reach_b * reach_b
    if not (b > 0 and square > 0):
        return None
    spread = math.sqrt((a * reach_b) ** 2 + reach_a**2 * square)
    return Interval(a / b, (a * b - spread) / square, (a * b + spread) / square)


def combined(estimate: float, *parts: Interval) -> Interval:
    """An estimate made by adding or subtracting independent ones: half-widths add in squares."""
    reach = math.sqrt(sum(((part.high - part.low) / 2) ** 2 for part in parts))
    return Interval(estimate, estimate - reach, estimate + reach)


def scaled(interval: Interval, factor: float) -> Interval:
    """An interval times a number that is not negative."""
    return Interval(interval.estimate * factor, interval.low * factor, interval.high * factor)


def exponential(logs: Interval) -> Interval:
    """From logs to ratios or seconds."""
    return Interval(math.exp(logs.estimate), math.exp(logs.low), math.exp(logs.high))


def _centre(values: Array, level: float, noise: Noise, clip: float) -> Interval:
    """The interval of `centres` for one series."""
    found = centres(values[None, :], 2 * float(np.mean(noise.variance)), noise.degrees, clip)
    reach = float(t_quantile(0.5 + level / 2, found.degrees[0]) * found.error[0])
    centre = float(found.estimate[0])
    return Interval(centre, centre - reach, centre + reach)


def centres(
    values: Array, prior: npt.ArrayLike = 0.0, degrees: float = 0.0, clip: float = 2.0
) -> Pairs:
    """Centre of each row of (m, n) logs, its standard error and degrees of freedom: (m,) each.

    Winsorised t with the full widening free / kept of Dixon and Tukey (1968). Its square root,
    which serves the simultaneous limits of `pairwise` well, covers only 93% here at 8 launches: one
    short series has no block to take its bound from. `prior` is the variance of a value that is
    known beforehand, one or (m,), with the weight of so many degrees. ValueError under two values
    a row.
    """
    count = values.shape[1]
    if count < 2:
        raise ValueError(f"an interval needs two launches or more, not {count}")
    rows = [winsorise_row(row, clip) for row in values]
    free = count - 1
    kept = np.maximum(free - np.array([int(row.pulled.sum()) for row in rows]), 1)
    inside = np.array([row.values for row in rows])
    own = inside.var(axis=1, ddof=1)
    variance = (degrees * np.asarray(prior, dtype=float) + free * own) / (degrees + free)
    error = np.sqrt(variance / count) * free / kept
    return Pairs(inside.mean(axis=1), error, np.asarray(kept + degrees, dtype=float))


def welch(one: Pairs, other: Pairs) -> Pairs:
    """one - other, of centres that don't depend on each other: Welch (1947).

    The degrees of freedom are Satterthwaite's; errors of 0 leave as many as the two have together.
    """
    squares = one.error**2, other.error**2
    total = squares[0] + squares[1]
    parts = squares[0] ** 2 / one.degrees + squares[1] ** 2 / other.degrees
    both = one.degrees + other.degrees
    degrees = np.where(parts > 0, total**2 / np.where(parts > 0, parts, 1.0), both)
    return Pairs(one.estimate - other.estimate, np.sqrt(total), degrees)


def quantile_interval(
    launches: Sequence[npt.ArrayLike], probability: float, level: float = 0.95
) -> Interval:
    """Pooled quantile with Woodruff's interval (1952), on the logit scale.

    `launches` holds one array of values (item latencies, say) per launch, two launches or more.
    How much the share of values below the quantile differs between launches carries their
    clustering. An end that the data do not support is infinite (upper) or the smallest value.
    """
    groups = [np.asarray(launch, dtype=float) for launch in launches]
    if len(groups) < 2 or any(group.size == 0 for group in groups):
        raise ValueError("a quantile interval needs two launches or more, none of them empty")
    pool = np.sort(np.concatenate(groups))
    quantile = float(np.quantile(pool, probability))
    reach = _logit_reach(
        [float((group <= quantile).mean()) for group in groups], probability, level, pool.size
    )
    low, high = (_logistic(_logit(probability) + side * reach) for side in (-1, 1))
    first, last = math.floor(low * pool.size) - 1, math.ceil(high * pool.size)
    upper = float(pool[last]) if last < pool.size else math.inf
    return Interval(quantile, float(pool[max(first, 0)]), upper)


def _logit_reach(shares: list[float], probability: float, level: float, count: int) -> float:
    """Half-width on the logit scale; never below what independent values would give."""
    binomial = probability * (1 - probability)
    between = float(np.std(shares, ddof=1)) / math.sqrt(len(shares))
    error = max(between, math.sqrt(binomial / count))
    return float(t_quantile(0.5 + level / 2, len(shares) - 1)) * error / binomial


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
