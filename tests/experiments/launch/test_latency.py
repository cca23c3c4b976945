"""How long each item takes, told by the launch: on every executor, checked and compact."""

from __future__ import annotations

import math
from typing import Any

import pytest

from experiments.launch.latency import GROWTH, apart, bucket, counted, middle_ms, summary
from tests.experiments.launch.driving import Launched, launch, spec
from tests.pythons import python_or_skip

METHODS = ("fork", "spawn", "forkserver")
EXECUTORS: list[tuple[str, dict[str, Any]]] = [
    ("sequential", {}),
    ("threads", {}),
    ("asyncio", {}),
    *(("processes", {"start_method": method}) for method in METHODS),
    ("processes", {"chunk": "auto"}),
    ("asyncio_to_thread", {}),
    ("multiprocessing_pool", {}),
    ("process_per_item", {}),
]


def timed(task: str = "Sleeps", **changes: Any) -> dict[str, Any]:
    return spec(task, latencies=True, expected=list(range(16)), items=16, **changes)


def told(done: Launched) -> dict[str, Any]:
    assert done.last == {"event": "end"}, (done.events, done.output)
    return done.one("latencies")


@pytest.mark.parametrize(("executor", "options"), EXECUTORS, ids=str)
def test_every_executor_times_each_item_of_the_steady_batches(
    executor: str, options: dict[str, Any]
) -> None:
    found = told(launch(timed(executor=executor, options=options, batches=2, profile=True)))

    assert sum(found["buckets"].values()) == 2 * 16
    assert 20 <= found["latency_p50_ms"] <= found["latency_p95_ms"] <= found["latency_p99_ms"]


@pytest.mark.parametrize("executor", ["threads", "asyncio", "processes"])
def test_the_wait_for_a_free_worker_is_no_part_of_it(executor: str) -> None:
    done = launch(timed(executor=executor, workers=2))
    batch_ms = done.batches("steady")[0]["wall_seconds"] * 1e3

    assert told(done)["latency_p50_ms"] < batch_ms / 4


@pytest.mark.parametrize("task", ["BlocksTheLoop", "RunsItself"])
def test_coroutines_that_block_are_timed_too(task: str) -> None:
    assert told(launch(timed(task, executor="asyncio", workers=4)))["latency_p50_ms"] >= 20


@pytest.mark.parametrize("executor", ["sequential", "threads", "processes"])
def test_slow_items_show_in_the_tail(executor: str) -> None:
    found = told(launch(timed("SleepsUnequally", executor=executor)))

    assert found["latency_p50_ms"] < 50 <= found["latency_p95_ms"]
    assert sum(n for b, n in found["buckets"].items() if middle_ms(int(b)) >= 50 / 1.01) >= 2


@pytest.mark.parametrize(("executor", "options"), EXECUTORS, ids=str)
def test_answers_are_still_checked(executor: str, options: dict[str, Any]) -> None:
    wanted = timed(executor=executor, options=options)
    done = launch({**wanted, "expected": [*range(15), 99]})

    assert done.last["reason"] == "cold batch 0: item 15: expected 99, got 15"


def test_state_is_shared_and_counted_as_without() -> None:
    done = launch(spec("Counts", executor="processes", latencies=True, profile=True))

    assert done.one("extras")["lost_updates"] == 0
    assert sum(told(done)["buckets"].values()) == 8


def test_nothing_is_told_unless_asked_nor_where_no_batch_is_steady() -> None:
    assert launch(spec(latencies=False)).all("latencies") == []
    assert launch(spec(latencies=True, batches=0)).all("latencies") == []


def test_calibration_has_no_latencies() -> None:
    done = launch(spec(latencies=True, mode="calibrate"))

    assert done.one("calibrated")["expected"] == [number * number for number in range(8)]


@pytest.mark.parametrize("executor", ["threads", "processes", "asyncio"])
def test_the_oldest_interpreter_does_it_too(executor: str) -> None:
    done = launch(timed(executor=executor), python_or_skip("3.9"))

    assert told(done)["latency_p50_ms"] >= 20


def test_results_and_times_come_apart_in_order() -> None:
    assert apart([("a", 3), ("b", 1)]) == (["a", "b"], [3, 1])
    assert apart([]) == ([], [])


@pytest.mark.parametrize(
    ("calm", "count"),
    [([True, True], [3, 5, 4]), ([None, None], [3, 5, 4]), ([False, True], [4]),
     ([False, False], [3, 5, 4])],
)  # fmt: skip
def test_items_between_slowed_cores_do_not_count_where_others_do(
    calm: list[bool | None], count: list[int]
) -> None:
    assert counted(list(zip([[3, 5], [4]], calm, strict=True))) == count


def test_a_launch_without_a_calm_batch_tells_all_its_items() -> None:
    done = launch(timed(batches=2, core_limit_seconds=1e-9))

    assert {batch["calm"] for batch in done.batches("steady")} == {False}
    assert sum(told(done)["buckets"].values()) == 16 * len(done.batches("steady"))


def test_quantiles_are_exact() -> None:
    found = summary([number * 1_000_000 for number in range(101, 0, -1)])

    assert [found[f"latency_p{share}_ms"] for share in (50, 95, 99)] == [51, 96, 100]


@pytest.mark.parametrize("taken_ns", [1, 999, 123_456, 1_000_000, 1_020_000, 7_654_321, 10**12])
def test_a_buckets_middle_is_within_one_percent(taken_ns: int) -> None:
    number, taken_ms = bucket(taken_ns), taken_ns / 1e6

    assert GROWTH**number <= taken_ms * (1 + 1e-12)
    assert taken_ms < GROWTH ** (number + 1) * (1 + 1e-12)
    assert math.isclose(middle_ms(number), taken_ms, rel_tol=0.01)


def test_a_clock_that_sees_no_time_pass_is_no_error() -> None:
    assert summary([0, 0])["buckets"] == {bucket(1): 2}
