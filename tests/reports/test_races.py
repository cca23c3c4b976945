"""What is told of an approach whose later launches were for the single batch alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.load import load
from reports.races import Raced, raced
from tests.reports import synthetic
from tests.reports.synthetic import Scene, pool, sequential

LATE = "processes x2"
#: rounds after which the race of steady batches drops it
FIRST_LOOK = 3


def measured(folder: Path, **late: Any) -> Raced:
    """A block in which that approach is a slow second."""
    truths = (sequential(0.4), pool("processes", 2, 0.2, **late), pool("threads", 2, 0.1))
    (found,) = raced(load(synthetic.write(folder, [Scene("math_python", "cpu", 2, truths)])))
    return found


def test_it_has_not_failed_and_keeps_its_gain(tmp_path: Path) -> None:
    one = measured(tmp_path / "bench", single_from=FIRST_LOOK)
    gain = one.ratio("steady", "sequential", LATE)

    assert one.count("steady", LATE) == FIRST_LOOK
    assert one.count("oneshot", LATE) == 5
    assert LATE in [found.label for found in one.able("steady")]
    assert gain is not None
    assert gain.estimate == pytest.approx(2, rel=0.01)
    assert one.ratio("steady", "threads x2", LATE) is not None


def test_one_that_gave_no_value_has_failed(tmp_path: Path) -> None:
    one = measured(tmp_path / "bench", status="crashed")

    assert LATE not in [found.label for found in one.able("steady")]
    assert one.ratio("steady", "sequential", LATE) is None
