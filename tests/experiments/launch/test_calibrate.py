"""Calibration: the search on known cost curves, and real launches."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from experiments.launch.calibrate import (
    LARGEST_SCALE,
    SEARCH_SECONDS,
    CalibrationError,
    find_scale,
    pickled_kib,
)
from tests.experiments.launch.driving import launch, spec

COSTS: dict[str, Callable[[int], float]] = {
    "linear": lambda scale: 1e-7 * scale,
    "with a fixed part": lambda scale: 0.004 + 1e-7 * scale,
    "quadratic": lambda scale: 1e-9 * scale**2,
    "square root": lambda scale: 1e-5 * scale**0.5,
    "in steps": lambda scale: 1e-6 * (scale // 100 + 1),
}


@pytest.mark.parametrize("curve", COSTS)
@pytest.mark.parametrize("wanted_seconds", [0.006, 0.05])
def test_the_scale_hits_the_wanted_cost(curve: str, wanted_seconds: float) -> None:
    scale = find_scale(COSTS[curve], wanted_seconds)

    assert COSTS[curve](scale) == pytest.approx(wanted_seconds, rel=0.1)


def test_an_item_that_costs_more_already_keeps_scale_1() -> None:
    assert find_scale(lambda scale: 0.5 * scale, 0.01) == 1


def test_a_coarse_scale_takes_the_nearest() -> None:
    assert find_scale(lambda scale: 0.004 * scale, 0.0101) == 3


def test_few_measurements_are_needed_and_none_far_above_the_wanted_cost() -> None:
    tried: list[int] = []

    def cost(scale: int) -> float:
        tried.append(scale)
        return 1e-7 * scale

    find_scale(cost, 0.01)

    assert len(tried) < 15
    assert max(tried) <= 2 * 100_000


def test_a_cost_that_does_not_grow_is_told() -> None:
    with pytest.raises(CalibrationError, match="does not grow with scale"):
        find_scale(lambda scale: 1e-6, 0.01)


def test_a_search_that_takes_too_long_is_ended() -> None:
    now = [0.0]

    def slow(scale: int) -> float:
        assert scale < LARGEST_SCALE
        now[0] += SEARCH_SECONDS / 3
        return 1e-6

    with pytest.raises(CalibrationError):
        find_scale(slow, 0.01, clock=lambda: now[0])


def test_a_launch_finds_scale_and_reports_the_answers() -> None:
    done = launch(spec("Loops", mode="calibrate", items=4, item_seconds=0.004))
    seen = done.one("calibrated")
    total = sum(range(seen["scale"] * 100))

    assert done.last == {"event": "end"}
    assert seen["scale"] > 10
    assert 0.001 < seen["item_seconds"] < 0.016
    assert seen["batch_seconds"] == pytest.approx(4 * seen["item_seconds"])
    assert seen["expected"] == [total] * 4


def test_a_given_scale_is_kept_where_no_cost_is_wanted() -> None:
    seen = launch(spec("Loops", mode="calibrate", scale=7)).one("calibrated")

    assert seen["scale"] == 7
    assert len(seen["expected"]) == 8


def test_calibration_is_sequential_whatever_the_executor() -> None:
    wanted = spec("Sleeps", mode="calibrate", executor="processes", options={"chunk": "auto"})
    seen = launch(wanted).one("calibrated")

    assert seen["item_seconds"] >= 0.02
    assert seen["batch_seconds"] >= 8 * 0.02


def test_its_answers_are_those_that_executors_are_checked_against() -> None:
    seen = launch(spec("Loops", mode="calibrate", scale=3)).one("calibrated")
    done = launch(spec("Loops", scale=3, executor="threads", expected=seen["expected"]))

    assert done.last == {"event": "end"}


def test_answers_that_change_from_batch_to_batch_are_wrong() -> None:
    last = launch(spec("Restless", mode="calibrate")).last

    assert last["event"] == "wrong"
    assert last["reason"].startswith("sequential batch 1 against the first: item 0: expected")


def test_a_crash_in_calibration_is_reported_like_any_other() -> None:
    assert launch(spec("Raises", mode="calibrate")).last["event"] == "failed"


def test_state_shared_by_workers_is_made_for_as_many_items_as_are_timed() -> None:
    params = {"payload_kib": 4, "via": "shared_memory"}

    seen = launch(spec("ipc", mode="calibrate", params=params, items=37))

    assert len(seen.one("calibrated")["expected"]) == 37


def test_items_and_results_are_weighed_as_they_are_pickled() -> None:
    seen = launch(spec("ipc", mode="calibrate", params={"payload_kib": 64, "via": "pickle"}))
    told = seen.one("calibrated")

    assert told["item_kib"] == pytest.approx(64, abs=0.1)
    assert told["result_kib"] == pytest.approx(64, abs=0.1)


def test_the_weight_is_a_mean_over_objects_from_the_whole_list() -> None:
    objects = [b"x" * 1024 * (number >= 50) for number in range(100)]

    assert pickled_kib(objects) == pytest.approx(0.5, abs=0.1)


def test_what_cant_be_pickled_has_no_weight() -> None:
    assert pickled_kib([1, lambda: None]) is None


def test_answers_are_those_of_one_batch_of_a_given_scale() -> None:
    done = launch(spec("Loops", mode="answers", items=12, scale=7, executor="threads"))
    seen = done.one("calibrated")

    assert (seen["scale"], len(seen["expected"])) == (7, 12)
    assert seen["expected"] == [sum(range(700))] * 12
    # where a calibration finds answers that change from batch to batch, one batch can't
    flaky = [launch(spec("Restless", mode=mode)).last["event"] for mode in ("calibrate", "answers")]
    assert flaky == ["wrong", "end"]
