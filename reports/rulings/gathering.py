"""From a results folder to the evidence of each interpreter in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from experiments import schema
from experiments.statistics.launches import counting_launches
from reports import plausibility
from reports.interpreters import measured
from reports.load import Results
from reports.losses import ceiling_intervals
from reports.plausibility import Limits, Speed
from reports.races import Raced, race_settings, raced, raced_searches
from reports.rulings.evidence import MODE, SEQUENTIAL, Cell, Evidence
from reports.summarise import median

#: as the run itself, which warns of a block with a larger share of disturbed launches
DISTURBED_SHARE = 0.25
#: what is said of such approaches where they are left out
GIL_CAME_ON = "its GIL was switched on"


def gather(results: Results) -> Iterator[Evidence]:
    """The evidence of every interpreter in the plan, in its order; of a bare "" without any."""
    races = list(raced(results))
    added = {block.name for block in results.searched}
    searches = [one for one in raced_searches(results) if one.block.name in added]
    overheads, breakeven = (results.table(one) for one in (schema.OVERHEADS, schema.BREAKEVEN))
    ceilings, margin = ceiling_intervals(results), race_settings(results).margin
    upper = plausibility.ceilings(results.table(schema.CEILING))
    interpreters = measured([*results.blocks, *results.overheads]) or [""]
    free = _without_gil(results)
    bare = tuple(block.name for block in results.overheads)
    launches = results.table(schema.LAUNCHES)
    kept_busy = disturbed(launches[launches["block"].isin(bare)])
    alone = len(interpreters) == 1
    for interpreter in interpreters:
        yield Evidence(
            interpreter=interpreter,
            has_gil=interpreter not in free,
            margin=margin,
            cells=[cell for one in races for cell in _cells(one, interpreter, margin, upper)],
            searched=[c for one in searches for c in _cells(one, interpreter, margin, upper)],
            ceilings=ceilings,
            overheads=overheads[overheads["interpreter"] == interpreter],
            overhead_blocks=bare,
            overheads_disturbed=kept_busy,
            # a change of the recommendation does not say which interpreter's approaches made it
            breakeven=breakeven if alone else breakeven.iloc[:0],
            runs=results.runs,
        )


def _without_gil(results: Results) -> set[str]:
    """Interpreters without a GIL; one that machine.json doesn't tell of is taken to have it."""
    return {
        str(one.get("interpreter"))
        for one in results.machine.get("interpreters") or []
        if one.get("gil") is False
    }


def _cells(one: Raced, interpreter: str, margin: float, ceilings: dict[int, float]) -> list[Cell]:
    """The approaches of a block that were launched, each with its mark of doubt."""
    groups = dict(tuple(one.launches.groupby("approach", sort=False)))
    # claims are about one machine: what runs over several nodes neither supports nor refutes them
    own = [
        a for a in one.block.approaches
        if a.interpreter == interpreter and a.label in groups and a.nodes == 1
    ]  # fmt: skip
    rows = counting_launches(one.launches, "approach")
    counted = dict(tuple(rows.groupby("_key", sort=False)))
    baseline = _baseline(one, [a.label for a in own if a.executor == SEQUENTIAL])
    found = [
        Cell(one, approach, baseline, launches, counted.get(approach.label, launches.iloc[:0]),
             disturbed=disturbed(rows), failed=bool((launches["status"] != "ok").any()))
        for approach in own for launches in [groups[approach.label]]
    ]  # fmt: skip
    return _marked(found, Limits(one.block.cores, _cpu_bound(found), margin, ceilings))


def disturbed(launches: pd.DataFrame) -> bool:
    """Whether others kept the cores busy in so many launches that their times say little."""
    known = launches["disturbed"].astype("boolean").fillna(False)
    return len(known) > 0 and float(known.mean()) > DISTURBED_SHARE


def _baseline(one: Raced, labels: Sequence[str]) -> str:
    """The fastest of them; nothing where none gave a time."""
    times = {label: one.seconds(MODE, label) for label in labels}
    known = {label: found.estimate for label, found in times.items() if found is not None}
    return min(known, key=known.__getitem__, default="")


def _cpu_bound(cells: Sequence[Cell]) -> bool:
    """Whether the sequential program hardly waits: only then are the cores its limit."""
    kind = cells[0].block.kind if cells else ""
    base = [cell.launches for cell in cells if cell.approach.label == cell.baseline]
    launches = pd.concat(base) if base else None
    if launches is None:
        return plausibility.cpu_bound(kind, None)
    cpu = launches["cpu_user_seconds"] + launches["cpu_system_seconds"]
    return plausibility.cpu_bound(kind, median(cpu / launches["profile_seconds"]))


def _marked(cells: Sequence[Cell], limits: Limits) -> list[Cell]:
    """Each with what can't be true of its own gain, and of a baseline that all gains stand on.

    Verdicts are flagged for what they recommend alone; here any approach may carry a ruling.
    """
    speeds = {
        cell: Speed(
            cell.approach.label,
            cell.approach.workers,
            gain,
            alike=cell.block.alike(cell.approach),
        )
        for cell in cells
        if cell.approach.executor != SEQUENTIAL and not cell.failed and (gain := cell.gain())
    }
    alone = [speed for speed in speeds.values() if speed.workers == 1]
    return [
        replace(cell, doubt=_gil_came_on(cell) or plausibility.mark(
            plausibility.causes(plausibility.flags(speeds.get(cell), alone, limits))))
        for cell in cells
    ]  # fmt: skip


def _gil_came_on(cell: Cell) -> str:
    """The mark of a free-threaded build whose GIL an import switched on: it is neither kind."""
    start, end = (cell.launches[name].astype("boolean") for name in ("gil_at_start", "gil_at_end"))
    return GIL_CAME_ON if bool(((start == False) & end).fillna(False).any()) else ""  # noqa: E712
