"""A simulated machine with a clock: approaches with true times, launches with noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.statistics.robust import Array, median
from experiments.statistics.simulate.regimes import Range, Regime

BATCH_SECONDS = 0.2
STARTUP_SECONDS = 0.3
#: the cold batch, in steady batches
COLD = 1.5
STEADY_BATCHES = 5
#: rounds for which noise is made: more than any design here uses
ROUNDS = 31
#: resolution of the machine's slow changes
TICK_SECONDS = 0.25
#: relative time from which an approach is a loser
LOSER = 1.5
BURST_SIZE = np.log(1.3)


class World:
    """Noise of every approach and round, made once, so designs meet the same machine.

    `times` are true relative times; `ranks` the simplicity of each approach.
    """

    def __init__(self, rng: np.random.Generator, times: Array, regime: Regime) -> None:
        self.times = times
        self.order_keys = rng.random((len(times), ROUNDS))
        self.ranks = rng.permutation(len(times)).astype(float)
        self.launch_noise = _launch_noise(rng, len(times), regime)
        self.launch_noise[times > LOSER] *= regime.noisy_losers
        self.batch_noise = _batch_noise(rng, len(times), regime)
        self.sensitivity = 1 + regime.sensitivity * rng.uniform(-1, 1, len(times))
        self.launch_seconds = STARTUP_SECONDS + BATCH_SECONDS * times * (COLD + STEADY_BATCHES)
        self.slowness = _slowness(rng, float(self.launch_seconds.sum()), regime)

    def round(
        self, approaches: Sequence[int], number: int, start_seconds: float
    ) -> tuple[dict[int, float], float]:
        """Run approaches in random order: their log values, and the seconds it took."""
        chosen = np.asarray(approaches)
        order = chosen[np.argsort(self.order_keys[chosen, number])]
        ends = start_seconds + np.cumsum(self.launch_seconds[order])
        starts = ends - self.launch_seconds[order]
        batch = BATCH_SECONDS * self.times[order][:, None]
        middles = COLD + np.arange(STEADY_BATCHES) + 0.5
        slow = self._slowness_at(starts[:, None] + STARTUP_SECONDS + batch * middles)
        noise = self.launch_noise[order, number][:, None] + self.batch_noise[order, number]
        seconds = batch * np.exp(noise + slow * self.sensitivity[order][:, None])
        values = np.log(median(seconds)[:, 0])
        around = (STARTUP_SECONDS + COLD * batch[:, 0]) * np.exp(slow[:, 0])
        used = float(around.sum() + seconds.sum())
        return dict(zip(order.tolist(), values.tolist(), strict=True)), used

    def _slowness_at(self, seconds: Array) -> Array:
        ticks = np.minimum((seconds / TICK_SECONDS).astype(int), self.slowness.size - 1)
        return np.asarray(self.slowness[ticks])


def _own_sd(rng: np.random.Generator, sd: float | Range, count: int) -> Array:
    if isinstance(sd, tuple):
        return np.exp(rng.uniform(np.log(sd[0]), np.log(sd[1]), count))
    return np.full(count, sd)


def _launch_noise(rng: np.random.Generator, count: int, regime: Regime) -> Array:
    sd = _own_sd(rng, regime.launch_sd, count)
    sd[0] *= regime.noisy_best
    sd[min(1, count - 1)] *= regime.noisy_rival
    noise = rng.normal(0, 1, (count, ROUNDS)) * sd[:, None]
    keep = regime.autocorrelation
    for number in range(1, ROUNDS if keep else 0):
        fresh = np.sqrt(1 - keep**2) * noise[:, number]
        noise[:, number] = keep * noise[:, number - 1] + fresh
    probability, distance = regime.second_mode
    return np.asarray(noise + distance * (rng.random((count, ROUNDS)) < probability))


def _batch_noise(rng: np.random.Generator, count: int, regime: Regime) -> Array:
    shape = (count, ROUNDS, STEADY_BATCHES)
    noise = rng.normal(0, 1, shape) * _own_sd(rng, regime.batch_sd, count)[:, None, None]
    hit = rng.random(shape) < regime.outliers
    return np.asarray(noise + hit * rng.uniform(np.log(1.2), np.log(3), shape))


def _slowness(rng: np.random.Generator, round_seconds: float, regime: Regime) -> Array:
    """Log factor on all times, tick by tick: drift, throttling, bursts."""
    total = round_seconds * ROUNDS * 1.5 + 60
    ticks = int(total / TICK_SECONDS) + 2
    block = round_seconds * 20
    slow = regime.drift * _wave(rng, ticks, block) if regime.drift else np.zeros(ticks)
    if regime.step:
        slow[int(rng.uniform(0, block / TICK_SECONDS)) :] += np.log1p(regime.step)
    for _ in range(rng.poisson(regime.bursts * total)):
        start, length = rng.uniform(0, total), rng.uniform(2, 10)
        slow[int(start / TICK_SECONDS) : int((start + length) / TICK_SECONDS) + 1] += BURST_SIZE
    return slow


def _wave(rng: np.random.Generator, ticks: int, block_seconds: float) -> Array:
    """A mixture of a sine and a random walk, within -1 and 1."""
    period = block_seconds * rng.uniform(0.15, 1.2) / TICK_SECONDS
    sine = np.sin(2 * np.pi * (np.arange(ticks) / period + rng.random()))
    walk = np.cumsum(rng.normal(0, 1, ticks))
    walk -= walk.mean()
    walk /= max(float(np.abs(walk[: max(int(block_seconds / TICK_SECONDS), 2)]).max()), 1e-9)
    share = rng.random()
    return np.clip(share * sine + (1 - share) * walk, -1, 1)
