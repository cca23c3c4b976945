"""An earlier verdict against a new race."""

import math

import numpy as np
import pytest

from experiments.statistics import Candidate, RaceSettings, replay
from experiments.statistics.guard import Claim, check, claim_of

KEYS = ("sequential", "threads x2", "processes x2", "processes x4")
CANDIDATES = [Candidate(key, rank, baseline=rank == 0) for rank, key in enumerate(KEYS)]
SETTINGS = RaceSettings(looks=(5, 8, 12))
CLEAR = (0.20, 0.20, 0.10, 0.15)


def raced(*seconds, sd=0.01, without=(), seed=0):
    """A race of KEYS with these true seconds."""
    rng = np.random.default_rng(seed)
    rounds = [
        {
            "steady": {
                key: math.log(true) + rng.normal(0, sd)
                for key, true in zip(KEYS, seconds, strict=True)
                if key not in without
            }
        }
        for _ in range(12)
    ]
    return replay(CANDIDATES, SETTINGS, rounds, ("steady",))


def checked(claim, race, claims=1):
    return check(claim, race, race.judgements()["steady"], "steady", SETTINGS, claims)


def test_a_verdict_that_is_reached_again_holds():
    found = checked(Claim("processes x2", "sequential"), raced(*CLEAR))
    assert (found.outcome, found.reason) == ("holds", "recommended again")


def test_another_name_among_equals_holds():
    race = raced(0.20, 0.10, 0.10, 0.15)
    assert race.judgements()["steady"].pick == "threads x2"
    found = checked(Claim("processes x2", "sequential"), race)
    assert (found.outcome, found.reason) == ("holds", "a tie again")


def test_a_rival_that_is_better_by_more_than_the_margin_flips_it_and_is_named():
    found = checked(Claim("processes x4", "sequential"), raced(*CLEAR))
    assert (found.outcome, found.against) == ("flipped", "processes x2")
    assert found.ratio.low > 1.05
    assert found.ratio.estimate == pytest.approx(1.5, rel=0.05)


def test_a_rival_within_the_margin_does_not():
    found = checked(Claim("processes x4", "sequential"), raced(0.20, 0.20, 0.10, 0.104, sd=0.001))
    assert found.outcome != "flipped"


def test_a_rival_that_only_looks_better_is_no_proof():
    found = checked(Claim("processes x4"), raced(0.20, 0.20, 0.10, 0.112, sd=0.08, seed=1))
    assert found.outcome == "inconclusive"


def test_the_more_is_checked_at_once_the_more_it_takes_to_call_one_flipped():
    race = raced(0.20, 0.20, 0.10, 0.12, sd=0.02)
    assert checked(Claim("processes x4"), race).outcome == "flipped"
    assert checked(Claim("processes x4"), race, claims=10**9).outcome == "inconclusive"


def test_a_gain_that_is_gone_flips_it():
    found = checked(Claim("processes x2", "sequential"), raced(0.10, 0.2, 0.10, 0.2, sd=0.001))
    assert (found.outcome, found.against) == ("flipped", "sequential")
    assert found.ratio.estimate == pytest.approx(1.0, abs=0.01)


def test_a_gain_that_was_never_proven_beyond_the_margin_is_not_missed():
    found = checked(Claim("processes x2"), raced(0.10, 0.2, 0.10, 0.2, sd=0.001))
    assert found.outcome == "holds"


def test_a_pick_that_fails_flips_it():
    found = checked(Claim("processes x2"), raced(*CLEAR, without=("processes x2",)))
    assert (found.outcome, found.reason) == (
        "flipped", "processes x2 gives no right answer any more",
    )  # fmt: skip


def test_a_pick_that_is_not_there_tells_nothing():
    found = checked(Claim("interpreters x2"), raced(*CLEAR))
    assert (found.outcome, found.reason) == (
        "inconclusive", "interpreters x2 can't be measured here",
    )  # fmt: skip


def test_a_race_that_decides_nothing_says_why():
    found = checked(Claim("processes x2"), raced(0.2, 0.2, 0.10, 0.101, sd=0.2, seed=1))
    assert found.outcome == "inconclusive"
    assert found.reason


@pytest.mark.parametrize(
    ("seconds", "claim"),
    [
        (CLEAR, Claim("processes x2", "sequential")),
        ((0.1, 0.2, 0.2, 0.2), Claim("sequential")),
        ((0.1025, 0.2, 0.1, 0.2), Claim("sequential")),
    ],
)
def test_what_a_verdict_claims(seconds, claim):
    found = raced(*seconds, sd=0.001).judgements()["steady"]
    assert claim_of(found, "sequential", 0.05) == claim


def test_an_undecided_verdict_claims_nothing():
    found = raced(0.2, 0.2, 0.10, 0.101, sd=0.2, seed=1).judgements()["steady"]
    assert claim_of(found, "sequential", 0.05) is None
