"""Linear algebra in numpy, which releases the GIL while LAPACK and BLAS work.

`blas_threads` is how many threads BLAS may use for one call. The library reads it once, when it
is loaded, so whoever starts the launch sets OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and
MKL_NUM_THREADS (VECLIB_MAXIMUM_THREADS on macOS) to it. More than 1 together with several workers
shows oversubscription.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

from ..base import Context, Task
from . import checks

#: side of the matrices at scale 1; the side grows with the cube root of scale, work with its cube
SMALLEST_SIDE = 16
#: BLAS builds and thread counts round differently, by about 1e-13; a wrong element shows far above
RELATIVE_TOLERANCE = 1e-6


class MathNumpy(Task):
    """Every item solves a linear system and multiplies; its answer is the sum of the product."""

    name = "math_numpy"
    kind = "cpu"
    requires = ("numpy",)
    defaults = {"item_ms": 6.0, "blas_threads": 1}
    summary = "solves A X = B and multiplies X B (float64, numpy), which releases the GIL"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._bases: Dict[int, Any] = {}

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params) or checks.whole(params, "blas_threads", 1, 1024)

    def prepare(self, count: int, scale: int) -> None:
        """Import numpy, as a program does at its top: forked workers inherit it, spawned don't."""
        import numpy  # noqa: F401

    def make_items(self, count: int, scale: int) -> List[Tuple[int, int]]:
        """Items are (index, side of the matrices)."""
        side = round(SMALLEST_SIDE * scale ** (1 / 3))
        return [(index, side) for index in range(count)]

    def start_worker(self, shared: Any) -> None:
        """Import numpy before the first item."""
        import numpy  # noqa: F401

    def run(self, item: Tuple[int, int]) -> float:
        """Solve for A = B with a heavier diagonal (well conditioned), then multiply."""
        import numpy as np

        index, side = item
        right = self._base(side)
        left = right.copy()
        left.flat[:: side + 1] += side + index
        return float((np.linalg.solve(left, right) @ right).sum())

    def _base(self, side: int) -> Any:
        """The worker's random matrix, made at its first item. Two threads make the same one."""
        import numpy as np

        if side not in self._bases:
            # RandomState's numbers are frozen across numpy versions, default_rng's are not.
            self._bases[side] = np.random.RandomState(self.context.seed % 2**32).rand(side, side)
        return self._bases[side]

    def same(self, expected: Any, got: Any) -> bool:
        """Equal but for rounding."""
        return math.isclose(expected, got, rel_tol=RELATIVE_TOLERANCE)
