from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest

from experiments.conductor.flags import blocked_loop_flags, flags
from experiments.conductor.surroundings import Disturbance
from experiments.statistics.objectives import MEMORY, SECONDS, Objective

LIMITS = {"foreign_cpu_share": 0.15, "steal_share": 0.05, "throttled_share": 0.05}


def entry(
    name: str = "threads x2", status: str = "ok", service: float | None = None,
    load: float | None = None, workers: int = 2, launch_seconds: float = 1.0, **seen: float,
) -> dict[str, Any]:  # fmt: skip
    samples = [("cold", 0.75), ("steady", 0.5), ("steady", 0.5)]
    return {
        "approach": name,
        "launch": {
            "status": status,
            "disturbed": bool(seen) and "clock_jump_seconds" not in seen,
            "startup_seconds": 0.25,
            "teardown_seconds": 0.125,
            "service_cpu_share": service,
            "load_1min": load,
            "workers": workers,
            "launch_seconds": launch_seconds,
            **asdict(Disturbance(**seen)),  # type: ignore[arg-type]
        },
        "samples": [{"phase": phase, "wall_seconds": wall} for phase, wall in samples],
    }


def warnings_of(entries: list[dict[str, Any]], objective: Objective = SECONDS) -> list[str]:
    return flags(entries, LIMITS, objective)


def beating(
    name: str, executor: str, most_ms: float | None, usual_ms: float | None = 0.5, workers: int = 2
) -> dict[str, Any]:
    one = entry(name, workers=workers)
    beats = {"heartbeat_max_ms": most_ms, "heartbeat_p50_ms": usual_ms}
    one["launch"] |= {"executor": executor, **beats}
    return one


def test_an_event_loop_that_stands_still_is_told() -> None:
    good = [beating("asyncio x2", "asyncio", ms) for ms in (3.0, 80.0, 5.0)]  # one mishap
    unknown = beating("asyncio x2", "asyncio", None, None)
    threads = beating("threads x2", "threads", 500.0, 250.0)
    to_thread = beating("asyncio_to_thread x2", "asyncio_to_thread", 500.0, 250.0)
    own = beating("a:B x2", "no_such_module:Executor", 500.0, 250.0)

    fine = [*good, unknown, threads, to_thread, own]
    assert list(blocked_loop_flags(fine)) == []
    (told,) = blocked_loop_flags([*fine, beating("asyncio x8", "asyncio", 120.0)])
    assert told.startswith("the event loop stood still for up to 120 ms in asyncio x8: what runs")


@pytest.mark.parametrize("executor", ["trio", "anyio"])
def test_a_loop_is_told_whosever_it_is(executor: str) -> None:
    (told,) = blocked_loop_flags([beating(f"{executor} x2", executor, 120.0)])

    assert f"120 ms in {executor} x2: what runs" in told


@pytest.mark.parametrize(
    ("most_ms", "usual_ms", "workers", "held"),
    [
        (15.5, 7.6, 1, True),  # 5 ms at a time, as measured
        (30.5, 14.9, 2, True),
        (13.9, 3.5, 1, True),  # with trio
        (22.3, 7.2, 2, True),
        (25.0, 8.1, 64, False),  # many short steps, as a loop with much to do has them
        (8.9, 3.9, 32, False),
        (13.7, 7.1, 8, False),
        (3.8, 0.6, 1, False),
        (7.5, 1.0, 1, False),
    ],
)
def test_a_loop_that_is_held_in_small_steps_is_told(
    most_ms: float, usual_ms: float, workers: int, held: bool
) -> None:
    seen = [beating(f"asyncio x{workers}", "asyncio", most_ms, usual_ms, workers)] * 3

    told = list(blocked_loop_flags(seen))

    assert len(told) == held
    assert all(f"held almost all the time in asyncio x{workers}: half" in one for one in told)


def test_launches_without_a_value_of_what_is_decided_on_are_told() -> None:
    known, mute = entry(), entry("threads x4")
    known["launch"]["peak_memory_mib"] = 40.0

    assert warnings_of([known, mute]) == []
    assert warnings_of([known, entry(status="crashed")], objective=MEMORY) == []
    assert warnings_of([known, mute, mute], objective=MEMORY) == [
        "no peak memory known of 2 of 3 launches that ran, so they count as launches without a "
        "value (this platform doesn't tell the memory of processes): threads x4"
    ]


