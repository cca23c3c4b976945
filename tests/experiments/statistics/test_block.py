"""Both modes of a block: who runs, what failures do, and that a replay is the race itself."""

import math

import numpy as np
import pytest

from experiments.statistics import BlockRace, Candidate, Interval, RaceSettings, replay
from experiments.statistics.simulate.exact import replay_agrees

KEYS = ("sequential", "threads x2", "processes x2", "processes x4")
CANDIDATES = [Candidate(key, rank, baseline=rank == 0) for rank, key in enumerate(KEYS)]
#: a first look that four candidates are enough for
EARLY = RaceSettings(looks=(3, 5, 8))
#: true seconds by mode: a pool that starts slowly loses where it starts for every batch
STEADY = dict(zip(KEYS, (0.20, 0.20, 0.10, 0.15), strict=True))
ONESHOT = dict(zip(KEYS, (0.20, 0.24, 0.40, 0.60), strict=True))


def rounds(seed=0, count=30, sd=0.01, without=(), **true_seconds):
    """Recorded rounds with every key but those that `without` names."""
    rng = np.random.default_rng(seed)
    truth = {"steady": STEADY, "oneshot": ONESHOT} | true_seconds
    return [
        {
            mode: {
                key: math.log(seconds[key]) + rng.normal(0, sd)
                for key in KEYS
                if key not in without
            }
            for mode, seconds in truth.items()
        }
        for _ in range(count)
    ]


def live(recorded, settings=None):
    """Run the race as a conductor does: only what is wanted is launched and recorded."""
    race, launched = BlockRace(CANDIDATES, settings), []
    while not race.done:
        wanted = race.to_run()
        values = recorded[race.rounds]
        launched.append({m: {k: v[k] for k in wanted if k in v} for m, v in values.items()})
        race.add_round(launched[-1])
    return race, launched


def test_each_mode_gets_its_own_verdict():
    found = replay(CANDIDATES, None, rounds()).judgements()
    assert (found["steady"].verdict, found["steady"].pick) == ("best", "processes x2")
    assert (found["oneshot"].verdict, found["oneshot"].pick) == ("no-gain", "sequential")


def test_a_candidate_runs_while_any_mode_wants_it():
    race = BlockRace(CANDIDATES, EARLY)
    recorded = rounds()
    while race.rounds < 3:
        assert race.to_run() == list(KEYS)
        race.add_round(recorded[race.rounds])
    assert race.to_run() == ["sequential", "processes x2"]


def test_a_mode_that_is_done_does_not_change_any_more():
    race = BlockRace(CANDIDATES, EARLY)
    recorded = rounds(oneshot=STEADY, steady=ONESHOT)
    for values in recorded[:3]:
        race.add_round(values)
    before = race.judgements()["steady"]
    race.add_round(recorded[3])
    assert race.judgements()["steady"] == before


def test_the_replay_of_a_race_is_the_race_to_the_last_digit():
    race, launched = live(rounds(1, sd=0.03, oneshot=STEADY))
    again = replay(CANDIDATES, None, launched)
    assert again.judgements() == race.judgements()
    for key in KEYS:
        assert again.speedup("steady", key) == race.speedup("steady", key)


@pytest.mark.parametrize("number", range(12))
def test_the_replay_agrees_where_approaches_crash(number):
    assert replay_agrees(number, RaceSettings())


def test_the_replay_stops_where_the_race_stopped():
    race, launched = live(rounds())
    longer = replay(CANDIDATES, None, [*launched, *rounds(9)])
    assert longer.judgements() == race.judgements()


def test_values_that_nobody_asked_for_are_not_used():
    race, launched = live(rounds(), EARLY)
    assert replay(CANDIDATES, EARLY, rounds()).judgements() == race.judgements()
    assert len(launched[-1]["steady"]) < len(KEYS)


def test_the_speedup_is_a_ratio_to_the_sequential_approach():
    race = replay(CANDIDATES, None, rounds())
    fast = race.speedup("steady", "processes x2")
    assert fast.low < 2.0 < fast.high
    assert race.judgements()["steady"].speedup == fast
    assert race.speedup("steady", "sequential") == Interval(1.0, 1.0, 1.0)


def test_a_key_that_is_missing_has_failed():
    recorded = rounds()
    for values in recorded[1:]:
        for mode in values:
            del values[mode]["processes x2"]
    found = replay(CANDIDATES, None, recorded).judgements()["steady"]
    assert found.status["processes x2"] == "failed"
    assert found.pick == "processes x4"


def test_without_a_baseline_there_is_no_speedup_and_a_flag():
    found = replay(CANDIDATES, None, rounds(without=["sequential"])).judgements()["steady"]
    assert (found.pick, found.speedup) == ("processes x2", None)
    assert "the sequential baseline failed, so there is no speedup" in found.flags


