"""One number a launch and mode, from the tables of the contract."""

import math

import pandas as pd
import pytest

from experiments import schema
from experiments.statistics import launch_values, oneshot_value, steady_value
from experiments.statistics.objectives import CPU_SECONDS, MEMORY, P99


def launch(number, approach, status="ok", round_number=0, **values):
    return {
        "launch_id": f"L{number}",
        "approach": approach,
        "round": round_number,
        "status": status,
        "disturbed": False,
        "startup_seconds": 0.05,
        "teardown_seconds": 0.01,
    } | values


def samples(**seconds):
    """Steady batches of each launch, after a cold one of 0.3 s."""
    rows = [
        {"launch_id": name, "phase": "steady", "batch": batch, "wall_seconds": value}
        for name, values in seconds.items()
        for batch, value in enumerate(values)
    ]
    cold = [
        {"launch_id": name, "phase": "cold", "batch": 0, "wall_seconds": 0.3} for name in seconds
    ]
    return pd.DataFrame(rows + cold, columns=schema.SAMPLES.names)


def values(launches, **seconds):
    return launch_values(pd.DataFrame(launches), samples(**seconds))


def test_steady_is_the_median_batch():
    assert steady_value([0.1, 0.9, 0.2]) == math.log(0.2)


def test_batches_between_slowed_cores_do_not_count_where_others_do():
    batches = samples(L1=[0.9, 0.2, 0.8], L2=[0.9, 0.3, 0.8])
    calm = [False, True, False, False, False, False, None, None]
    batches["calm"] = pd.array(calm, dtype="boolean")

    found = launch_values(pd.DataFrame([launch(1, "a"), launch(2, "b")]), batches)

    assert found[0]["steady"] == {"a": math.log(0.2), "b": math.log(0.8)}


def test_oneshot_is_the_whole_life_of_a_pool():
    assert oneshot_value(0.5, 0.25, 0.25) == 0.0


@pytest.mark.parametrize("seconds", [0.0, -0.1, math.nan, math.inf])
def test_a_time_must_be_positive_and_finite(seconds):
    with pytest.raises(ValueError, match="a time must be finite and above 0"):
        steady_value([0.1, seconds])
    with pytest.raises(ValueError, match=r"must be finite and above 0|can't be negative"):
        oneshot_value(seconds, 0.0, 0.0)


def test_negative_startup_is_refused_even_if_the_sum_is_positive():
    with pytest.raises(ValueError, match="can't be negative"):
        oneshot_value(-0.1, 0.5, 0.1)


def test_a_launch_without_steady_batches_has_no_value():
    with pytest.raises(ValueError, match="without steady batches"):
        steady_value([])


def test_a_round_holds_both_modes():
    (found,) = values([launch(1, "threads x2")], L1=[0.1, 0.2, 0.3])
    assert found["steady"] == {"threads x2": math.log(0.2)}
    assert found["oneshot"] == {"threads x2": math.log(0.05 + 0.3 + 0.01)}


def test_rounds_come_in_order_and_keep_their_number():
    found = values(
        [launch(1, "a", round_number=2), launch(2, "a", round_number=0)], L1=[0.3], L2=[0.1]
    )
    assert [entry["steady"] for entry in found] == [{"a": math.log(0.1)}, {}, {"a": math.log(0.3)}]


@pytest.mark.parametrize("status", ["wrong", "crashed", "timeout", "unsupported"])
def test_only_launches_that_went_well_count(status):
    (found,) = values([launch(1, "a", status), launch(2, "b")], L1=[0.1], L2=[0.2])
    assert set(found["steady"]) == {"b"}


def test_of_repeats_the_last_undisturbed_one_counts():
    repeats = [
        launch(1, "a"),
        launch(2, "a", disturbed=True),
        launch(3, "a"),
        launch(4, "a", disturbed=True),
    ]
    (found,) = values(repeats, L1=[0.1], L2=[0.2], L3=[0.3], L4=[0.4])
    assert found["steady"] == {"a": math.log(0.3)}


def test_without_an_undisturbed_one_the_last_that_went_well_counts():
    repeats = [launch(1, "a", disturbed=True), launch(2, "a", disturbed=True)]
    repeats.append(launch(3, "a", "timeout"))
    (found,) = values(repeats, L1=[0.1], L2=[0.2])
    assert found["steady"] == {"a": math.log(0.2)}


def test_unknown_parts_make_the_value_stay_away():
    (found,) = values([launch(1, "a", startup_seconds=math.nan)], L1=[0.1])
    assert (found["steady"], found["oneshot"]) == ({"a": math.log(0.1)}, {})
    (found,) = launch_values(pd.DataFrame([launch(1, "a")]), samples())
    assert found == {"steady": {}, "oneshot": {}}


