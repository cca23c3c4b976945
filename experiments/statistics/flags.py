"""Warnings about noise, as sentences, and a forecast of the rounds that would decide.

Everything is read from the complete candidates x rounds matrix of log seconds of the last look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from experiments.statistics.intervals import t_quantile
from experiments.statistics.records import RaceSettings
from experiments.statistics.robust import Array, polish, robust_sd

#: a residual this many robust sds out is no ordinary launch (1 in 2 million if normal)
BURST_SDS = 5.0
#: more of those than this are a burst of interference, not single accidents
BURST_SHARE = 0.03
#: fewest rounds in which the share of far launches means something
BURST_ROUNDS = 8
#: rounds absorb drift; beyond this much the absolute seconds are in doubt
DRIFT = 0.10
DRIFT_ROUNDS = 5
#: fewest rounds, smallest group and smallest gap (log) in which two modes can be told from noise
MODES_ROUNDS = 12
MODES_SHARE = 0.15
MODES_GAP = 0.03
#: a forecast further out than this is not worth a number
MOST_ROUNDS = 100_000


def noise_flags(matrix: Array, names: Sequence[str], settings: RaceSettings) -> tuple[str, ...]:
    """Sentences on what is wrong with the noise of a block; empty where nothing is."""
    if matrix.shape[0] < 2 or matrix.shape[1] < 2:
        return ()
    residuals = polish(matrix)
    found = [
        _noisy_launches(residuals, settings.margin),
        _bursts(residuals),
        _drift(matrix),
        _two_modes(residuals, names),
    ]
    return tuple(sentence for sentence in found if sentence)


def _noisy_launches(residuals: Array, margin: float) -> str | None:
    spread = robust_sd(residuals)
    if spread <= math.log1p(margin) / 2:
        return None
    return f"launches differ by {spread:.1%} (sd), so a tie within {margin:.0%} is out of reach"


def _bursts(residuals: Array) -> str | None:
    spread = robust_sd(residuals)
    if residuals.shape[1] < BURST_ROUNDS or spread == 0:
        return None
    share = float((np.abs(residuals) > BURST_SDS * spread).mean())
    if share <= BURST_SHARE:
        return None
    return f"bursts of interference: {share:.0%} of the launches are far off"


def _drift(matrix: Array) -> str | None:
    """Range of the round effects, smoothed by a running median of three."""
    if matrix.shape[1] < DRIFT_ROUNDS:
        return None
    effects = np.median(matrix - np.median(matrix, axis=1, keepdims=True), axis=0)
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(effects, 3), axis=1)
    size = math.expm1(float(smooth.max() - smooth.min()))
    if size <= DRIFT:
        return None
    return f"the machine drifted by {size:.0%} over the rounds; comparisons are paired against it"


def _two_modes(residuals: Array, names: Sequence[str]) -> str | None:
    rounds = residuals.shape[1]
    if rounds < MODES_ROUNDS:
        return None
    limit = 3 + 35 / rounds  # chosen by simulation: rare in unimodal noise at any rounds
    split = [name for name, row in zip(names, residuals, strict=True) if mode_gap(row) > limit]
    if not split:
        return None
    return f"launches fall into two groups (fast and slow) for {', '.join(split)}"


def mode_gap(values: Array) -> float:
    """Distance of the best two-group split of a series, in sds within the groups.

    0 where the groups are closer than 3% or smaller than 15% of the values.
    """
    ordered, count = np.sort(values), values.size
    smallest = max(2, math.ceil(MODES_SHARE * count))
    splits = range(smallest, count - smallest + 1)
    within, gap = min(
        (_split(ordered[:cut], ordered[cut:]) for cut in splits), default=(math.inf, 0.0)
    )
    if gap <= MODES_GAP:
        return 0.0
    return gap / math.sqrt(max(within / (count - 2), 1e-18))


def _split(lower: Array, upper: Array) -> tuple[float, float]:
    """Sum of squares within the two groups, and the distance of their means."""
    within = ((lower - lower.mean()) ** 2).sum() + ((upper - upper.mean()) ** 2).sum()
    return float(within), float(upper.mean() - lower.mean())


def rounds_needed(
    pair_sd: float, tail: float, prior_degrees: float, margin: float, rounds: int
) -> int:
    """Rounds at which a pair's bound would be half a margin wide, hence told apart or equal.

    `pair_sd` is the sd of one paired log difference, `rounds` those already run; at most
    MOST_ROUNDS.
    """
    tries = np.unique(np.ceil(np.geomspace(max(rounds, 2), MOST_ROUNDS, 400)))
    reach = t_quantile(1 - tail, tries - 1 + prior_degrees) * pair_sd / np.sqrt(tries)
    enough = np.flatnonzero(reach <= math.log1p(margin) / 2)
    return int(tries[enough[0]]) if enough.size else MOST_ROUNDS


def resolvable_difference(pair_sd: float, tail: float, prior_degrees: float, rounds: int) -> float:
    """The smallest relative difference that this many rounds could tell from none and from twice.

    It is two half-widths: so far apart, intervals around either do not meet.
    """
    reach = float(t_quantile(1 - tail, rounds - 1 + prior_degrees)) * pair_sd / math.sqrt(rounds)
    return math.expm1(2 * reach)
