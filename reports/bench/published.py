"""Published scaling curves: throughput by N, with their sources."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reports.laws.points import Floats, Points
from reports.laws.scaling import Work


@dataclass(frozen=True)
class Published:
    """One curve. `work` and `cores` are what its source says of the load: they are not fitted."""

    name: str
    source: str
    throughput_by_n: dict[int, float]
    work: Work
    cores: float = math.inf

    @property
    def workers(self) -> Floats:
        """N, ascending."""
        return np.array(list(self.throughput_by_n), dtype=float)

    @property
    def throughput(self) -> Floats:
        """X, in the source's unit."""
        return np.array(list(self.throughput_by_n.values()), dtype=float)

    def up_to(self, most: float) -> Points:
        """The points up to N = `most`, as times an item."""
        kept = self.workers <= most
        return Points.of(self.workers[kept], 1 / self.throughput[kept])


SPEC = Published(
    "SPEC SDM91",
    "SPARCcenter 2000, scripts/h by simulated users, who think: R package usl (smoeding/usl)",
    {1: 64.9, 18: 995.9, 36: 1652.4, 72: 1853.2, 108: 1828.9, 144: 1775.0, 216: 1702.2},
    "waiting",
)
RAYTRACER = Published(
    "raytracer",
    "SGI Origin 2000 with 64 processors, by processors: R package usl (smoeding/usl)",
    {1: 20, 4: 78, 8: 130, 12: 170, 16: 190, 20: 200, 24: 210, 28: 230, 32: 260, 48: 280, 64: 310},
    "cpu",
    64,
)
CISCO = Published(
    "Cisco",
    "Schwartz, Practical Scalability Analysis, in codahale/usl4j; what N counts isn't said",
    dict(
        enumerate(
            [955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8,
             7867.61, 8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5,
             10532.39, 10798.52, 11151.43, 11518.63, 11806, 12089.37, 12075.41, 12177.29, 12211.41,
             12158.93, 12155.27, 12118.04, 12140.4, 12074.39],
            start=1,
        )
    ),
    "unclear",
)  # fmt: skip
SELF_TEST = Published(
    "usl self-test",
    "synthetic, alpha = beta = 0.02: R package usl (smoeding/usl)",
    {1: 1, 2: 1.8868, 4: 3.0769, 6: 3.5294, 8: 3.5398, 10: 3.3557},
    "unclear",
)
#: of machines that were measured; the self-test was made from USL itself
MEASURED = (SPEC, RAYTRACER, CISCO)
