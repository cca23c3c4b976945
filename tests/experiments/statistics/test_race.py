"""The race of one mode: what it concludes, what it must not notice, when it stops."""

import numpy as np
import pytest

from experiments.statistics.race import Race
from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.exact import claims_slower, play_matrix, said


def table(seed=0, candidates=8, rounds=30, sd=0.02, gap=0.10):
    """Log times; candidate 0 is faster than the rest by the gap."""
    times = np.log(np.r_[1, np.full(candidates - 1, 1 + gap)])
    return times[:, None] + np.random.default_rng(seed).normal(0, sd, (candidates, rounds))


def play(matrix, simplicity=None, baselines=(), rounds=None, crashes=(), **settings):
    """A race on a matrix; `crashes` are (candidate, round), `rounds` the rounds time allows."""
    ranks = range(len(matrix)) if simplicity is None else simplicity
    race = Race(list(ranks), RaceSettings(**settings), baselines)
    while not race.done and (rounds is None or race.rounds < rounds):
        now = race.rounds
        gone = {candidate for candidate, number in crashes if number <= now}
        race.add_round({c: float(matrix[c, now]) for c in race.to_run() if c not in gone})
    race.finish()
    return race


# --- what it concludes


@pytest.mark.parametrize(
    ("gap", "simplicity", "verdict", "pick"),
    [
        (0.03, [1, 0], "tie", 1),
        (0.03, [0, 1], "best", 0),
        (0.10, [1, 0], "best", 0),
        (0.0, [1, 0], "tie", 1),
    ],
)
def test_without_noise_the_first_look_knows(gap, simplicity, verdict, pick):
    race = play(np.log([[1.0] * 30, [1 + gap] * 30]), simplicity)
    assert (race.verdict, race.pick, race.rounds) == (verdict, pick, 5)


@pytest.mark.parametrize(("candidates", "looked"), [(2, 0), (4, 0), (5, 2), (20, 2)])
def test_two_rounds_of_few_candidates_are_no_look(candidates, looked):
    """Two differences that happen to be alike must not prove a winner of two equals."""
    times = np.zeros((candidates, 2)) + np.linspace(0, 0.026, candidates)[:, None]
    race = Race(range(candidates), RaceSettings())
    for column in times.T:
        race.add_round(dict(enumerate(column.tolist())))
    assert (0 if race.look is None else race.rounds) == looked


def test_the_simplest_of_equals_is_picked():
    assert play(table(gap=0.0), simplicity=[5, 4, 3, 0, 2, 1, 6, 7]).pick == 3


def test_a_baseline_counts_as_the_simplest_whatever_its_rank():
    race = play(table(gap=0.0), simplicity=range(8), baselines=[5])
    assert (race.verdict, race.pick) == ("no-gain", 5)


def test_no_gain_is_not_claimed_where_something_is_clearly_faster():
    race = play(table(gap=0.15), baselines=[4])
    assert (race.verdict, race.pick) == ("best", 0)


def test_noise_above_the_margin_leaves_equals_inconclusive():
    race = play(table(gap=0.0, sd=0.2))
    assert (race.verdict, race.rounds) == ("inconclusive", 30)


def test_the_dropped_never_come_back():
    matrix = table(5)
    race = Race(range(8), RaceSettings())
    gone = set()
    while not race.done:
        assert not gone & set(race.to_run())
        race.add_round({c: float(matrix[c, race.rounds]) for c in race.to_run()})
        gone |= set(race.dropped_at)
    assert gone
    assert race.pick not in gone


def test_one_candidate_alone_has_beaten_nobody():
    race = play(table()[:1])
    assert (race.verdict, race.pick, race.rounds) == ("inconclusive", 0, 2)


# --- what it must not notice


def test_a_factor_on_a_whole_round_changes_nothing():
    matrix = table(1)
    drift = np.random.default_rng(2).normal(0, 0.3, matrix.shape[1])
    plain, drifting = play(matrix), play(matrix + drift)
    assert said(drifting) == said(plain)
    for name in ("theta", "low", "high"):
        assert np.allclose(getattr(drifting.look, name), getattr(plain.look, name), atol=1e-9)


def test_the_unit_of_time_is_irrelevant():
    assert said(play(table(1) + np.log(1000))) == said(play(table(1)))


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_candidates_is_irrelevant(seed):
    matrix = table(seed, gap=0.03)
    order = np.random.default_rng(seed).permutation(len(matrix))
    plain, moved = play(matrix), play(matrix[order], simplicity=order)
    assert (moved.verdict, order[moved.pick], moved.rounds) == (*said(plain)[:2], plain.rounds)


@pytest.mark.parametrize("candidate", range(6))
def test_a_launch_a_hundred_times_slower_misleads_nobody(candidate):
    matrix = table(4, candidates=6, sd=0.01)
    matrix[candidate, 1] += np.log(100)
    race = play(matrix)
    assert (race.verdict, race.pick) == ("best", 0)


def test_the_reference_helper_plays_the_same_race():
    assert said(play_matrix(table(3), RaceSettings())) == said(play(table(3)))


# --- errors


def test_the_error_budget_is_shared_by_sides_rivals_and_looks():
    race = Race(range(20), RaceSettings())
    assert race.tail(19) == pytest.approx(0.05 / 2 / 19 / 6)
    assert race.tail(1) == pytest.approx(0.05 / 2 / 6)
    assert Race(range(2), RaceSettings(looks=(3, 5), alpha=0.1)).tail(1) == pytest.approx(0.025)


