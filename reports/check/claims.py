"""What a set of results claims: the choices of its decision record, each a decided verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments import schema
from experiments.statistics.guard import Claim
from reports import control, sentences
from reports.answers import verdict_rows
from reports.load import Approach, Block, Results, ResultsError
from reports.races import Raced, raced

#: the mode that decisions are made in: a pool that lives on
MODE = "steady"
#: what makes an approach the same in another run: kind of interpreter, executor, options, workers
Way = tuple[str, str, str, int]


@dataclass(frozen=True)
class Choice:
    """One choice of a record: its block, what was chosen, its verdict and its speedup in words.

    `way` is what others know the pick by; `gains`: it is proven faster than the sequential program,
    by more than the margin.
    """

    block: Block
    pick: Approach
    way: Way
    verdict: str
    speedup: str
    gains: bool

    @property
    def place(self) -> tuple[str, str, int]:
        """What tells the same block in other results."""
        return place(self.block)


def choices(results: Results, tasks: Sequence[str], margin: float | None = None) -> list[Choice]:
    """The choices for these tasks. What is not decided, or can't be true, chooses nothing.

    `margin`: what differences don't matter now; that of the results unless given.
    """
    if control.view(results).outcome == "failed":
        return []
    rows = verdict_rows(results.table(schema.VERDICT_TABLE))
    judged = {one.block.name: one.judgements[MODE] for one in raced(results)}
    found = [
        (block, rows[block.name, MODE])
        for block in results.blocks
        if block.task in tasks and (block.name, MODE) in rows
    ]
    standing = [(block, row) for block, row in found if sentences.stands(row)]
    for block, row in standing:
        stale = sentences.stale(row, judged.get(block.name))
        if stale:
            raise ResultsError(f"block {block.name}: {stale}")
    return [_choice(results, block, row, margin) for block, row in standing]


def _choice(results: Results, block: Block, row: sentences.Row, margin: float | None) -> Choice:
    pick = next(one for one in block.approaches if one.label == row["approach"])
    low, least = row["speedup_low"], 1 + max(float(row["margin"]), margin or 0.0)
    return Choice(
        block=block,
        pick=pick,
        way=way(results, pick),
        verdict=str(row["verdict"]),
        speedup=sentences.gain(row),
        gains=row["verdict"] != "no-gain" and low is not None and float(low) > least,
    )


def claim(choice: Choice, results: Results, one: Raced) -> Claim:
    """The choice in the names of a block that was measured again."""
    names = {way(results, approach): approach.label for approach in one.block.approaches}
    baseline = one.fastest_baseline(MODE) if choice.gains else None
    return Claim(names.get(choice.way, choice.pick.label), baseline)


def place(block: Block) -> tuple[str, str, int]:
    """Task, parameters and cores: a block's name may differ between plans."""
    return (block.task, block.params, block.cores)


def way(results: Results, approach: Approach) -> Way:
    """See Way: a later patch of the same Python is the same."""
    python = results.pythons.get(approach.interpreter, approach.interpreter)
    return (python, approach.executor, approach.options, approach.workers)
