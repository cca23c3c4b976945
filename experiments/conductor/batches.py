"""The items of every approach's batch, and their sequential answers: each count is asked once."""

from __future__ import annotations

from collections.abc import Callable

from experiments.conductor.calibration import Calibration, CalibrationError


class Batches:
    """Batches that are a multiple of the calibrated one: in strong scaling all are that one.

    `answers(items, scale)` runs so many items sequentially; it may raise CalibrationError. Answers
    depend on the number of items (some tasks spread a grid over them), so none is put together.
    """

    def __init__(self, base: Calibration, answers: Callable[[int, int], Calibration]) -> None:
        self.base, self._answers = base, answers
        self._found: dict[int, Calibration | CalibrationError] = {1: base}

    def of(self, multiple: int) -> Calibration:
        """The batch of so many times the calibrated items; what failed once, fails again."""
        if multiple not in self._found:
            self._found[multiple] = self._asked(multiple * self.base.items)
        found = self._found[multiple]
        if isinstance(found, CalibrationError):
            raise found
        return found

    def _asked(self, items: int) -> Calibration | CalibrationError:
        try:
            return self._answers(items, self.base.scale)
        except CalibrationError as error:
            return error
