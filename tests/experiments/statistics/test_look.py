"""One look: drop, pick and verdict from bounds that are known by hand."""

import numpy as np
import pytest

from experiments.statistics.intervals import Noise
from experiments.statistics.look import Field, simplicity_ranks, take_look
from experiments.statistics.records import RaceSettings
from experiments.statistics.robust import Winsorised

TAIL = 0.001


def look(times, reach, ranks=None, baseline=()):
    """A look at noiseless times whose every bound is `reach` (log) away from its estimate."""
    matrix = np.log(np.outer(times, np.ones(4)))
    matrix = matrix + alternating(reach)[: len(times), None] * np.array([1, -1, 1, -1])
    field = Field(
        ranks=np.asarray(range(len(times)) if ranks is None else ranks, dtype=float),
        baseline=np.isin(np.arange(len(times)), list(baseline)),
    )
    data = Winsorised(matrix, np.zeros(matrix.shape, dtype=bool))
    return take_look(data, field, Noise(), RaceSettings(), TAIL)


def alternating(reach):
    """Opposite noise for the leader and its rivals, so that each rival's bound is `reach` wide."""
    one = reach / 10.2145 / 2 * np.sqrt(3)  # Student's t at 0.999 with 3 degrees of freedom
    return np.array([one, -one, -one, -one])


def test_the_bounds_are_what_the_helper_says():
    found = look([1.0, 1.2], reach=0.1)
    assert found.theta[1] == pytest.approx(np.log(1.2))
    assert found.high[1] - found.theta[1] == pytest.approx(0.1, rel=1e-3)


def test_clearly_outside_the_margin_is_dropped():
    assert look([1.0, 1.2], reach=0.1).status == ("leader", "dropped")


def test_slower_within_the_margin_stays_unless_it_is_not_simpler():
    assert look([1.0, 1.03], reach=0.01, ranks=[1, 0]).status == ("leader", "tied")
    assert look([1.0, 1.03], reach=0.01, ranks=[0, 1]).status == ("leader", "dropped")


def test_what_is_neither_is_undecided():
    found = look([1.0, 1.03], reach=0.1)
    assert (found.verdict, found.status) == ("inconclusive", ("leader", "undecided"))
    assert found.regret_bound == pytest.approx(np.expm1(0.1 - np.log(1.03)), rel=1e-2)


def test_the_simplest_within_the_margin_is_picked_with_its_regret():
    found = look([1.0, 1.02], reach=0.01, ranks=[1, 0])
    assert (found.verdict, found.pick, found.leader) == ("tie", 1, 0)
    assert found.regret_bound == pytest.approx(np.expm1(np.log(1.02) + 0.01), rel=1e-3)


def test_a_baseline_within_the_margin_is_no_gain():
    assert look([1.0, 1.02], reach=0.01, ranks=[1, 0], baseline=[1]).verdict == "no-gain"


def test_a_baseline_that_leads_is_no_gain():
    assert look([1.0, 1.5], reach=0.01, baseline=[0]).verdict == "no-gain"


def test_an_undecided_baseline_is_not_passed_over():
    """It may yet be proven within the margin, and would then be the answer."""
    found = look([1.0, 1.045, 1.01], reach=0.03, ranks=[1, 0, 2], baseline=[1])
    assert found.pick != 1
    assert not found.settled


def test_leaving_a_baseline_that_may_be_as_fast_is_no_advice():
    """Another simpler rival may be passed over within the regret bound, the baseline may not."""
    times, reach = [1.0, 1.04], 0.05
    assert look(times, reach, ranks=[1, 0]).verdict == "tie"
    assert look(times, reach, ranks=[1, 0], baseline=[1]).verdict == "inconclusive"
    assert look([1.0, 1.06], reach, ranks=[1, 0], baseline=[1]).verdict == "best"


def test_a_simpler_rival_known_to_be_slower_is_settled():
    assert look([1.0, 1.3], reach=0.02, ranks=[1, 0]).settled


def test_ranks_put_baselines_first_and_share_equal_values():
    assert simplicity_ranks([3, 1, 1, 9], baselines=[3]).tolist() == [2, 1, 1, 0]
