"""Break-even searches with a known change: what they cost, and how often they are wrong."""

from __future__ import annotations

import pytest

from experiments.breakeven import added
from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.checks import Check
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.searches import AXIS, LOOKS, check_searches, search, truths

pytestmark = pytest.mark.slow

SETTINGS = RaceSettings(looks=LOOKS)
REPLICATIONS = 20


def test_the_simulated_blocks_look_when_the_measured_ones_do() -> None:
    assert LOOKS == added.LOOKS


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    return check_searches(REPLICATIONS, REGIMES)


def test_a_search_takes_at_most_a_third_of_a_sweeps_launches(checks: list[Check]) -> None:
    found = [check for check in checks if "launches" in check.name]
    assert len(found) == len(REGIMES)
    assert [check for check in found if not check.passed] == []


def test_both_ends_of_a_change_are_right_in_95_of_100_searches(checks: list[Check]) -> None:
    found = [check for check in checks if "margin" in check.name]
    assert len(found) == len(REGIMES)
    assert [check for check in found if not check.passed] == []


@pytest.mark.parametrize("regime", ["quiet", "typical", "noisy", "hostile"])
def test_nearly_every_search_finds_the_one_change(regime: str) -> None:
    found = [len(search(truth, SETTINGS).flips) for truth in truths(regime, REPLICATIONS)]
    assert found.count(1) >= 0.9 * REPLICATIONS


def test_in_quiet_the_change_is_as_narrow_as_asked_for_or_undecided_in_between() -> None:
    for truth in truths("quiet", REPLICATIONS):
        (flip,) = search(truth, SETTINGS).flips
        assert flip.low - 0.07 <= truth.crossing <= flip.high + 0.07
        assert AXIS.gap(flip.low, flip.high) <= 1.01 or flip.undecided
