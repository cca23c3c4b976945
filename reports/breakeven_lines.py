"""What the figure of a break-even search shows: who is how fast at each value."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports.breakeven import Found, families
from reports.races import Raced


def lines(found: Found) -> pd.DataFrame:
    """Seconds against the fastest at each value: columns value, family, ratio, low, high.

    Each family stands for its fastest approach there; 1 is the fastest of all. The interval is the
    paired one against that fastest approach.
    """
    rows: list[dict[str, Any]] = []
    for point, one in zip(found.points, found.blocks, strict=True):
        rows += [{"value": point.value, **row} for row in _at(one)]
    return pd.DataFrame(rows, columns=["value", "family", "ratio", "low", "high"])


def _at(one: Raced) -> list[dict[str, Any]]:
    best = _fastest(one)
    if not best:
        return []
    leader = min(best.values(), key=lambda found: found[1])[0]
    made = []
    for family, (label, _) in best.items():
        ratio = one.race.ratio("steady", label, leader)
        if ratio is not None:
            ends = {"low": ratio.low, "high": ratio.high}
            made.append({"family": family, "ratio": ratio.estimate, **ends})
    return made


def _fastest(one: Raced) -> dict[str, tuple[str, float]]:
    """Label and value of each family's fastest approach."""
    best: dict[str, tuple[str, float]] = {}
    for label, family in families(one.block).items():
        value = one.objective("steady", label)
        if value is not None and (family not in best or value.estimate < best[family][1]):
            best[family] = (label, value.estimate)
    return best
