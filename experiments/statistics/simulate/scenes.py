"""True relative times of the approaches of a block; the fastest is always number 0, time 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.statistics.robust import Array

Scene = Callable[[int, np.random.Generator], Array]


def equal(count: int, rng: np.random.Generator) -> Array:
    """A/A: nobody is faster."""
    return np.ones(count)


def ahead(gap: float) -> Scene:
    """Least favourable: every rival is the same gap behind."""
    return lambda count, rng: np.r_[1.0, np.full(count - 1, 1 + gap)]


def one_close(gap: float) -> Scene:
    """One rival at the gap, the others spread as in real sweeps."""
    return lambda count, rng: np.r_[1.0, 1 + gap, _log_uniform(rng, 1.15, 6, count - 2)]


def cluster(count: int, rng: np.random.Generator) -> Array:
    """Half of the approaches are equal, the rest 1 to 8% slower."""
    return np.asarray(np.r_[np.ones(count // 2), rng.uniform(1.01, 1.08, count - count // 2)])


def staircase(count: int, rng: np.random.Generator) -> Array:
    """Rivals evenly spread from 0.5 to 15% slower."""
    return np.asarray(np.r_[1.0, np.linspace(1.005, 1.15, count - 1)])


def clear(count: int, rng: np.random.Generator) -> Array:
    """The best is at least twice as fast as anything else."""
    return np.asarray(np.r_[1.0, _log_uniform(rng, 2, 8, count - 1)])


def realistic(count: int, rng: np.random.Generator) -> Array:
    """A few approaches near the top, the others far behind, as worker counts give."""
    near = 1 + np.abs(rng.normal(0, 0.04, count // 4))
    return np.asarray(np.r_[1.0, near, _log_uniform(rng, 1.1, 8, count - 1 - count // 4)])


def _log_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Array:
    return np.exp(rng.uniform(np.log(low), np.log(high), count))


SCENES: dict[str, Scene] = {
    "equal": equal,
    "ahead 3%": ahead(0.03),
    "ahead 5%": ahead(0.05),
    "ahead 7%": ahead(0.07),
    "ahead 10%": ahead(0.10),
    "one close 3%": one_close(0.03),
    "one close 5%": one_close(0.05),
    "one close 10%": one_close(0.10),
    "cluster": cluster,
    "staircase": staircase,
    "clear": clear,
    "realistic": realistic,
}
