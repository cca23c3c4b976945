from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.breakeven import (
    Axis,
    Flip,
    Point,
    family,
    flips,
    next_values,
)
from experiments.statistics.records import Judgement, Status, Verdict

SHARES = Axis(0.0, 0.96, 0.03)
ITEMS_MS = Axis(0.02, 20.0, 1000 ** (1 / 32), log=True)
KIB = Axis(1, 64, 2 ** (6 / 32), log=True, whole=True)


def search(axis: Axis, recommended: Callable[[float], str | None]) -> list[Point]:
    """Every point that a search measures."""
    points: list[Point] = []
    while wanted := next_values(points, axis):
        points += [Point(value, recommended(value)) for value in wanted]
        assert len(points) < 100, "it must end"
    return points


def test_the_ends_come_first() -> None:
    assert next_values([], SHARES) == [0.0, 0.96]
    assert next_values([Point(0.0, "threads")], SHARES) == [0.96]


def test_a_change_is_halved_until_it_is_as_narrow_as_the_resolution() -> None:
    points = search(SHARES, lambda share: "threads" if share <= 0.34 else "processes")
    assert flips(points) == [Flip("threads", "processes", 0.33, 0.36, ())]
    assert len(points) == 7, "two ends and five halvings of 32 steps"


def test_on_a_logarithmic_axis_ratios_are_halved() -> None:
    points = search(ITEMS_MS, lambda ms: "sequential" if ms < 0.5 else "processes")
    (flip,) = flips(points)
    assert flip.low < 0.5 <= flip.high
    assert flip.high / flip.low < ITEMS_MS.resolution * 1.02
    assert all(len(f"{point.value:g}") <= 7 for point in points), "values stay readable"


def test_whole_numbers_end_where_nothing_lies_between() -> None:
    points = search(KIB, lambda kib: "pickle" if kib < 3 else "shared")
    assert flips(points) == [Flip("pickle", "shared", 2, 3, ())]
    assert all(point.value == int(point.value) for point in points)


def test_no_change_is_an_answer_after_one_look_in_the_middle() -> None:
    points = search(SHARES, lambda share: "threads")
    assert [point.value for point in points] == [0.0, 0.96, 0.48]
    assert flips(points) == []


def test_a_change_and_back_in_the_middle_is_found() -> None:
    points = search(SHARES, lambda share: "asyncio" if 0.4 < share < 0.7 else "threads")
    assert [(flip.below, flip.above) for flip in flips(points)] == [
        ("threads", "asyncio"),
        ("asyncio", "threads"),
    ]


def test_a_third_family_between_two_gets_its_own_limits() -> None:
    def recommended(share: float) -> str:
        return "asyncio" if share < 0.2 else "threads" if share < 0.6 else "processes"

    found = flips(search(SHARES, recommended))
    assert [(flip.below, flip.above) for flip in found] == [
        ("asyncio", "threads"),
        ("threads", "processes"),
    ]
    assert found[0].low <= 0.2 <= found[0].high
    assert found[1].low <= 0.6 <= found[1].high


def test_a_zone_that_nothing_decides_is_narrowed_from_both_sides() -> None:
    def recommended(share: float) -> str | None:
        return "threads" if share < 0.3 else None if share <= 0.5 else "processes"

    (flip,) = flips(search(SHARES, recommended))
    assert (flip.below, flip.above) == ("threads", "processes")
    assert 0.3 - 0.061 < flip.low < 0.3, "to two resolutions: finer would be dear and tell little"
    assert 0.5 < flip.high < 0.5 + 0.061
    assert flip.undecided


def test_undecided_ends_give_no_change_and_no_endless_search() -> None:
    points = search(SHARES, lambda share: None)
    assert flips(points) == []
    assert len(points) == 3


@settings(max_examples=200)
@given(st.floats(0.001, 0.959), st.booleans())
def test_the_change_always_lies_in_the_interval(crossing: float, log: bool) -> None:
    axis = Axis(0.001, 0.96, 960 ** (1 / 32), log=True) if log else Axis(0.0, 0.96, 0.03)
    points = search(axis, lambda value: "a" if value <= crossing else "b")
    (flip,) = flips(points)
    assert flip.low <= crossing <= flip.high
    assert axis.gap(flip.low, flip.high) <= 1.1
    assert len(points) <= 8 < len(axis.uniform()) / 3


def test_a_sweep_of_the_same_resolution_has_all_values() -> None:
    assert len(SHARES.uniform()) == 33
    assert SHARES.uniform()[1] == pytest.approx(0.03)
    assert len(ITEMS_MS.uniform()) == 33
    assert ITEMS_MS.uniform()[-1] == pytest.approx(20)
    assert KIB.uniform()[:4] == [1, 2, 3, 4]


def judged(verdict: Verdict, pick: str | None, **status: Status) -> Judgement:
    nothing = dict.fromkeys(("regret_bound", "rounds_needed", "speedup"))
    return Judgement(
        verdict=verdict, pick=pick, leader=pick, ties=(), undecided=(), status=dict(status),
        rounds=4, launches=8, flags=(), reason="", decided=True, **nothing,
    )  # fmt: skip


FAMILIES = {"seq": "sequential", "t16": "threads", "t32": "threads", "p2": "processes"}


def test_a_verdict_recommends_the_family_of_its_pick() -> None:
    assert family(judged("tie", "t16", t16="tied", p2="leader"), FAMILIES) == "threads"
    assert family(judged("no-gain", "seq", seq="leader", p2="slower"), FAMILIES) == "sequential"


def test_an_open_worker_count_leaves_the_family_known() -> None:
    open_ = judged("inconclusive", "t16", t16="leader", t32="undecided", p2="slower", seq="dropped")
    assert family(open_, FAMILIES) == "threads"


def test_rivals_of_two_families_leave_it_open() -> None:
    open_ = judged("inconclusive", "t16", t16="leader", p2="undecided")
    assert family(open_, FAMILIES) is None
    assert family(judged("failed", None, t16="failed"), FAMILIES) is None
