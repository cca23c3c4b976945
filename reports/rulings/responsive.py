"""The claim that threads keep a program responsive, from the heartbeat of its main thread."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reports import wording
from reports.rulings.evidence import Cell, Evidence
from reports.rulings.outcome import NOT_MEASURED, Outcome, Ruling, everywhere, mostly, undecided

#: lateness that people notice in a window is about 100 ms; half of it leaves room for the rest
RESPONSIVE_MS = 50.0
COLUMN = "heartbeat_p99_ms"


def threads_keep_responsive(evidence: Evidence) -> Ruling:
    """With threads, 99% of the main thread's beats must be at most 50 ms late in most launches.

    Only blocks count in which the sequential program is later than that in every launch, two at
    least: where a batch is short, there is nothing to keep responsive. Every number of threads has
    to keep it in a block: one number whose launches are mostly late refutes it there.
    """
    picked = evidence.pick("threads", workers=1)
    if not picked.sound:
        return undecided("the heartbeat of threads and of sequential", picked)
    blocks = [cells for cells in picked.blocks if _freezes(evidence, cells)]
    if not blocks:
        told = (
            f"{NOT_MEASURED}: needs a block in which the sequential program freezes its main "
            f"thread for more than {wording.milliseconds(RESPONSIVE_MS)} in every launch."
        )
        return Ruling("undecided", told).leaving_out(picked)
    outcomes = [_kept(cells) for cells in blocks]
    told = _told(evidence, blocks, outcomes)
    used = tuple(cells[0].block.name for cells in blocks)
    return Ruling(everywhere(outcomes), told, used).leaving_out(picked)


def _freezes(evidence: Evidence, cells: Sequence[Cell]) -> bool:
    baseline = evidence.baseline_of(cells[0])
    late = _lateness(baseline) if baseline is not None and not baseline.doubt else pd.Series()
    return len(late) > 1 and bool((late > RESPONSIVE_MS).all())


def _lateness(cell: Cell) -> pd.Series:
    return cell.counted[COLUMN].dropna()


def _kept(cells: Sequence[Cell]) -> Outcome:
    """Whether most launches of a block are served in time, and no number of threads mostly late."""
    late = [_lateness(cell) > RESPONSIVE_MS for cell in cells]
    if any(mostly(int(one.sum()), len(one)) for one in late):
        return False
    together = pd.concat(late)
    never_late = all(one.mean() <= 0.5 for one in late if len(one))
    return True if never_late and mostly(int((~together).sum()), len(together)) else None


def _told(evidence: Evidence, blocks: Sequence[Sequence[Cell]], outcomes: Sequence[Outcome]) -> str:
    cells = [cell for block in blocks for cell in block]
    medians = {cell: _lateness(cell).median() for cell in cells if len(_lateness(cell))}
    worst = max(medians, key=medians.__getitem__)
    alone = [_lateness(base) for block in blocks if (base := evidence.baseline_of(block[0]))]
    kept, lost = (sum(one is wanted for one in outcomes) for wanted in (True, False))
    limit = wording.milliseconds(RESPONSIVE_MS)
    return (
        f"With threads 99% of the main thread's beats are at most {limit} late in {kept} of "
        f"{wording.count(len(blocks), 'block')}, proven later in {lost}; the median launch of the "
        f"latest, {worst.approach.label} on {worst.place}, is "
        f"{wording.milliseconds(medians[worst])} late, that of the sequential program up to "
        f"{wording.milliseconds(max(one.median() for one in alone))}."
    )
