"""Published answers, to the digits they were printed with (usl, usl4j: see published.py)."""

from __future__ import annotations

import numpy as np
import pytest

from reports.bench.published import CISCO, RAYTRACER, SELF_TEST, SPEC, Published
from reports.laws.textbook import fit_normalised, fit_textbook


def points(curve: Published, first: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    return curve.workers[:first], curve.throughput[:first]


def test_spec_sdm91_with_gamma_free() -> None:
    fitted = fit_textbook(*points(SPEC))
    assert fitted.alpha == pytest.approx(0.0277285, rel=1e-4)
    assert fitted.alpha_error == pytest.approx(0.0091217, rel=1e-4)
    assert round(fitted.beta, 7) == 0.0001044
    assert fitted.gamma == pytest.approx(89.9952, rel=1e-4)
    assert round(fitted.peak, 2) == 96.52
    assert round(float(fitted.throughput(np.array([fitted.peak]))[0])) == 1884


def test_spec_sdm91_normalised_at_one() -> None:
    fitted = fit_normalised(*points(SPEC))
    assert round(fitted.alpha, 5) == 0.01705
    assert round(fitted.beta, 8) == 7.892e-5


def test_the_first_six_rows_of_raytracer() -> None:
    fitted = fit_textbook(*points(RAYTRACER, 6))
    assert (round(fitted.alpha, 5), round(fitted.beta, 5)) == (0.02444, 0.00163)
    assert fitted.gamma == pytest.approx(20.85605, rel=1e-6)


def test_all_rows_of_raytracer_have_their_coherency_at_its_bound() -> None:
    fitted = fit_textbook(*points(RAYTRACER))
    assert fitted.beta == pytest.approx(0, abs=1e-12)
    normalised = fit_normalised(*points(RAYTRACER))
    assert round(normalised.alpha, 8) == 0.05002394
    assert round(normalised.beta, 8) == 4.71e-6


def test_cisco() -> None:
    fitted = fit_textbook(*points(CISCO))
    assert fitted.alpha == pytest.approx(0.02671591, rel=1e-4)
    assert fitted.beta == pytest.approx(7.690945e-4, rel=1e-4)
    assert fitted.gamma == pytest.approx(995.6486, rel=1e-4)


def test_the_self_test_of_usl() -> None:
    fitted = fit_textbook(*points(SELF_TEST))
    assert round(fitted.alpha, 2) == round(fitted.beta, 2) == 0.02
    assert fitted.gamma == pytest.approx(1, rel=1e-4)
