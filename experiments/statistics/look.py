"""One look at the race: from a complete matrix of log times to a verdict, without any memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.statistics.intervals import Noise, Pairs, pairwise
from experiments.statistics.records import RaceSettings, Status, Verdict
from experiments.statistics.robust import Array, Mask, Winsorised

#: bounds beyond this log ratio say "nothing is known"; exp would only print a silly number
WORST_LOG = 5.0


@dataclass(frozen=True)
class Field:
    """The candidates of a look, in the order of the matrix's rows.

    `ranks` are simplicity ranks (lower is simpler), `baseline` marks the sequential ones.
    """

    ranks: Array
    baseline: Mask


def simplicity_ranks(simplicity: Sequence[float], baselines: Collection[int]) -> Array:
    """Dense ranks, 0 the simplest; baselines come before everything else, equals share a rank."""
    keys = [(candidate not in baselines, value) for candidate, value in enumerate(simplicity)]
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return np.array([order[key] for key in keys], dtype=float)


@dataclass(frozen=True)
class Look:
    """What a look found. `pick` and `leader` are rows, arrays run over the rows.

    `theta`, `low`, `high` are log(T_i / T_leader) with their simultaneous limits, each of which
    spent the error `tail`; `pair_sd` is the sd of one such paired difference. `proven`: every
    rival's place is known as far as the verdict's name says (a tie names one that ties).
    """

    verdict: Verdict
    proven: bool
    pick: int
    leader: int
    regret_bound: float
    status: tuple[Status, ...]
    drop: Mask
    settled: bool
    theta: Array
    low: Array
    high: Array
    pair_sd: Array
    tail: float


@dataclass(frozen=True)
class _Findings:
    """What the bounds prove about each row: against the leader, and against all survivors."""

    leader: int
    slower: Mask
    equivalent: Mask
    drop: Mask
    live: Mask
    worst: Array
    safe: Mask


def take_look(
    data: Winsorised, field: Field, noise: Noise, settings: RaceSettings, tail: float
) -> Look:
    """Judge the rows of `data`; `tail` is the error that one bound may spend. Needs two rounds."""
    pairs = pairwise(data, noise)
    low, high = pairs.bounds(tail)
    margin = float(np.log1p(settings.margin))
    leader = int(np.argmin(data.values.mean(axis=1)))
    found = _prove(low, high, leader, field, margin)
    pick = _simplest_safe(found, field)
    verdict = _verdict(found, field, pick, low[:, pick])
    named = bool((found.equivalent & found.live).any())
    proven = verdict in ("best", "no-gain") or (verdict == "tie" and named)
    return Look(
        verdict=verdict,
        proven=proven,
        pick=pick,
        leader=leader,
        regret_bound=float(np.expm1(min(max(found.worst[pick], 0.0), WORST_LOG))),
        status=tuple(_status(found, row) for row in range(len(low))),
        drop=found.drop,
        settled=proven and not _unsettled(found, field, pick, pairs, high, settings).any(),
        theta=pairs.estimate[:, leader],
        low=low[:, leader],
        high=high[:, leader],
        pair_sd=pairs.error[:, leader] * np.sqrt(data.values.shape[1]),
        tail=tail,
    )


def _prove(low: Array, high: Array, leader: int, field: Field, margin: float) -> _Findings:
    """Rows to drop are clearly outside the margin, or slower than something at least as simple."""
    rival = np.arange(len(low)) != leader
    as_simple = field.ranks[None, :] <= field.ranks[:, None]
    dominated = ((low > 0) & as_simple).any(axis=1)
    drop = rival & ((low[:, leader] > margin) | dominated)
    worst = np.where(~drop[None, :], high, -np.inf).max(axis=1)
    return _Findings(
        leader=leader,
        slower=rival & (low[:, leader] > 0),
        equivalent=rival & (high[:, leader] <= margin),
        drop=drop,
        live=~drop,
        worst=worst,
        safe=~drop & (worst <= margin),
    )


def _simplest_safe(found: _Findings, field: Field) -> int:
    """The simplest row proven within the margin of every survivor; without one, the leader."""
    safe = np.flatnonzero(found.safe)
    if safe.size == 0:
        return found.leader
    return int(safe[np.argmin(field.ranks[safe])])


def _verdict(found: _Findings, field: Field, pick: int, behind: Array) -> Verdict:
    """A safe pick is advice that holds: nothing is faster than it by more than the margin.

    It is called a tie, not inconclusive, also where a rival may be equal or slower: the race goes
    on for that, but when its budget is spent the advice stands with its regret bound. Not so where
    the sequential program may be as fast: that is no advice to leave it. `behind` is the least by
    which each row is slower than the pick, log.
    """
    if not found.safe.any():
        return "inconclusive"
    if field.baseline[pick]:  # simplest of all: more rounds could not change the advice
        return "no-gain"
    if (field.baseline & found.live & (behind <= 0)).any():
        return "inconclusive"
    beaten = found.slower | found.drop
    beaten[found.leader] = True
    if pick == found.leader and beaten.all():
        return "best"
    return "tie"


def _status(found: _Findings, row: int) -> Status:
    if row == found.leader:
        return "leader"
    if found.drop[row]:
        return "dropped"
    if found.equivalent[row]:
        return "tied"
    return "slower" if found.slower[row] else "undecided"


def _unsettled(
    found: _Findings,
    field: Field,
    pick: int,
    pairs: Pairs,
    high: Array,
    settings: RaceSettings,
) -> Mask:
    """Simpler rivals that are not known well enough to be passed over for good.

    Without this a race may stop on the faster of two approaches just before the simpler one would
    have been proven equal.
    """
    theta = pairs.estimate[:, found.leader]
    reach = high[:, found.leader] - theta
    margin = np.log1p(settings.margin)
    inside, outside = settings.settle
    enough = np.where(theta <= margin, inside, outside) * margin
    simpler = found.live & (field.ranks < field.ranks[pick]) & ~found.safe
    simpler[found.leader] = False
    return np.asarray(simpler & ~(found.slower & (reach <= enough)))
