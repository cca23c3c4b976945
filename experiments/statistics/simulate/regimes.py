"""Kinds of noise a machine can make. Sds are of log times; rates are per second."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Regime:
    """One kind of machine.

    launch_sd, batch_sd   between launches, and between the batches of a launch; a range means
                          every approach has its own, log-uniform
    outliers              share of batches that take 1.2 to 3 times as long
    drift                 largest slow change of the machine's speed
    bursts                interference of 2 to 10 s that slows everything by 30%
    step                  throttling from a random moment on
    sensitivity           approaches feel the drift with a weight of 1 +- this
    noisy_best, noisy_rival  factor on the launch sd of the best, or of one rival
    noisy_losers          the same for all that take over 1.5 times the best's time, as pools with
                          far too many workers do
    autocorrelation       of an approach's launch noise over the rounds
    second_mode           (probability, distance) of a slow mode of launches
    """

    launch_sd: float | Range = 0.02
    batch_sd: float | Range = 0.02
    outliers: float = 0.02
    drift: float = 0.05
    bursts: float = 0.0
    step: float = 0.0
    sensitivity: float = 0.0
    noisy_best: float = 1.0
    noisy_rival: float = 1.0
    noisy_losers: float = 1.0
    autocorrelation: float = 0.0
    second_mode: Range = (0.0, 0.0)


REGIMES: dict[str, Regime] = {
    "quiet": Regime(launch_sd=0.005, batch_sd=0.005, outliers=0.01, drift=0.0),
    "typical": Regime(),
    "drift": Regime(drift=0.10),
    "bursts": Regime(bursts=1 / 90),
    "noisy": Regime(launch_sd=0.05, batch_sd=0.05, outliers=0.05),
    "hostile": Regime(launch_sd=0.05, batch_sd=0.05, outliers=0.05, drift=0.10, bursts=1 / 60),
    "unequal noise": Regime((0.005, 0.05), (0.005, 0.05), 0.03, drift=0.10, bursts=1 / 90),
    "throttling": Regime(step=0.15),
    "unequal drift": Regime(drift=0.10, sensitivity=0.5),
    "noisy best": Regime(launch_sd=0.005, batch_sd=0.005, noisy_best=10.0),
    "noisy rival": Regime(launch_sd=0.005, batch_sd=0.005, noisy_rival=10.0),
    "noisy losers": Regime(noisy_losers=10.0),
    "correlated": Regime(autocorrelation=0.5),
    "two modes": Regime(0.01, 0.01, bursts=1 / 90, second_mode=(0.3, 0.08)),
}

#: regimes in which the noise itself depends on approach and round
UNEVEN = (
    "unequal noise",
    "unequal drift",
    "noisy best",
    "noisy rival",
    "noisy losers",
    "correlated",
    "two modes",
)
#: regimes whose noise in a pair persists from round to round: more rounds do not average it away,
#: and no interval made from the differences between rounds can see it
PERSISTENT = ("unequal drift", "correlated")
