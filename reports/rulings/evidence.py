"""What claims are ruled on: the measured approaches of one interpreter, doubtful ones set apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from experiments.statistics.race import LEVEL
from experiments.statistics.records import Interval
from reports.load import Approach, Block
from reports.races import Raced

MODE = "steady"
#: the mark of a block that claims on times leave out
DISTURBED = "(disturbed)"
SEQUENTIAL = "sequential"


@dataclass(frozen=True)
class Workers:
    """The workers that a claim is about: their executor, and what the textbook calls them."""

    executor: str
    noun: str


@dataclass(frozen=True, eq=False)
class Cell:
    """One approach in one block, with all its launches and those that count, one a round.

    `baseline` is the sequential program of the same interpreter in this block ("": there is none),
    `doubt` the mark of what can't be true of it as measured, `disturbed` whether others kept its
    block's cores busy, `failed` whether a launch of it did.
    """

    one: Raced
    approach: Approach
    baseline: str
    launches: pd.DataFrame = field(repr=False)
    counted: pd.DataFrame = field(repr=False)
    doubt: str = ""
    disturbed: bool = False
    failed: bool = False

    @property
    def block(self) -> Block:
        """The block it ran in."""
        return self.one.block

    @property
    def name(self) -> str:
        """How claims.csv names it."""
        return f"{self.block.name}: {self.approach.label}"

    @property
    def place(self) -> str:
        """The work and the cores in words."""
        return f"{self.block.subject} on {self.block.place}"

    def gain(self, level: float = LEVEL) -> Interval | None:
        """How many times faster than its own interpreter's sequential program it is."""
        if not self.baseline:
            return None
        return self.one.ratio(MODE, self.baseline, self.approach.label, level)

    def faster_than(self, other: Cell, level: float = LEVEL) -> Interval | None:
        """How many times faster than another approach of the same block it is."""
        return self.one.ratio(MODE, other.approach.label, self.approach.label, level)


@dataclass(frozen=True)
class Picked:
    """The approaches that a claim looks at: those it may stand on, and those it leaves out."""

    sound: tuple[Cell, ...]
    #: what is left out by name (an approach, or a whole block), with the mark that says why
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Sequence[Cell], timed: bool = True) -> Picked:
        """Sort out the doubtful ones and, where times matter, those of disturbed blocks.

        Others' work is no noise that rounds average out: of cores that are shared a program gets
        the more the more workers it has, so that even threads under a GIL look faster.
        """
        left_out = {cell.name: cell.doubt for cell in cells if cell.doubt}
        disturbed = [cell for cell in cells if timed and cell.disturbed]
        left_out.update({cell.block.name: DISTURBED for cell in disturbed})
        out = {cell for cell in cells if cell.doubt} | set(disturbed)
        return cls(tuple(cell for cell in cells if cell not in out), left_out)

    @property
    def blocks(self) -> list[list[Cell]]:
        """The sound ones, block by block."""
        found: dict[str, list[Cell]] = {}
        for cell in self.sound:
            found.setdefault(cell.block.name, []).append(cell)
        return list(found.values())


@dataclass(frozen=True)
class Evidence:
    """Everything that claims about one interpreter may be ruled on.

    `cells` are those of the grid's blocks, `searched` those of the blocks that break-even searches
    added, `ceilings` the machine's own speedups of CPU work by core count, `overheads` the rows of
    overheads.csv on this interpreter, `overhead_blocks` where they come from and
    `overheads_disturbed` whether others kept the cores busy meanwhile, `breakeven` the
    rows of breakeven.csv that are on this interpreter alone, `runs` what runs.json says by block.
    """

    interpreter: str
    has_gil: bool
    margin: float
    cells: Sequence[Cell]
    searched: Sequence[Cell]
    ceilings: Mapping[int, Interval]
    overheads: pd.DataFrame
    overhead_blocks: tuple[str, ...]
    overheads_disturbed: bool
    breakeven: pd.DataFrame
    runs: Mapping[str, Mapping[str, Any]]

    def pick(
        self,
        executor: str | None = None,
        tasks: tuple[str, ...] = (),
        workers: int = 2,
        cores: int = 1,
        failed: bool = False,
        timed: bool = True,
    ) -> Picked:
        """Approaches of an executor (None: of all but the sequential program) in some tasks.

        With so many workers and cores at least; those that failed in a launch only if asked for.
        `timed`: the claim is one on times.
        """
        found = [
            cell
            for cell in self.cells
            if (cell.approach.executor == executor if executor
                else cell.approach.executor != SEQUENTIAL)
            and (not tasks or cell.block.task in tasks)
            and cell.approach.workers >= workers
            and cell.block.cores >= cores
            and (failed or not cell.failed)
        ]  # fmt: skip
        return Picked.of(found, timed)

    def baseline_of(self, cell: Cell) -> Cell | None:
        """The sequential program that a cell's gain is held against."""
        wanted = (cell.block.name, cell.baseline)
        return self._by_place.get(wanted)

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], Cell]:
        return {(cell.block.name, cell.approach.label): cell for cell in self.cells}

    def cores_add(self, cores: int) -> bool:
        """Whether independent processes on so many cores are proven to gain more than the margin.

        Where they don't, no way of running could, and nothing is learned of a GIL.
        """
        ceiling = self.ceilings.get(cores)
        return ceiling is not None and ceiling.low > 1 + self.margin
