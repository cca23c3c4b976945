"""Checks of earlier verdicts with known truth: false alarms, and what is confirmed and found."""

from __future__ import annotations

import pytest

from experiments.statistics.simulate.checks import CALM, Check
from experiments.statistics.simulate.guards import LOOKS, check_guards
from experiments.statistics.simulate.regimes import REGIMES
from reports.check import measure

pytestmark = pytest.mark.slow

REPLICATIONS = 8


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    return check_guards(REPLICATIONS, REGIMES)


def test_the_simulated_checks_look_when_the_measured_ones_do() -> None:
    assert LOOKS == measure.LOOKS


def test_a_true_verdict_is_called_flipped_in_at_most_5_of_100_checks(checks: list[Check]) -> None:
    found = [check for check in checks if "flipped" in check.name]
    assert len(found) == len(REGIMES)
    assert [check for check in found if not check.passed] == []


def test_in_calm_noise_what_is_true_is_confirmed_and_what_is_not_is_found(
    checks: list[Check],
) -> None:
    found = [check for check in checks if "flipped" not in check.name]
    assert len(found) == 2 * len(CALM)
    assert [check for check in found if not check.passed] == []
