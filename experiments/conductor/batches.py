"""The items of every approach's batch, and their sequential answers: each count is asked once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from experiments.conductor.calibration import Calibration, CalibrationError
from experiments.statistics.breakeven import overrides


class Batches:
    """Batches that are a multiple of the calibrated one: in strong scaling all are that one.

    `answers(options, items, scale)` runs so many items sequentially, with the task's parameters
    that an approach's options set; it may raise CalibrationError. Answers depend on the number of
    items (some tasks spread a grid over them), so none is put together.
    """

    def __init__(
        self, base: Calibration, answers: Callable[[Mapping[str, Any], int, int], Calibration]
    ) -> None:
        self.base, self._answers = base, answers
        self._found: dict[str, Calibration | CalibrationError] = {_key(1, {}): base}

    def of(self, multiple: int, options: Mapping[str, Any]) -> Calibration:
        """The batch of so many times the calibrated items; what failed once, fails again."""
        key = _key(multiple, options)
        if key not in self._found:
            self._found[key] = self._asked(options, multiple * self.base.items)
        found = self._found[key]
        if isinstance(found, CalibrationError):
            raise found
        return found

    def _asked(self, options: Mapping[str, Any], items: int) -> Calibration | CalibrationError:
        try:
            return self._answers(options, items, self.base.scale)
        except CalibrationError as error:
            return error


def _key(multiple: int, options: Mapping[str, Any]) -> str:
    return json.dumps([multiple, overrides(options)], sort_keys=True)
