"""The held-out task: fit the points up to a half or a quarter of the largest N, predict it."""

from __future__ import annotations

import math

from reports.bench.methods import METHODS, attempt
from reports.bench.published import MEASURED, Published
from reports.laws.scaling import FEWEST_POINTS

#: the share of the largest N that is fitted is 1 / reach
REACHES = (2, 4)


def print_heldout() -> None:
    """Print the errors of the log prediction, a curve a line, and their root mean square."""
    for reach in REACHES:
        print(f"\nFitted up to N = K/{reach}, predicted at K: log(predicted / measured)")
        _print_line("curve", "points", list(METHODS))
        errors = {name: list[float | str]() for name in METHODS}
        for curve in MEASURED:
            _one(curve, reach, errors)
        _print_line("RMS", "", [_rms(found) for found in errors.values()])
    print("\n" + "\n".join(f"{curve.name}: {curve.source}" for curve in MEASURED))


def _one(curve: Published, reach: int, errors: dict[str, list[float | str]]) -> None:
    largest = float(curve.workers[-1])
    points = curve.up_to(largest / reach)
    if len(points) < FEWEST_POINTS:
        return
    for name, method in METHODS.items():
        errors[name].append(attempt(method, points, largest, curve))
    _print_line(curve.name, str(len(points)), [_cell(found[-1]) for found in errors.values()])


def _rms(found: list[float | str]) -> str:
    """Only of those with a number everywhere: a method must not win by failing."""
    numbers = [error for error in found if isinstance(error, float)]
    if len(numbers) < len(found):
        return "-"
    return f"{math.sqrt(sum(error**2 for error in numbers) / len(numbers)):.3f}"


def _cell(error: float | str) -> str:
    return f"{error:+.3f}" if isinstance(error, float) else error


def _print_line(first: str, second: str, cells: list[str]) -> None:
    print(f"{first:14} {second:>6}" + "".join(f" {cell:>14}" for cell in cells))
