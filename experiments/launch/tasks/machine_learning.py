"""k-fold logistic regression, trained by Newton's method (iteratively reweighted least squares).

The data set is generated in every worker process in `start_worker`: that is part of what a worker
costs to start, as loading a data set is. Its rows grow with `scale`.
Source of the method: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Tuple

from ..base import Context, SharedKit, Task
from . import checks

FOLDS = 5
FEATURES = 12
#: rows of the data set in one unit of scale
ROWS_PER_SCALE = 8
#: fewest rows: four a feature, so that the smallest scale still is a problem to learn
FEWEST_ROWS = 4 * FEATURES
#: ridge penalties of the grid, from 10^-2 to 10^2
PENALTY_EXPONENTS = (-2.0, 2.0)
MOST_STEPS = 25
#: Newton's steps shrink quadratically: one below this leaves nothing to gain
STEP_TOLERANCE = 1e-8
RELATIVE_TOLERANCE = 1e-6

Item = Tuple[int, float, int]


class MachineLearning(Task):
    """Every item trains on all folds but one; its answer is the held-out loss and accuracy."""

    name = "machine_learning"
    kind = "cpu"
    requires = ("numpy",)
    defaults = {"item_ms": 6.0}
    summary = "trains a logistic regression (numpy, Newton steps) for one fold and penalty"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._rows = 0
        self._data: Dict[int, Tuple[Any, Any]] = {}

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.item_ms(params)

    def prepare(self, count: int, scale: int) -> None:
        """Import numpy (forked workers inherit it, spawned ones don't) and note the data's size."""
        import numpy  # noqa: F401

        self._rows = _rows(scale)

    def make_items(self, count: int, scale: int) -> List[Item]:
        """Items are (fold, penalty, rows): all folds of a penalty, then the next penalty."""
        low, high = PENALTY_EXPONENTS
        step = (high - low) / max(1, (count - 1) // FOLDS)
        return [
            (index % FOLDS, 10 ** (low + step * (index // FOLDS)), _rows(scale))
            for index in range(count)
        ]

    def share(self, kit: SharedKit) -> int:
        """The number of rows, so that workers can make the data before their first item."""
        return self._rows

    def start_worker(self, shared: Any) -> None:
        """Make the data set: a real start-up cost of every worker process."""
        if shared:
            self._data_of(shared)

    def run(self, item: Item) -> Tuple[float, float]:
        """(held-out log loss, held-out accuracy) of one fold and penalty."""
        import numpy as np

        fold, penalty, rows = item
        features, labels = self._data_of(rows)
        held_out = np.arange(rows) % FOLDS == fold
        weights = train(features[~held_out], labels[~held_out], penalty)
        return score(features[held_out], labels[held_out], weights)

    def _data_of(self, rows: int) -> Tuple[Any, Any]:
        if rows not in self._data:
            self._data[rows] = generate(rows, self.context.seed)
        return self._data[rows]

    def answer(self, results: List[Any]) -> List[Any]:
        """[loss, accuracy] an item."""
        return [list(result) for result in results]

    def same(self, expected: Any, got: Any) -> bool:
        """Equal but for rounding."""
        return all(
            math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE)
            for one, other in zip(expected, got)
        )


def _rows(scale: int) -> int:
    return max(FEWEST_ROWS, ROWS_PER_SCALE * scale)


def generate(rows: int, seed: int) -> Tuple[Any, Any]:
    """Features (rows x 1+FEATURES, the first column 1) and labels (0.0 or 1.0) of a true model."""
    import numpy as np

    # RandomState's numbers are frozen across numpy versions, default_rng's are not.
    draw = np.random.RandomState(seed % 2**32)
    true_weights = draw.uniform(-2, 2, 1 + FEATURES)
    features = np.hstack([np.ones((rows, 1)), draw.uniform(-1, 1, (rows, FEATURES))])
    chances = 1 / (1 + np.exp(-features @ true_weights))
    return features, (draw.rand(rows) < chances).astype(float)


def train(features: Any, labels: Any, penalty: float) -> Any:
    """Weights that minimise the ridge-penalised log loss (the intercept is penalised too)."""
    import numpy as np

    ridge = penalty * np.eye(features.shape[1])
    weights = np.zeros(features.shape[1])
    for _ in range(MOST_STEPS):
        chances = 1 / (1 + np.exp(-(features @ weights)))
        gradient = features.T @ (chances - labels) + penalty * weights
        curvature = (features.T * (chances * (1 - chances))) @ features + ridge
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if float(np.abs(step).max()) < STEP_TOLERANCE:
            break
    return weights


def score(features: Any, labels: Any, weights: Any) -> Tuple[float, float]:
    """(mean log loss, share of right predictions)."""
    import numpy as np

    margins = (features @ weights) * (2 * labels - 1)
    return float(np.logaddexp(0, -margins).mean()), float((margins > 0).mean())
