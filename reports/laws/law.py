"""What every law offers: fitted to many versions of one curve, predicted at any N."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from reports.laws.points import Floats, Points


@dataclass(frozen=True)
class Fitted:
    """One law fitted to B versions of a curve.

    `chi2` (B,), `log_seconds` (B, m) at the m values of N asked for, `values` (B,) by name.
    """

    chi2: Floats
    log_seconds: Floats
    values: Mapping[str, Floats]


class Law(Protocol):
    """A speedup law with what it knows beforehand; `parameters` is p of AIC = chi^2 + 2p."""

    @property
    def name(self) -> str:
        """As the report calls it."""

    @property
    def parameters(self) -> float:
        """Its number of free parameters, a penalised one counting less than 1."""

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n) of seconds at the points' N, predict at `at` (m,)."""
