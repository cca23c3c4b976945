"""Ways to predict a throughput from the points below it: ours, and what others do."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from reports.bench.published import Published
from reports.laws.cpu import Amdahl, Cores
from reports.laws.points import Floats, Points
from reports.laws.scaling import scaling

#: points below, N to predict, the curve: predicted throughput, or None for a refusal
Method = Callable[[Points, float, Published], float | None]


def poolwise(points: Points, at: float, curve: Published) -> float | None:
    """The laws' average, as fits.csv has it."""
    found = scaling(points, curve.work, Cores(curve.cores), seed=1).average
    return None if found is None else float(np.exp(-np.interp(at, found.at, found.log_seconds)))


def amdahl(points: Points, at: float, curve: Published) -> float | None:
    """Amdahl's law alone, the core count unknown."""
    fitted = Amdahl(Cores()).fit(points, points.logs[None, :], np.array([at]))
    return float(np.exp(-fitted.log_seconds[0, 0]))


def scipy_usl(points: Points, at: float, curve: Published) -> float | None:
    """USL by scipy.optimize.curve_fit: raw throughput, coefficients at least 0."""

    def usl(n: Floats, gamma: float, alpha: float, beta: float) -> Floats:
        return np.asarray(gamma * n / (1 + alpha * (n - 1) + beta * n * (n - 1)))

    rate = 1 / points.seconds
    start = [float(rate[0] / points.workers[0]), 0.01, 1e-4]
    found, _ = curve_fit(usl, points.workers, rate, p0=start, bounds=(0, np.inf))
    return float(usl(np.array([at]), *found)[0])


def pyusl(points: Points, at: float, curve: Published) -> float | None:
    """The package pyusl, as its README calls it."""
    model = importlib.import_module("pyusl").usl()
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(points.workers, 1 / points.seconds, requires_plot=False)
    return float(model.compute([at])[0])


def extra_p(points: Points, at: float, curve: Published) -> float | None:
    """The package extrap (Extra-P), its basic modeler on the throughput."""

    def part(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"extrap.{module}"), name)

    path = part("entities.callpath", "Callpath")("work")
    metric = part("entities.metric", "Metric")("throughput")
    coordinate = part("entities.coordinate", "Coordinate")
    measurement = part("entities.measurement", "Measurement")
    measured = [
        measurement(coordinate(float(n)), path, metric, [float(1 / y)])
        for n, y in zip(points.workers, points.seconds, strict=True)
    ]
    modeler = part("modelers.single_parameter.basic", "SingleParameterModeler")()
    return float(modeler.create_model(measured).hypothesis.function.evaluate(at))


METHODS: dict[str, Method] = {
    "Poolwise": poolwise,
    "Amdahl": amdahl,
    "scipy USL": scipy_usl,
    "pyusl": pyusl,
    "Extra-P": extra_p,
}


def attempt(method: Method, points: Points, at: float, curve: Published) -> float | str:
    """The error of the log prediction, or in a word why there is none."""
    actual = float(np.interp(at, curve.workers, curve.throughput))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the others' code
            found = method(points, at, curve)
    except ImportError:
        return "not installed"
    except Exception as error:  # whatever the others' code raises is their result here
        return type(error).__name__
    if found is None or not found > 0:
        return "refused" if found is None else "negative"
    return float(np.log(found / actual))