def test_a_time_that_can_not_be_names_its_launch():
    with pytest.raises(ValueError, match=r"launch 'L1': a steady batch of 0\.0 seconds"):
        values([launch(1, "a")], L1=[0.0])


@pytest.mark.parametrize(
    ("objective", "value"), [(MEMORY, 41.5), (CPU_SECONDS, 0.1 + 0.2), (P99, 7.25)]
)
def test_another_objective_takes_its_columns_and_leaves_single_batches_alone(objective, value):
    told = {
        "peak_memory_mib": 41.5,
        "cpu_user_seconds": 0.1,
        "cpu_system_seconds": 0.2,
        "latency_p99_ms": 7.25,
    }
    launches = pd.DataFrame([launch(1, "a", **told), launch(2, "b", **told, status="wrong")])
    assert launch_values(launches, samples(L1=[0.1]), "approach", objective) == [
        {"steady": {"a": math.log(value)}}
    ]


@pytest.mark.parametrize("unknown", [0.0, math.nan, pd.NA])
def test_zero_or_unknown_is_no_value(unknown):
    launches = pd.DataFrame([launch(1, "a", peak_memory_mib=unknown)])
    found = launch_values(launches, samples(L1=[0.1]), "approach", MEMORY)
    assert found == [{"steady": {}}]


def test_keys_can_come_from_a_function():
    launches = pd.DataFrame([launch(1, "a", executor="threads", workers=4)])
    found = launch_values(launches, samples(L1=[0.1]), lambda r: f"{r['executor']} x{r['workers']}")
    assert set(found[0]["steady"]) == {"threads x4"}


def test_no_launches_are_no_rounds():
    empty = pd.DataFrame(columns=[*schema.LAUNCHES.names, "approach"])
    assert launch_values(empty, samples()) == []
    keyed = launch_values(empty.drop(columns="approach"), samples(), lambda row: "a")
    assert keyed == []


def test_the_trip_through_the_csv_files_changes_no_bit(tmp_path):
    seconds = [0.1 + 1 / 3, 0.2 + 1 / 7, math.pi / 10]
    rows = [launch(1, "", startup_seconds=0.1 / 3, teardown_seconds=1e-3 / 7, executor="threads")]
    del rows[0]["approach"]
    batches = samples(L1=seconds)
    schema.write(schema.LAUNCHES, rows, tmp_path / "launches.csv")
    schema.write(schema.SAMPLES, batches.to_dict("records"), tmp_path / "samples.csv")
    found = launch_values(
        schema.read(schema.LAUNCHES, tmp_path / "launches.csv"),
        schema.read(schema.SAMPLES, tmp_path / "samples.csv"),
        lambda row: str(row["executor"]),
    )
    assert found == launch_values(pd.DataFrame(rows), batches, lambda row: str(row["executor"]))
    assert found[0]["steady"] == {"threads": steady_value(seconds)}
    assert found[0]["oneshot"] == {"threads": oneshot_value(0.1 / 3, 0.3, 1e-3 / 7)}


def test_times_are_for_the_sequential_programs_work_where_the_work_grows():
    launches = [launch(1, "a", batch_multiple=4), launch(2, "b", batch_multiple=1), launch(3, "c")]
    found = values(launches, L1=[0.8], L2=[0.2], L3=[0.2])[0]

    assert found["steady"]["a"] == pytest.approx(math.log(0.2))
    assert found["steady"]["b"] == found["steady"]["c"] == math.log(0.2)
    # start-up and shutdown are shared by all of the work that follows them
    assert found["oneshot"]["a"] == pytest.approx(math.log((0.05 + 0.3 + 0.01) / 4))
    assert found["oneshot"]["b"] == found["oneshot"]["c"] == oneshot_value(0.05, 0.3, 0.01)


@pytest.mark.parametrize(("objective", "value"), [(CPU_SECONDS, 0.2), (MEMORY, 40.0), (P99, 3.0)])
def test_of_what_else_may_decide_only_cpu_time_grows_with_the_work(objective, value):
    told = {
        "cpu_user_seconds": 0.6, "cpu_system_seconds": 0.2, "peak_memory_mib": 40.0,
        "latency_p99_ms": 3.0, "batch_multiple": 4,
    }  # fmt: skip
    frame = pd.DataFrame([launch(1, "a", **told)])
    found = launch_values(frame, samples(L1=[0.1]), objective=objective)

    assert found[0]["steady"]["a"] == pytest.approx(math.log(value))
