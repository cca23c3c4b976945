"""Fit a law that is linear in coefficients >= 0 to the logs of many curves at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from reports.laws.points import Floats

#: the log residuals are linear enough after so many steps on all published curves tried
GAUSS_NEWTON_STEPS = 12
#: a step that moves no coefficient by more than this share of the largest is the last one
CONVERGED = 1e-8
#: keeps two columns that are parallel solvable; far below what a time is known to
_RIDGE = 1e-13


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
    current = found
    for _ in range(GAUSS_NEWTON_STEPS):
        fitted = np.maximum(current @ design.T, 1e-300)
        target = weights * (1 + logs - np.log(fitted))
        better = _step(design, fitted, target, weights, extra)
        squares = _squares(design, better, logs, weights, extra)
        found = np.where((squares < smallest)[:, None], better, found)
        smallest = np.minimum(squares, smallest)
        moved = np.abs(better - current).max(axis=1) / np.maximum(current.max(axis=1), 1e-300)
        current = better
        if moved.max() < CONVERGED:
            break
    return found, smallest


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
    best = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
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
            block = gram[:, free][:, :, free]
            found = np.linalg.solve(block, right[:, free, None])[:, :, 0]
            gained = (found * right[:, free]).sum(axis=1)  # how much the squares fall
            better = (found >= 0).all(axis=1) & (gained > most)
            most = np.where(better, gained, most)
            trial = np.zeros((count, width))
            trial[:, free] = found
            best = np.where(better[:, None], trial, best)
    return best