@pytest.mark.parametrize(("candidates", "most"), [(2, 0.07), (4, 0.085)])
def test_few_equals_are_rarely_called_slower(candidates, most):
    claims = [claims_slower(number, candidates, RaceSettings()) for number in range(800)]
    assert np.mean(claims) <= most


# --- when it stops


def test_when_seconds_run_out_the_last_look_is_taken_at_once():
    race = play(table(gap=1.0), rounds=4)
    assert (race.done, race.verdict, race.pick) == (True, "best", 0)


def test_two_rounds_are_enough_for_an_interval():
    race = play(table(gap=1.0, sd=0.001), rounds=2)
    assert (race.verdict, race.pick) == ("best", 0)


def test_one_round_gives_a_leader_but_no_verdict():
    race = play(table(gap=1.0), rounds=1)
    assert (race.verdict, race.pick, race.look) == ("inconclusive", 0, None)


def test_no_round_is_a_failure():
    race = play(table(), rounds=0)
    assert (race.verdict, race.pick, race.decided) == ("failed", None, True)


def test_a_race_that_is_done_wants_nothing():
    assert play(table()).to_run() == []


# --- the baseline


def test_the_baseline_runs_until_the_speedup_is_precise():
    race = play(table(6, candidates=6, gap=1.0), baselines=[5])
    ran, logs = len(race.rows[5]), race.speedup(0)
    precise = (logs.high - logs.low) / 2 <= 0.03
    assert race.verdict == "best"
    assert 5 <= ran <= 12
    assert ran == 12 or precise
    assert logs.low <= np.log(2) <= logs.high


def test_only_pick_and_baseline_run_on_after_the_verdict():
    matrix = table(6, candidates=6, gap=1.0)
    race = Race(range(6), RaceSettings(), baselines=[5])
    while not race.decided:
        race.add_round({c: float(matrix[c, race.rounds]) for c in race.to_run()})
    assert race.to_run() == [0, 5]


def test_a_noisy_baseline_stops_after_twelve_rounds():
    matrix = table(7, candidates=6, sd=0.005, gap=1.0)
    matrix[5] += np.random.default_rng(1).normal(0, 0.3, 30)
    assert len(play(matrix, baselines=[5]).rows[5]) == 12


def test_the_race_never_runs_beyond_the_last_look():
    matrix = table(7, candidates=6, sd=0.1, gap=1.0)
    assert play(matrix, baselines=[5], looks=(3, 4)).rounds == 4


def test_the_fastest_of_several_baselines_is_the_reference():
    matrix = table(8, gap=1.0)
    matrix[3] -= 0.3
    race = play(matrix, baselines=[2, 3])
    assert race.reference() == 3
    assert race.speedup(0).estimate == pytest.approx(np.log(2) - 0.3, abs=0.05)


def test_a_baseline_is_exactly_as_fast_as_itself():
    logs = play(table(), baselines=[2]).speedup(2)
    assert (logs.low, logs.estimate, logs.high) == (0, 0, 0)


def test_the_pick_of_an_inconclusive_race_gets_a_wider_interval():
    race = play(table(gap=0.0, sd=0.2), baselines=[1])
    other = next(c for c in range(8) if c not in (race.pick, 1))
    assert race.verdict == "inconclusive"
    widths = [race.speedup(c).high - race.speedup(c).low for c in (race.pick, other)]
    assert widths[0] > 1.2 * widths[1]


# --- failures


def test_a_candidate_that_fails_leaves_the_race():
    race = play(table(gap=0.2), crashes=[(3, 1)])
    assert (race.verdict, race.pick, race.status(3)) == ("best", 0, "failed")
    assert len(race.rows[3]) == 1


def test_the_best_of_the_rest_wins_when_the_leader_fails():
    matrix = table(gap=0.0)
    matrix[2:] += 0.5
    race = play(matrix, crashes=[(0, 2)])
    assert (race.verdict, race.pick) == ("best", 1)


def test_a_pick_that_fails_after_the_verdict_is_replaced():
    matrix = table(gap=1.0)
    matrix[1] -= np.log(1.9)
    race = play(matrix, baselines=[7], crashes=[(0, 3)])
    assert race.status(0) == "failed"
    assert (race.verdict, race.pick) == ("best", 1)


def test_when_all_in_the_race_fail_those_it_had_dropped_come_back():
    race = play(table(gap=1.0), baselines=[7], crashes=[(0, 3), (7, 3)])
    assert race.revived
    assert race.verdict in ("tie", "best", "inconclusive")
    assert race.pick not in (0, 7, None)


def test_when_everything_fails_the_race_fails_at_once():
    race = play(table(), crashes=[(c, 1) for c in range(8)])
    assert (race.verdict, race.pick, race.rounds) == ("failed", None, 2)


def test_without_its_baseline_a_race_goes_on_without_speedups():
    race = play(table(gap=0.3), baselines=[7], crashes=[(7, 1)])
    assert (race.verdict, race.pick) == ("best", 0)
    assert race.speedup(0) is None


def test_a_second_baseline_stands_in_for_one_that_failed():
    race = play(table(gap=1.0), baselines=[6, 7], crashes=[(6, 1)])
    assert race.reference() == 7
    assert race.speedup(0) is not None


def test_a_failed_candidate_has_no_speedup():
    race = play(table(gap=0.3), baselines=[7], crashes=[(3, 1)], rounds=5)
    assert race.speedup(3) is None


def test_few_survivors_of_many_get_no_prior_from_the_block():
    """Noise of the block is known from those that ran, not from those that were entered."""
    race = play(table(candidates=10), crashes=[(c, 0) for c in range(3, 10)])
    assert race.noise().degrees == 0
