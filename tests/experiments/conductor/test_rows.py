from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest

from experiments.conductor.rows import core_limit_seconds, disturbances, round_values
from experiments.conductor.surroundings import Disturbance
from experiments.statistics.launches import oneshot_value, steady_value
from experiments.statistics.objectives import CPU_SECONDS, MEMORY, P99, Objective

UNSEEN = asdict(Disturbance())
LIMITS = {"foreign_cpu_share": 0.15, "steal_share": 0.05, "throttled_share": 0.04}


def entry(
    name: str = "threads x2", steady: float = 0.5, status: str = "ok", disturbed: bool = False,
    service: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    samples = [("cold", 0.75), ("steady", steady), ("steady", steady)]
    return {
        "approach": name,
        "launch": {
            "status": status,
            "disturbed": disturbed,
            "startup_seconds": 0.25,
            "teardown_seconds": 0.125,
            "service_cpu_share": service,
        },
        "samples": [{"phase": phase, "wall_seconds": wall} for phase, wall in samples],
    }


@pytest.mark.parametrize(
    ("column", "most", "cause"),
    [
        ("foreign_cpu_share", 0.15, "foreign CPU use"),
        ("steal_share", 0.05, "steal time"),
        ("quota_throttled_share", 0.04, "the CPU quota"),
        ("throttle_events", 0, "heat"),
        ("suspended_seconds", 0.0, "sleep"),
    ],
)
def test_a_launch_is_disturbed_above_any_limit(column: str, most: float, cause: str) -> None:
    assert disturbances(UNSEEN, [], LIMITS) == ()
    assert disturbances({**UNSEEN, column: most}, [], LIMITS) == ()
    assert disturbances({**UNSEEN, column: most + 1}, [], LIMITS) == (cause,)


def test_a_wall_clock_that_was_set_disturbs_no_launch() -> None:
    assert disturbances({**UNSEEN, "clock_jump_seconds": 3600.0}, [], LIMITS) == ()


def test_a_launch_gives_one_value_a_mode() -> None:
    assert round_values([entry()]) == {
        "steady": {"threads x2": steady_value([0.5])},
        "oneshot": {"threads x2": oneshot_value(0.25, 0.75, 0.125)},
    }


def test_batches_between_slowed_cores_do_not_count_where_others_do() -> None:
    mixed = entry()
    mixed["samples"] = [
        {"phase": "cold", "wall_seconds": 0.75, "calm": False},
        {"phase": "steady", "wall_seconds": 0.9, "calm": False},
        {"phase": "steady", "wall_seconds": 0.5, "calm": True},
        {"phase": "steady", "wall_seconds": 0.8, "calm": False},
    ]

    assert round_values([mixed])["steady"] == {"threads x2": steady_value([0.5])}

    mixed["samples"][2]["calm"] = False
    assert round_values([mixed])["steady"] == {"threads x2": steady_value([0.9, 0.5, 0.8])}


@pytest.mark.parametrize(
    ("calm", "is_so"), [([False, False], True), ([False, True], False), ([None, None], False)]
)
def test_a_launch_without_a_calm_steady_batch_is_disturbed(
    calm: list[bool | None], is_so: bool
) -> None:
    steady = [{"phase": "steady", "wall_seconds": 0.5, "calm": known} for known in calm]
    cold = {"phase": "cold", "wall_seconds": 0.5, "calm": False}

    assert disturbances(UNSEEN, [cold, *steady], LIMITS) == (("slowed cores",) if is_so else ())


def test_a_core_is_slowed_against_what_is_usual_for_its_interpreter_in_the_block() -> None:
    def tried(interpreter: str, seconds: float | None) -> dict[str, Any]:
        sample = {"phase": "steady", "wall_seconds": 0.5, "core_seconds": seconds}
        return {"launch": {"interpreter": interpreter}, "samples": [sample]}

    mostly_slowed = [1.0, 1.0, 1.9, 1.8, 2.0, 1.7, 1.9]
    entries = [tried("a", seconds) for seconds in mostly_slowed]
    entries += [tried("b", 7.0), tried("c", None)]

    assert core_limit_seconds(entries, "a", 0.2) == pytest.approx(1.2 * 1.35)
    assert core_limit_seconds(entries, "b", 0.2) == pytest.approx(1.2 * 7)
    assert core_limit_seconds(entries, "c", 0.2) is None
    assert core_limit_seconds([], "a", 0.2) is None


def test_a_launch_without_steady_batches_counts_in_one_shot_alone() -> None:
    short = entry()
    short["samples"] = short["samples"][:1]

    assert round_values([short]) == {
        "steady": {},
        "oneshot": {"threads x2": oneshot_value(0.25, 0.75, 0.125)},
    }


def test_what_failed_gives_none() -> None:
    assert round_values([entry(status="crashed")]) == {"steady": {}, "oneshot": {}}


@pytest.mark.parametrize(
    ("objective", "told", "value"),
    [
        (MEMORY, {"peak_memory_mib": 40.0}, 40.0),
        (CPU_SECONDS, {"cpu_user_seconds": 0.25, "cpu_system_seconds": 0.5}, 0.75),
        (P99, {"latency_p99_ms": 3.0}, 3.0),
        (MEMORY, {"peak_memory_mib": None}, None),
        (MEMORY, {}, None),
        (CPU_SECONDS, {"cpu_user_seconds": 0.25, "cpu_system_seconds": None}, None),
        (CPU_SECONDS, {"cpu_user_seconds": 0.0, "cpu_system_seconds": 0.0}, None),
    ],
)
def test_another_objective_is_one_value_for_a_pool_that_lives_on(
    objective: Objective, told: dict[str, Any], value: float | None
) -> None:
    one = entry()
    one["launch"] |= told

    wanted = {} if value is None else {"threads x2": math.log(value)}
    assert round_values([one], objective) == {"steady": wanted}


@pytest.mark.parametrize(
    ("entries", "counts"),
    [
        ([entry(steady=1, disturbed=True), entry(steady=2)], 2),
        ([entry(steady=1), entry(steady=2, disturbed=True)], 1),
        ([entry(steady=1, disturbed=True), entry(steady=2, disturbed=True)], 2),
        ([entry(steady=1, disturbed=True), entry(status="timeout")], 1),
    ],
)
def test_of_several_the_last_undisturbed_counts_else_the_last_good_one(
    entries: list[dict[str, Any]], counts: float
) -> None:
    assert round_values(entries)["steady"]["threads x2"] == steady_value([counts])