def test_a_busy_server_is_told_with_the_approaches_it_limited() -> None:
    shares = {"asyncio x64": [0.7, 0.95, 0.99], "threads x2": [0.2, 0.9, 0.3]}
    entries = [entry(name, service=share) for name, seen in shares.items() for share in seen]

    (flag,) = warnings_of(entries)
    assert "the server was the bottleneck (it used up to 95% of a core) for asyncio x64:" in flag


def test_a_server_of_many_processes_is_held_against_the_cores_it_can_use() -> None:
    entries = [entry("threads x64", service=1.7)]

    assert flags(entries, LIMITS, server_cores=4) == []
    (flag,) = flags(entries, LIMITS, server_cores=2)
    assert "(it used up to 170% of a core, of the 2 it may run on) for threads x64:" in flag


def test_a_server_with_time_to_spare_is_no_flag() -> None:
    assert warnings_of([entry(service=0.79), entry(service=None)]) == []


def test_a_block_that_stays_disturbed_says_so() -> None:
    calm, foreign, both = entry(), entry(foreign_cpu_share=0.3), entry(foreign_cpu_share=0.2)
    both["launch"]["throttle_events"] = 2

    assert warnings_of([calm, calm, calm, foreign]) == []
    assert warnings_of([calm, calm, foreign, both]) == [
        "2 of 4 launches were disturbed, also after repeats: foreign CPU use in 2, heat in 1"
    ]
    assert warnings_of([]) == []


@pytest.mark.parametrize(
    ("calm", "says"), [([False] * 3 + [True] * 7, "30% of the batches"), ([True] * 10, "")]
)
def test_a_block_between_slowed_cores_says_so(calm: list[bool], says: str) -> None:
    slow = entry()
    slow["samples"] = [{"phase": "steady", "wall_seconds": 0.5, "calm": known} for known in calm]

    found = warnings_of([slow, entry()])

    assert len(found) == bool(says)
    assert all(f"slowed from outside around {says}" in flag for flag in found)


def loads(extra: float, workers: int = 2, launches: int = 120) -> list[dict[str, Any]]:
    """Launches of a second, whose workers run all the time beside `extra` tasks of others."""
    made, load = [], 0.0
    for _ in range(launches):
        made.append(entry(load=load, workers=workers))
        load += (1 - math.exp(-1 / 60)) * (workers + extra - load)
    return made


@pytest.mark.parametrize("workers", [1, 2, 64])
def test_the_load_of_our_own_work_is_no_flag(workers: int) -> None:
    assert warnings_of(loads(0, workers)) == []
    assert warnings_of([entry(load=None)]) == []


def test_the_load_of_others_is_told() -> None:
    (flag,) = warnings_of(loads(8))

    assert flag.startswith("others kept the machine busy: a load average of 8.")
    assert "explains at most 3." in flag


def test_a_load_that_was_there_from_the_programs_before_is_no_flag() -> None:
    fading = [entry(load=30 * math.exp(-n / 60)) for n in range(120)]

    assert warnings_of(fading) == []


def test_a_clock_that_was_set_is_told_but_disturbs_nothing() -> None:
    (flag,) = warnings_of([entry(), entry(clock_jump_seconds=-3600.0)])

    assert flag.startswith("the system's clock was set by -3600.0 s while 1 launch ran")
    assert "timings are not" in flag


def test_sleep_is_told_however_rare_it_was() -> None:
    slept = [entry(suspended_seconds=30.0), entry(suspended_seconds=12.0)]

    assert warnings_of([*[entry()] * 9, *slept]) == [
        "the machine slept for 42.0 s while 2 launches ran"
    ]


def test_a_gil_that_an_import_switched_on_is_told_with_the_interpreter() -> None:
    kept, switched = entry(), entry()
    for one, at_end in ((kept, False), (switched, True)):
        one["launch"] |= {"interpreter": "cpython-3.13.0t", "gil_at_start": False}
        one["launch"]["gil_at_end"] = at_end

    assert warnings_of([kept, entry()]) == []
    (flag,) = warnings_of([kept, switched, switched])
    assert flag.startswith("the GIL was switched on in 2 launches of cpython-3.13.0t: ")
