from __future__ import annotations

import math

import pandas as pd
import pytest

from reports import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.925, "1.93"), (39.14, "39.1"), (1234.6, "1,235"), (9.996, "10.0"), (0.0012345, "0.00123"),
     (0, "0"), (-2.5, "-2.50"), (None, "unknown"), (float("nan"), "unknown"),
     (float("inf"), "unknown"), (pd.NA, "unknown")],
)  # fmt: skip
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.012, "4.01 s"), (0.4012, "401 ms"), (3.82e-5, "38.2 µs"), (2e-8, "20.0 ns"),
     (0.9998, "1.00 s"), (0, "0 s"), (119.9, "120 s"), (125, "2 min 5 s"), (7320, "2 h 2 min"),
     (None, "unknown")],
)  # fmt: skip
def test_seconds_come_in_the_unit_a_person_would_use(value: float, text: str) -> None:
    assert wording.seconds(value) == text


def test_intervals_name_both_ends_and_the_unit_once() -> None:
    assert wording.times_interval(1.8, 1.9) == "1.80 to 1.90x"
    assert wording.seconds_interval(0.398, 0.404) == "398 to 404 ms"


def test_ends_of_an_interval_that_round_alike_get_more_digits() -> None:
    assert wording.times_interval(1.9561, 1.9639) == "1.956 to 1.964x"


def test_an_interval_with_an_unknown_end_is_none() -> None:
    assert wording.times_interval(1.8, None) == "no interval"
    assert wording.seconds_interval(float("nan"), 2.0) == "no interval"


def test_memory_and_shares() -> None:
    assert wording.memory(54) == "54.0 MiB"
    assert wording.memory(1280) == "1.25 GiB"
    assert wording.percent(0.05) == "5%"
    assert wording.percent(0.0042) == "0.42%"
    assert wording.percent(2) == "200%"


def test_counts_have_their_plural() -> None:
    assert wording.count(1, "round") == "1 round"
    assert wording.count(2000, "launch", "launches") == "2,000 launches"


def test_long_listings_are_cut_and_say_by_how_much() -> None:
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.listing(list("abcdefg"), most=3) == "a, b and 5 more"


def test_ranges_of_ratios_are_not_averaged() -> None:
    assert wording.span([1.93, 1.71]) == "1.71x to 1.93x"
    assert wording.span([1.93]) == "1.93x"


def test_direction_overrides_and_control_characters_lose_their_power() -> None:
    assert wording.visible("a\u202eb\x00c\n") == "a\ufffdb\ufffdc\n"
    assert wording.visible("שלום 🎉") == "שלום 🎉"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (3.94, 4.78, "3.94 to 4.78 ms"),
        (0.94, 1.2, "0.940 to 1.20 ms"),
        (3.94, None, "from 3.94 ms, no upper limit"),
        (3.94, math.nan, "from 3.94 ms, no upper limit"),
        (math.nan, math.nan, "no interval"),
        (None, None, "no interval"),
    ],
)
def test_an_interval_of_latencies_may_lack_its_upper_end(
    low: float | None, high: float | None, text: str
) -> None:
    assert wording.latency_interval(low, high) == text
