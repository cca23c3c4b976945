from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.conductor.calibration import (
    ATTEMPTS,
    LONGEST,
    MOST_ITEMS,
    SHORTEST,
    Calibration,
    CalibrationError,
    calibrate,
    calibrate_fixed,
    most_result_kib,
    remembered,
)
from experiments.conductor.outcome import Outcome

TARGET = 0.12
Cost = Callable[[int, int], float]


class Machine:
    """Stands for fresh sequential launches: a batch of n items of a scale costs what it is told."""

    def __init__(self, batch_seconds: Cost, result_kib: float | None = None) -> None:
        self.batch_seconds, self.result_kib = batch_seconds, result_kib
        self.launches = 0

    def __call__(self, items: int, scale: int, wanted: float | None) -> Outcome:
        self.launches += 1
        if wanted is not None:  # the launch looks for the scale on a few items
            while self.batch_seconds(3, scale) / 3 < wanted:
                scale += max(1, scale // 50)
        seconds = self.batch_seconds(items, scale)
        return Outcome(
            status="ok",
            calibrated={
                "scale": scale,
                "item_seconds": seconds / items,
                "batch_seconds": seconds,
                "expected": list(range(items)),
                "result_kib": self.result_kib,
            },
        )


def linear(seconds: float) -> Cost:
    return lambda items, scale: items * scale * seconds


def fixed(seconds: float) -> Cost:
    return lambda items, scale: items * seconds


COSTS: dict[str, tuple[Cost, float | None, int]] = {
    "cheap items whose work scales": (linear(1e-7), 0.006, 8),
    "dear items whose work scales": (linear(0.002), 0.006, 8),
    "many workers, so many items": (linear(1e-6), 0.006, 128),
    "work that grows faster than scale": (
        lambda items, scale: items * scale**2 * 1e-8,
        0.006,
        16,
    ),
    "work that grows slower than scale": (
        lambda items, scale: items * scale**0.5 * 1e-5,
        0.006,
        16,
    ),
    "a batch with a cost of its own": (lambda n, s: 0.02 + n * s * 1e-6, 0.006, 8),
    "items that get cheaper in numbers": (lambda n, s: 0.05 + n**0.8 * s * 1e-6, 0.006, 8),
    "items that get dearer in numbers": (lambda n, s: n**1.2 * s * 1e-6, 0.006, 8),
    "fixed work, cheap": (fixed(1e-4), None, 8),
    "fixed work, as dear as may be": (fixed(0.014), None, 8),
    "fixed work with a cost a batch": (lambda items, scale: 0.03 + items * 1e-3, None, 8),
}


@pytest.mark.parametrize("name", COSTS)
def test_a_batch_comes_out_between_a_tenth_and_a_quarter_of_a_second(name: str) -> None:
    cost, item_seconds, min_items = COSTS[name]
    machine = Machine(cost)
    found = calibrate(machine, TARGET, min_items, item_seconds)

    assert SHORTEST * TARGET <= found.batch_seconds <= LONGEST * TARGET
    assert 0.1 <= cost(found.items, found.scale) <= 0.25
    assert found.items >= min_items
    assert machine.launches <= ATTEMPTS


@pytest.mark.parametrize("name", COSTS)
def test_what_is_kept_is_what_was_measured_last(name: str) -> None:
    cost, item_seconds, min_items = COSTS[name]
    found = calibrate(Machine(cost), TARGET, min_items, item_seconds)

    assert found.batch_seconds == cost(found.items, found.scale)
    assert found.item_seconds == found.batch_seconds / found.items
    assert found.expected == list(range(found.items))


def test_answers_fit_the_items_even_where_the_batch_time_is_never_hit() -> None:
    noise = iter([0.01, 9.0, 0.01, 9.0, 0.01, 9.0])
    machine = Machine(lambda items, scale: next(noise))
    found = calibrate(machine, TARGET, 8, None)

    assert machine.launches == ATTEMPTS
    assert len(found.expected) == found.items


def test_work_that_can_be_turned_neither_way_is_taken_as_it_is() -> None:
    machine = Machine(fixed(1.0))
    found = calibrate(machine, TARGET, 8, None)

    assert (found.items, found.scale, found.batch_seconds) == (8, 1, 8.0)
    assert machine.launches == 2


def test_a_batch_has_no_end_of_items_however_cheap_they_are() -> None:
    assert calibrate(Machine(fixed(1e-9)), TARGET, 8, None).items == MOST_ITEMS
    assert calibrate(Machine(fixed(1e-9)), TARGET, 8192, None).items == 8192


def test_items_are_made_smaller_where_as_many_of_the_wanted_size_take_too_long() -> None:
    found = calibrate(Machine(linear(1e-6)), TARGET, 128, item_seconds=0.05)

    assert found.items == 128
    assert found.item_seconds == pytest.approx(TARGET / 128, rel=LONGEST)


@pytest.mark.parametrize("status", ["crashed", "timeout", "wrong", "unsupported"])
def test_a_task_that_does_not_run_sequentially_says_why(status: str) -> None:
    outcome = Outcome(status=status, reason="because")
    with pytest.raises(CalibrationError, match="because") as caught:
        calibrate(lambda items, scale, wanted: outcome, TARGET, 8, None)

    assert caught.value.outcome is outcome


def test_a_task_that_fails_only_in_a_second_launch_is_caught_too() -> None:
    machine = Machine(linear(1e-6))

    def flaky(items: int, scale: int, wanted: float | None) -> Outcome:
        seen = machine(items, scale, wanted)
        return seen if machine.launches == 1 else replace(seen, status="crashed", reason="now")

    with pytest.raises(CalibrationError, match="now"):
        calibrate(flaky, TARGET, 8, 0.006)


# --- remembering ----------------------------------------------------------------------------

MADE = Calibration(
    items=8, scale=3, item_seconds=1 / 3, batch_seconds=8 / 3, expected=[1, "a", None]
)
IDENTITY = {"task": "ipc", "seed": 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibrations/x.json"


def never() -> Calibration:
    raise AssertionError("it should have been remembered")


def test_a_calibration_is_made_once(path: Path) -> None:
    assert remembered(path, IDENTITY, lambda: MADE) == MADE
    assert remembered(path, IDENTITY, never) == MADE


def test_a_calibration_of_something_else_is_not_taken(path: Path) -> None:
    remembered(path, IDENTITY, lambda: replace(MADE, items=99))

    assert remembered(path, {**IDENTITY, "seed": 2}, lambda: MADE) == MADE


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"identity": 1}', "\x00"])
def test_a_damaged_calibration_is_made_again(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)

    assert remembered(path, IDENTITY, lambda: MADE) == MADE
    assert json.loads(path.read_text())["identity"] == IDENTITY


def test_a_calibration_with_other_fields_is_made_again(path: Path) -> None:
    path.parent.mkdir()
    kept: dict[str, Any] = {"identity": IDENTITY, "calibration": {"items": 1}}
    path.write_text(json.dumps(kept))

    assert remembered(path, IDENTITY, lambda: MADE) == MADE


def test_one_that_was_kept_before_sizes_were_known_is_taken_without_them(path: Path) -> None:
    kept = {"items": 8, "scale": 3, "item_seconds": 0.1, "batch_seconds": 0.8, "expected": []}
    path.parent.mkdir()
    path.write_text(json.dumps({"identity": IDENTITY, "calibration": kept}))
    found = remembered(path, IDENTITY, never)

    assert (found.items, found.item_kib, found.result_kib) == (8, None, None)


def test_a_given_number_of_items_is_one_launch_and_no_search() -> None:
    asked: list[tuple[int, int, float | None]] = []

    def attempt(items: int, scale: int, wanted: float | None) -> Outcome:
        asked.append((items, scale, wanted))
        seen = {"scale": 1, "batch_seconds": 5e-5, "expected": [1], "item_kib": 2.0}
        return Outcome(status="ok", calibrated=seen)

    made = calibrate_fixed(attempt, 500)

    assert asked == [(500, 1, None)]
    assert (made.items, made.batch_seconds, made.item_kib) == (500, 5e-5, 2.0)
    with pytest.raises(CalibrationError):
        calibrate_fixed(lambda *_: Outcome(status="crashed", reason="no"), 500)


def test_a_failed_calibration_leaves_nothing(path: Path) -> None:
    def fails() -> Calibration:
        raise CalibrationError(Outcome(reason="no"))

    with pytest.raises(CalibrationError):
        remembered(path, IDENTITY, fails)
    assert not path.exists()


@pytest.mark.parametrize(("exact", "wanted_seconds"), [(True, 0.004), (False, TARGET / 128)])
def test_only_an_item_whose_parts_stand_in_a_proportion_keeps_a_cost_that_takes_long(
    exact: bool, wanted_seconds: float
) -> None:
    machine, asked = Machine(linear(1e-6)), []

    def attempt(items: int, scale: int, wanted: float | None) -> Outcome:
        asked.append(wanted)
        return machine(items, scale, wanted)

    found = calibrate(attempt, TARGET, 128, 0.004, exact)

    assert asked[0] == wanted_seconds
    assert found.item_seconds == pytest.approx(wanted_seconds, rel=0.1)


@pytest.mark.parametrize(
    ("result_kib", "items"), [(None, 1200), (0.01, 1200), (100, 163), (1000, 128)]
)
def test_large_results_of_a_users_function_make_a_smaller_batch(
    result_kib: float | None, items: int
) -> None:
    machine, most = Machine(fixed(1e-4), result_kib), most_result_kib({"same": "jobs:near"}, 1)

    found = calibrate(machine, TARGET, 128, None, most_result_kib=most)

    assert found.items == items


def test_a_built_in_task_says_itself_how_large_its_results_are() -> None:
    assert most_result_kib(None, 1) == math.inf
    assert (
        most_result_kib({}, 2) == most_result_kib({}, 1) / 2 > most_result_kib({"same": "a:b"}, 2)
    )
