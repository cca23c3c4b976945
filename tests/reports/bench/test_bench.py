from __future__ import annotations

import math

import pytest

from reports.bench import heldout, speed
from reports.bench.__main__ import wanted
from reports.bench.methods import METHODS, attempt
from reports.bench.published import MEASURED


def rms(name: str, reach: int) -> float:
    errors = []
    for curve in MEASURED:
        largest = float(curve.workers[-1])
        error = attempt(METHODS[name], curve.up_to(largest / reach), largest, curve)
        assert isinstance(error, float)
        errors.append(error)
    return math.sqrt(sum(error**2 for error in errors) / len(errors))


@pytest.mark.parametrize("reach", heldout.REACHES)
def test_the_average_predicts_published_curves_better_than_single_laws(reach: int) -> None:
    own = rms("Poolwise", reach)
    assert own < rms("Amdahl", reach)
    assert own < rms("scipy USL", reach)


def test_what_is_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyusl", None)
    heldout.print_heldout()
    printed = capsys.readouterr().out
    assert "not installed" in printed
    assert printed.count("RMS") == len(heldout.REACHES)
    assert all(curve.source in printed for curve in MEASURED)


def test_fitting_is_timed_on_curves_that_have_a_law() -> None:
    rows = speed.fitted(speed.curves(6))
    assert all(row["law"] != "none" for row in rows)
    assert all(row["speedup_2k_low"] < row["speedup_2k_high"] for row in rows)


def test_other_parts_are_left_to_the_measuring_bench() -> None:
    assert wanted([])
    assert wanted(["--only", "laws"])
    assert not wanted(["--only", "harness", "--pairs", "3"])
