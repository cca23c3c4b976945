from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import pytest

from experiments.conductor.entries import fault
from experiments.conductor.surroundings import Disturbance


def entry(number: int = 0, approach: str = "threads x2", wall_seconds: Any = 1 / 3) -> Any:
    """The least that a line of a launch holds, and a bucket of latencies."""
    launch_id = f"b/{number}/{approach}/{number}"
    return {
        "approach": approach,
        "launch": {
            "launch_id": launch_id, "interpreter": "cpython", "workers": 2, "round": number,
            "status": "ok", "disturbed": False, "launch_seconds": 1.5, "startup_seconds": 0.0,
            "teardown_seconds": 0.0, "service_cpu_share": None, "load_1min": 0.5,
            **asdict(Disturbance()),
        },
        "samples": [
            {"launch_id": launch_id, "phase": "cold", "batch": 0, "wall_seconds": wall_seconds}
        ],
        "latencies": [[1.5, 8]],
    }  # fmt: skip


def changed(value: Any, *path: Any, number: int = 0) -> Any:
    """An entry with another value at that path, read back from JSON as the journal does."""
    made = entry(number)
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.loads(json.dumps(made))


def test_a_launch_has_no_fault() -> None:
    assert fault(entry()) == ""
    assert fault(changed(None, "launch", "launch_seconds")) == ""  # unknown
    assert fault(changed(0, "samples", 0, "core_seconds")) == ""


@pytest.mark.parametrize("name", ["wall_seconds", "core_seconds"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, -0.001, "0.5", True, [0.5]])
def test_a_time_of_a_batch_that_cant_be_is_named(name: str, value: Any) -> None:
    found = fault(changed(value, "samples", 0, name))

    assert found == f"sample 0: {name!r} can't be {value!r}"


@pytest.mark.parametrize("name", ["startup_seconds", "teardown_seconds", "launch_seconds"])
@pytest.mark.parametrize("value", [math.nan, -1, "1"])
def test_a_time_of_a_launch_that_cant_be_is_named(name: str, value: Any) -> None:
    assert fault(changed(value, "launch", name)) == f"{name!r} can't be {value!r}"


def test_a_batch_takes_some_time_but_a_start_may_take_none() -> None:
    assert fault(changed(0, "samples", 0, "wall_seconds")) == "sample 0: 'wall_seconds' can't be 0"
    assert fault(changed(0, "launch", "startup_seconds")) == ""


@pytest.mark.parametrize(
    ("value", "path", "says"),
    [
        (None, ("approach",), "'approach' is no str"),
        (17, ("launch",), "'launch' is no dict"),
        ({}, ("samples",), "'samples' is no list"),
        (None, ("latencies",), "'latencies' is no list"),
        ({}, ("launch",), "'launch_seconds' is missing"),
        (None, ("launch", "round"), "'round' is missing"),
        (-1, ("launch", "round"), "'round' can't be -1"),
        (1.5, ("launch", "round"), "'round' can't be 1.5"),
        ("yes", ("launch", "disturbed"), "'disturbed' can't be 'yes'"),
        ("fine", ("launch", "status"), "'status' is 'fine', none of ok, wrong, crashed"),
        (1, ("launch", "walls"), "'walls' is no column of launches.csv"),
        ([17], ("samples",), "sample 0: is no object"),
        ("warm", ("samples", 0, "phase"), "sample 0: 'phase' is 'warm', none of cold, steady"),
        ("steady", ("samples", 0, "phase"), "status is ok, but there is no cold batch"),
        (None, ("launch", "startup_seconds"), "status is ok, but there is no startup_seconds"),
        (None, ("launch", "teardown_seconds"), "status is ok, but there is no teardown_seconds"),
        ([], ("samples",), "status is ok, but there is no cold batch"),
        (None, ("samples", 0, "wall_seconds"), "sample 0: 'wall_seconds' is missing"),
        ([1], ("latencies", 0), "latency 0: is no pair of milliseconds and items"),
        ([0, 1], ("latencies", 0), "latency 0: 'latency_ms' can't be 0"),
        ([1.5, -1], ("latencies", 0), "latency 0: 'count' can't be -1"),
    ],
)
def test_what_is_no_launch_is_told(value: Any, path: tuple[Any, ...], says: str) -> None:
    assert fault(changed(value, *path)).startswith(says)


@pytest.mark.parametrize("name", ["launch_id", "round", "disturbed", "steal_share", "workers"])
def test_what_a_rerun_asks_of_a_launch_must_be_there(name: str) -> None:
    made = entry()
    del made["launch"][name]

    assert fault(made) == f"{name!r} is missing"


@pytest.mark.parametrize("line", [None, 17, [], "text", {}, {"approach": "threads x2"}])
def test_anything_else_is_no_launch(line: Any) -> None:
    assert fault(line) == "it is no launch"