def test_nothing_that_works_is_a_failure():
    found = replay(CANDIDATES, None, rounds(without=KEYS)).judgements()["steady"]
    assert (found.verdict, found.pick, found.leader, found.speedup) == ("failed", None, None, None)
    assert found.reason == "no approach gave a value"
    assert set(found.status.values()) == {"failed"}


def test_no_round_at_all_is_a_failure_too():
    found = replay(CANDIDATES, None, []).judgements()["oneshot"]
    assert (found.verdict, found.reason, found.rounds) == ("failed", "nothing ran", 0)


def test_one_round_has_no_interval():
    found = replay(CANDIDATES, None, rounds(count=1)).judgements()["steady"]
    assert (found.verdict, found.pick) == ("inconclusive", "processes x2")
    assert found.reason == "one round only: no interval"
    assert (found.regret_bound, found.speedup, found.rounds_needed) == (None, None, None)


def test_two_rounds_are_judged_when_seconds_run_out():
    found = replay(CANDIDATES, None, rounds(count=2, sd=0.0005)).judgements()["steady"]
    assert (found.verdict, found.rounds, found.decided) == ("best", 2, True)


@pytest.mark.parametrize(("number", "key"), [(0, "sequential"), (2, "processes x2")])
def test_a_single_candidate_has_nothing_to_be_compared_with(number, key):
    recorded = [{m: {key: v[key]} for m, v in values.items()} for values in rounds()]
    found = replay([CANDIDATES[number]], None, recorded).judgements()["steady"]
    assert (found.verdict, found.pick, found.rounds) == ("inconclusive", key, 2)
    assert (found.regret_bound, found.rounds_needed, found.undecided) == (None, None, ())
    assert found.reason == f"only {key} ran: nothing to compare it with (no other approach entered)"


@pytest.mark.parametrize("key", KEYS)
def test_the_only_one_that_did_not_fail_was_compared_with_nothing(key):
    found = replay(CANDIDATES, None, rounds(without=set(KEYS) - {key})).judgements()["steady"]
    assert (found.verdict, found.pick) == ("inconclusive", key)
    assert found.reason == f"only {key} ran: nothing to compare it with (all others failed)"


def test_a_block_without_candidates_is_over_before_it_starts():
    race = BlockRace([])
    assert race.done
    assert race.judgements()["steady"].verdict == "failed"


def test_one_mode_alone_can_be_raced():
    recorded = [{"steady": values["steady"]} for values in rounds()]
    assert set(replay(CANDIDATES, None, recorded, modes=["steady"]).judgements()) == {"steady"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused_by_name(value):
    values = rounds()[0]
    values["oneshot"]["threads x2"] = value
    with pytest.raises(ValueError, match="round 0, oneshot, 'threads x2': log seconds"):
        BlockRace(CANDIDATES).add_round(values)


def test_a_refused_round_leaves_the_race_as_it_was():
    values, race = rounds()[0], BlockRace(CANDIDATES)
    broken = {"steady": values["steady"], "oneshot": {**values["oneshot"], "sequential": math.nan}}
    with pytest.raises(ValueError, match="finite"):
        race.add_round(broken)
    assert race.rounds == 0
    assert race.judgements()["steady"].launches == 0


def test_a_stranger_in_a_round_is_refused():
    values = rounds()[0]
    values["steady"]["threads x99"] = 0.0
    with pytest.raises(ValueError, match="'threads x99' is not in this block"):
        BlockRace(CANDIDATES).add_round(values)


def test_a_round_without_one_mode_is_refused():
    with pytest.raises(ValueError, match="values of mode 'oneshot' are missing"):
        BlockRace(CANDIDATES).add_round({"steady": {}})


def test_two_candidates_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two candidates of one block are called 'sequential'"):
        BlockRace([CANDIDATES[0], CANDIDATES[0]])


def test_a_race_that_is_done_takes_no_round():
    race = replay(CANDIDATES, None, rounds())
    with pytest.raises(RuntimeError, match="done"):
        race.add_round(rounds()[0])


def test_all_pairs_are_the_ratios_one_by_one():
    race = replay(CANDIDATES, EARLY, rounds(seed=4))
    for mode in ("steady", "oneshot"):
        pairs = race.pairs(mode)
        low, high = pairs.bounds(0.025)
        for i, one in enumerate(KEYS):
            for j, other in enumerate(KEYS):
                found = race.ratio(mode, one, other)
                if i == j:
                    assert pairs.estimate[i, j] == 0
                else:
                    ends = (pairs.estimate[i, j], low[i, j], high[i, j])
                    expected = (found.estimate, found.low, found.high)
                    assert np.exp(ends) == pytest.approx(expected, rel=1e-9)


def test_pairs_of_fewer_than_two_common_rounds_are_unknown():
    pairs = replay(CANDIDATES, EARLY, rounds(count=1)).pairs("steady")
    assert np.isnan(pairs.estimate[0, 1])
    assert np.isnan(pairs.error[0, 1])
