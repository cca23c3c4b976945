from __future__ import annotations

import pytest

from experiments.launch.own_cost import Calls, Cost


def calls(fresh: list[float], again: list[float]) -> Calls:
    """Calls that took so many seconds, a tenth of it of the CPU."""
    return Calls(*([Cost(s, s / 10, s) for s in part] for part in (fresh, again)))


@pytest.mark.parametrize(
    ("fresh", "again", "seconds"),
    [
        ([30.0], [], 30.0),
        ([3.0, 2.0], [], 2.0),
        ([1.7, 0.001], [0.001, 0.001], 0.001),
        ([1.7], [0.001], 0.001),
        ([0.5, 0.1], [0.5, 0.1], 0.3),
        ([0.6, 0.4, 0.4], [0.4], 0.4),
        ([0.01, 0.01, 0.01], [1e-6, 1e-6, 1e-6], 0.01),
    ],
)
def test_an_item_costs_what_it_does_the_last_time_unless_that_is_remembered(
    fresh: list[float], again: list[float], seconds: float
) -> None:
    assert calls(fresh, again).usual().seconds == pytest.approx(seconds)
    assert calls(fresh, again).usual().cpu == pytest.approx(seconds / 10)


@pytest.mark.parametrize(
    ("fresh", "again", "begin"),
    [
        ([30.0], [], []),
        ([1.7, 0.001], [0.001, 0.001], ["its first call took 1.7 s, 1,700 times as long as later"]),
        ([6.0, 1.0], [], ["its first call took 6 s, 6 times as long as later"]),
        ([0.5, 0.01], [0.5, 0.01], []),
        ([0.001, 1e-6], [1e-6, 1e-6], []),
        ([0.01, 0.01, 0.01], [1e-6, 1e-6, 1e-6], ["it remembers answers"]),
        ([1.0, 0.01], [1e-6, 1e-6], ["its first call took 1 s, 100 times", "it remembers"]),
        ([0.01, 0.01, 0.01], [0.005, 0.005, 0.005], []),
    ],
)
def test_times_that_could_surprise_are_told(
    fresh: list[float], again: list[float], begin: list[str]
) -> None:
    notes = list(calls(fresh, again).notes())

    assert len(notes) == len(begin)
    assert all(note.startswith(start) for note, start in zip(notes, begin, strict=True))
