"""The claim that the choice depends on the shares of CPU and I/O: task mixed over its cpu_share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import wording
from reports.load import options_text, records
from reports.rulings.evidence import Cell, Evidence, Picked
from reports.rulings.outcome import Ruling, gain_of, joint_level, listed, names, ratio, undecided

TASK, PARAMETER = "mixed", "cpu_share"
#: one choice that serves from mostly waiting (shares up to the first) to mostly computing (from the
#: second on) serves all; over a narrower range it says nothing of the claim
LOW_SHARE, HIGH_SHARE = 0.25, 0.75


@dataclass(frozen=True)
class Place:
    """One measured share: a block, its approaches by executor, and the level they are judged at.

    The level allows for all approaches of the block, and for the core counts judged beside it.
    """

    share: float
    executors: Mapping[str, Sequence[Cell]]
    margin: float
    level: float

    @property
    def rounds(self) -> int:
        """Rounds of the block."""
        return max(len(cell.one.rounds) for cells in self.executors.values() for cell in cells)

    @property
    def fastest(self) -> str:
        """The executor that looks fastest."""
        gain = gain_of([cell for cells in self.executors.values() for cell in cells], self.margin)
        return gain.best.approach.executor

    def best(self, executor: str) -> Cell:
        """The approach of an executor that looks fastest."""
        return gain_of(self.executors[executor], self.margin).best

    def ahead(self, one: str, other: str, least: float) -> bool:
        """Whether the best of one executor is proven so many times as fast as all of another."""
        best = self.best(one)
        found = [best.faster_than(cell, self.level) for cell in self.executors[other]]
        return all(interval is not None and interval.low > least for interval in found)

    def told(self, one: str, other: str) -> str:
        """At a CPU share of 0, asyncio x64 is 3.58x (3.20 to 4.01x) as fast as processes x16."""
        best, rival = self.best(one), self.best(other)
        return (
            f"At a CPU share of {wording.number(self.share)}, {best.approach.label} is "
            f"{ratio(best.faster_than(rival, self.level))} as fast as {rival.approach.label}."
        )


def choice_depends_on_shares(evidence: Evidence) -> Ruling:
    """At the lowest and the highest share measured, two executors must beat each other in turn.

    The blocks of break-even searches count too. To beat is to be proven faster by more than the
    margin than every approach of the other, at a level that allows for all approaches there (and,
    where there are several core counts, for those). Refuted where one executor is proven, at the
    same level, within the margin of all others at every share, from 0.25 or less to 0.75 or more.
    """
    cells = [c for c in (*evidence.cells, *evidence.searched) if c.block.task == TASK]
    picked = Picked.of([cell for cell in cells if not cell.failed])
    groups = _groups(picked, evidence.margin)
    if not groups:
        return undecided("task mixed at two cpu_share or more", picked)
    ends = [(_at(group, group[0].share), _at(group, group[-1].share)) for group in groups]
    told = f"{' '.join(_told(*pair) for pair in ends)}{_changes(evidence)}"
    used = names(place.best(place.fastest) for pair in ends for place in pair)
    least = 1 + evidence.margin
    if any(_exchanged(*pair, least) for pair in ends):
        return Ruling("supported", told, used).leaving_out(picked)
    same = [_serves_all(group, 1 / least) for group in groups]
    if all(same):
        told += f" At every share {listed(sorted(set(same)))} keeps up with all others."
        return Ruling("contradicted", told, used).leaving_out(picked)
    return Ruling("undecided", told, used).leaving_out(picked)


def _groups(picked: Picked, margin: float) -> list[list[Place]]:
    """Blocks that differ in their share alone, by share; only where there are two shares."""
    groups: dict[tuple[int, str], list[tuple[float, list[Cell]]]] = {}
    for cells in picked.blocks:
        params = json.loads(cells[0].block.params)
        share = params.pop(PARAMETER, None)
        if wording.known(share):
            key = (cells[0].block.cores, options_text(params))
            groups.setdefault(key, []).append((float(share), cells))
    ranged = [group for group in groups.values() if len({share for share, _ in group}) > 1]
    made = [[_place(*one, margin, len(ranged)) for one in group] for group in ranged]
    return [sorted(group, key=lambda one: one.share) for group in made]


def _place(share: float, cells: Sequence[Cell], margin: float, groups: int) -> Place:
    executors: dict[str, list[Cell]] = {}
    for cell in cells:
        executors.setdefault(cell.approach.executor, []).append(cell)
    return Place(share, executors, margin, joint_level(len(cells) * groups))


def _at(group: Sequence[Place], share: float) -> Place:
    """Of several blocks with the same share the one with most rounds tells it."""
    return max((one for one in group if one.share == share), key=lambda one: one.rounds)


def _exchanged(low: Place, high: Place, least: float) -> bool:
    """Whether the fastest executor at each end is beaten by the other's at the other end."""
    one, other = low.fastest, high.fastest
    if one == other or other not in low.executors or one not in high.executors:
        return False
    return low.ahead(one, other, least) and high.ahead(other, one, least)


def _told(low: Place, high: Place) -> str:
    one, other = low.fastest, high.fastest
    if one == other:
        shares = f"{wording.number(low.share)} and of {wording.number(high.share)}"
        return f"At a CPU share of {shares}, {one} looks fastest."
    parts = [low.told(one, other)] if other in low.executors else []
    parts += [high.told(other, one)] if one in high.executors else []
    return " ".join(parts)


def _serves_all(group: Sequence[Place], least: float) -> str:
    """The executor that is proven to keep up with all others at every share, if there is one."""
    if group[0].share > LOW_SHARE or group[-1].share < HIGH_SHARE:
        return ""
    return next(
        (
            one
            for one in group[0].executors
            if all(one in place.executors and _keeps_up(place, one, least) for place in group)
        ),
        "",
    )


def _keeps_up(place: Place, one: str, least: float) -> bool:
    return all(place.ahead(one, other, least) for other in place.executors if other != one)


def _changes(evidence: Evidence) -> str:
    """What break-even searches say of the recommendation along the share, in their words."""
    said = [
        str(row["sentence"])
        for row in records(evidence.breakeven)
        if (row["kind"], row["parameter"], row["task"]) == ("parameter", PARAMETER, TASK)
        and row["below"]
        and row["above"]
    ]
    return "".join(f" Break-even search: {one}" for one in said)
