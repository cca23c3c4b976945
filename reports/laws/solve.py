"""Fit a law that is linear in coefficients >= 0 to the logs of many curves at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from reports.laws.points import Floats

#: the log residuals are linear enough after so many steps on all published curves tried
GAUSS_NEWTON_STEPS = 12
#: a step that moves no coefficient by more than this share of the largest is the last one
CONVERGED = 1e-6
#: keeps two columns that are parallel solvable; far below what a time is known to
_RIDGE = 1e-13
#: a log residual further than this is as bad as any: weights must not overflow
_FAR = 50.0


def log_fit(
    design: Floats, logs: Floats, spread: Floats, extra: Floats | None = None
) -> tuple[Floats, Floats]:
    """Minimise the squares of (log y - log(design @ x)) / spread over x >= 0.

    Design (n, p), logs (B, n), spread (n,); `extra` (B, p) is one more row whose product with x
    should be 0. Returns x (B, p) and the sum of squares (B,). Starts from relative residuals, which
    is convex; a Gauss-Newton step on log residuals is again linear, its target 1 + log(y / f).
    """
    weights = 1 / spread
    found = _step(design, np.exp(logs), np.broadcast_to(weights, logs.shape), weights, extra)
    smallest = _squares(design, found, logs, weights, extra)
    current, moving = found.copy(), np.arange(len(logs))
    for _ in range(GAUSS_NEWTON_STEPS):
        rows, own = logs[moving], None if extra is None else extra[moving]
        fitted = _kept_near(current[moving] @ design.T, rows)
        better = _step(design, fitted, weights * (1 + rows - np.log(fitted)), weights, own)
        squares = _squares(design, better, rows, weights, own)
        gained = squares < smallest[moving]
        found[moving[gained]], smallest[moving[gained]] = better[gained], squares[gained]
        moved = np.abs(better - current[moving]).max(axis=1)
        still = moved > CONVERGED * np.maximum(better.max(axis=1), 1e-300)
        current[moving] = better
        moving = moving[still]
        if not len(moving):
            break
    return found, smallest


def _kept_near(fitted: Floats, logs: Floats) -> Floats:
    """Fitted times as a step may take them: within a factor of e^50 of what was measured."""
    logs_fitted = np.log(np.maximum(fitted, 1e-300))
    return np.asarray(np.exp(np.clip(logs_fitted, logs - _FAR, logs + _FAR)))


def _step(
    design: Floats, scale: Floats, target: Floats, weights: Floats, extra: Floats | None
) -> Floats:
    rows = (weights / scale)[:, :, None] * design[None, :, :]
    if extra is not None:
        rows = np.concatenate([rows, extra[:, None, :]], axis=1)
        target = np.concatenate([target, np.zeros((len(target), 1))], axis=1)
    return nonnegative(rows, target)


def _squares(
    design: Floats, found: Floats, logs: Floats, weights: Floats, extra: Floats | None
) -> Floats:
    residuals = (logs - np.log(np.maximum(found @ design.T, 1e-300))) * weights
    squares = (residuals**2).sum(axis=1)
    if extra is not None:
        squares = squares + (extra * found).sum(axis=1) ** 2
    return np.asarray(squares)


def nonnegative(designs: Floats, targets: Floats) -> Floats:
    """Least squares with coefficients >= 0, for many small problems at once.

    Designs (B, n, p), targets (B, n); returns (B, p). Where the free solution is feasible it is the
    one; else every smaller set of columns is tried, and the feasible solution with the smallest
    residual kept: exact, without iteration (p is at most 4 here).
    """
    lengths = np.maximum(np.linalg.norm(designs, axis=1), 1e-300)
    scaled = designs / lengths[:, None, :]
    gram = np.swapaxes(scaled, 1, 2) @ scaled + _RIDGE * np.eye(designs.shape[2])
    right = (targets[:, None, :] @ scaled)[:, 0, :]
    best = _solved(gram, right)
    bound = np.flatnonzero((best < 0).any(axis=1))
    if len(bound):
        best[bound] = _with_zeros(gram[bound], right[bound])
    return np.asarray(best / lengths)


def _with_zeros(gram: Floats, right: Floats) -> Floats:
    """The best feasible solutions with at least one coefficient at 0."""
    count, width = right.shape
    best, most = np.zeros((count, width)), np.zeros(count)
    for size in range(1, width):
        for free in map(list, combinations(range(width), size)):
            found = _solved(gram[:, free][:, :, free], right[:, free])
            gained = (found * right[:, free]).sum(axis=1)  # how much the squares fall
            better = (found >= 0).all(axis=1) & (gained > most)
            most = np.where(better, gained, most)
            trial = np.zeros((count, width))
            trial[:, free] = found
            best = np.where(better[:, None], trial, best)
    return best


def _solved(gram: Floats, right: Floats) -> Floats:
    """Gram (B, p, p) times x = right (B, p); written out for the sizes that come in thousands."""
    if right.shape[1] == 1:
        return np.asarray(right / gram[:, 0])
    if right.shape[1] == 2:
        (a, b), d = (gram[:, 0, 0], gram[:, 0, 1]), gram[:, 1, 1]
        first = d * right[:, 0] - b * right[:, 1]
        second = a * right[:, 1] - b * right[:, 0]
        return np.asarray(np.stack([first, second], axis=1) / (a * d - b * b)[:, None])
    return np.asarray(np.linalg.solve(gram, right[:, :, None])[:, :, 0])
