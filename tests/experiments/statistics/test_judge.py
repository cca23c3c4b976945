"""The judgement in words and numbers that people read."""

import numpy as np
import pytest

from experiments.statistics.judge import judge
from experiments.statistics.objectives import CPU_SECONDS, MEMORY, P99, SECONDS
from experiments.statistics.race import Race
from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.exact import play_matrix

KEYS = [f"approach {number}" for number in range(5)]


def judged(times, sd=0.005, rounds=30, seed=0, objective=SECONDS, **settings):
    """A judgement on candidates of these true times."""
    noise = np.random.default_rng(seed).normal(0, sd, (len(times), rounds))
    matrix = np.log(times)[:, None] + noise
    return judge(play_matrix(matrix, RaceSettings(**settings)), KEYS[: len(times)], objective)


def test_a_winner_is_said_to_be_proven_faster():
    found = judged([1.5, 1.0, 1.6, 1.7, 1.8])
    assert (found.verdict, found.pick, found.leader) == ("best", "approach 1", "approach 1")
    assert found.reason == "approach 1 is proven faster than every other approach"
    assert (found.ties, found.undecided) == ((), ())
    assert (found.rounds, found.launches) == (2, 10)


@pytest.mark.parametrize(
    ("objective", "best", "tie"),
    [
        (MEMORY, "approach 1 is proven to use less memory than every other approach",
         "within 5% of the lowest peak memory"),
        (CPU_SECONDS, "approach 1 is proven to use less CPU time than every other approach",
         "within 5% of the lowest CPU time"),
        (P99, "approach 1 is proven to have a lower p99 latency than every other approach",
         "within 5% of the lowest p99 latency"),
    ],
)  # fmt: skip
def test_the_reason_names_what_was_decided_on_and_gives_no_speedup(objective, best, tie):
    found = judged([1.5, 1.0, 1.6, 1.7, 1.8], objective=objective)
    assert (found.reason, found.speedup) == (best, None)
    found = judged([1.6, 1.005, 1.0, 1.7, 1.8], objective=objective)
    assert found.reason == f"approach 1 is the simplest approach proven {tie}"
    found = judged([1.0, 1.01, 2.0, 2.0, 2.0], sd=0.05, looks=(3, 5), objective=objective)
    assert f"not told apart from {objective.lowest}: " in found.reason


def test_values_without_any_noise_are_judged():
    found = judged([20.0, 20.0, 40.0], sd=0.0, objective=MEMORY)
    assert (found.verdict, found.pick, found.regret_bound) == ("tie", "approach 0", 0.0)


def test_a_tie_names_what_the_pick_ties_with():
    found = judged([1.6, 1.005, 1.0, 1.7, 1.8])
    assert (found.verdict, found.pick) == ("tie", "approach 1")
    assert found.ties == ("approach 2",)
    assert found.reason == "approach 1 is the simplest approach proven within 5% of the fastest"
    assert 0 < found.regret_bound <= 0.05


def test_advice_that_holds_is_a_tie_even_if_a_rival_is_not_placed_when_the_rounds_are_spent():
    found = judged([1.0, 1.045, 2.0, 2.0], sd=0.03, looks=(3, 5, 8))

    assert (found.verdict, found.pick) == ("tie", "approach 0")
    assert (found.ties, found.undecided) == ((), ("approach 1",))
    assert found.rounds == 8  # it went on as long as it could
    assert 0 <= found.regret_bound <= 0.05


def test_an_inconclusive_race_says_what_is_open_and_how_many_rounds_it_takes():
    found = judged([1.0, 1.01, 2.0, 2.0, 2.0], sd=0.05, looks=(3, 5))
    assert found.verdict == "inconclusive"
    assert len(found.undecided) == 1
    assert found.rounds_needed > 5
    assert found.undecided[0] in found.reason
    assert f"about {found.rounds_needed} rounds would decide" in found.reason


def test_the_forecast_of_rounds_is_about_right():
    """Races that get the rounds they asked for are decided."""
    found = judged([1.0, 1.0, 2.0, 2.0], sd=0.1, looks=(3, 5, 8))
    needed = found.rounds_needed
    decided = [
        judged([1.0, 1.0, 2.0, 2.0], 0.1, needed, seed, looks=(3, 5, needed)).verdict
        for seed in range(20)
    ]
    assert decided.count("inconclusive") <= 6


def test_too_much_noise_for_the_rounds_is_flagged_with_what_can_be_told():
    found = judged([1.0, 1.0, 1.0], sd=0.2)
    assert any(flag.startswith("too noisy: about") for flag in found.flags)


def test_a_failure_after_drops_is_flagged():
    race = Race(range(3), RaceSettings())
    for number in range(8):
        present = [c for c in race.to_run() if not (c == 0 and number == 6)]
        noise = np.random.default_rng(number).normal(0, 0.03, 3)
        race.add_round({c: float(noise[c] + (2.0 if c == 2 else 0.0)) for c in present})
    found = judge(race, KEYS[:3])
    assert found.status == {"approach 0": "failed", "approach 1": "leader", "approach 2": "dropped"}
    assert "failed after it had helped to drop others: approach 0" in found.flags


def test_an_open_race_says_when_it_will_look():
    race = Race(range(2), RaceSettings())
    race.add_round({0: 0.0, 1: 0.1})
    found = judge(race, KEYS[:2])
    assert not found.decided
    assert found.reason == "no look yet: the first is after round 2"


@pytest.mark.parametrize("count", [2, 5])
def test_every_candidate_has_a_status(count):
    found = judged([1.0, 1.2, 1.3, 1.4, 1.5][:count])
    assert set(found.status) == set(KEYS[:count])
