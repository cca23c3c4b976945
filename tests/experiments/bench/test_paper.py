from __future__ import annotations

import pytest

from experiments.bench.paper import Size, bounds_line, extended, on_paper, slope, slope_lines
from experiments.bench.peak import Taken


def size(cells: int, seconds: float = 10, mib: float = 100) -> Size:
    """A grid of ten cells a block, twenty seconds and two hundred bytes each."""
    taken = {"one step": Taken(seconds, mib), "another": Taken(seconds / 2, mib / 2)}
    return Size(cells, cells // 10, cells / 5000, 2 * cells, 2.0 * cells, taken)


@pytest.mark.parametrize(("growth", "exponent"), [(1, 0), (10, 1), (100, 2)])
def test_the_slope_is_the_exponent(growth: float, exponent: float) -> None:
    assert slope(size(1000), size(10_000), 3, 3 * growth) == pytest.approx(exponent)


def test_what_costs_something_before_the_first_cell_goes_on_as_a_line() -> None:
    # 2 s and a millisecond a cell
    found = extended(size(1000), size(10_000), 3, 12, 1_000_000)

    assert found == pytest.approx(1002)


def test_what_bends_upwards_goes_on_as_a_power() -> None:
    found = extended(size(1000), size(10_000), 1, 100, 1_000_000)

    assert found == pytest.approx(1_000_000)


def test_the_slopes_are_those_between_the_two_largest() -> None:
    _, one, another = slope_lines([size(100, 9, 90), size(1000, 1, 10), size(10_000, 10, 10)])

    assert one.split() == ["one", "step", "seconds", "1.00", "memory", "0.00"]
    assert "seconds  1.00" in another


@pytest.mark.parametrize(
    ("seconds", "mib", "word"), [(60, 2048, "kept"), (61, 10, "broken"), (1, 2049, "broken")]
)
def test_the_bounds_are_those_of_ten_thousand_cells(seconds: float, mib: float, word: str) -> None:
    (line,) = bounds_line([size(1000, 99, 9999), size(10_100, seconds, mib)])

    assert line.startswith("10,100 cells took ")
    assert line.endswith(f": {word}")
    assert not list(bounds_line([size(9999)]))


def test_a_million_cells_on_paper() -> None:
    first, *lines = on_paper([size(1000, 3, 100), size(10_000, 12, 190)])

    assert first == "1,000,000 cells on paper (estimates; nobody has run this)"
    assert [" ".join(line.split()) for line in lines] == [
        "one step 17 min, 9.9 GiB",
        "another 8 min, 4.9 GiB",
        "plan.json 200 MiB, 100,000 blocks",
        "measuring at least 2,000,000 launches, 23 days on one node",
        "on a cluster 100,000 jobs of a block each, 6 nodes for a week (15 s a job on top)",
    ]


def test_one_grid_tells_no_growth() -> None:
    assert not [*slope_lines([size(1000)]), *on_paper([size(1000)])]
