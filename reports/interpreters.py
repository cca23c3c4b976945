"""Make interpreters.csv: what a move from one interpreter to another gains or costs in each block.

Each interpreter is taken at its best, which is one of several approaches, chosen because it looked
fastest; so the interval is one of the true bests' ratio, whichever they are, not of the two named.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from experiments import schema
from experiments.statistics.race import LEVEL
from experiments.statistics.records import Interval
from reports import command, wording
from reports.load import Approach, Block, Results
from reports.races import Raced, race_settings, raced
from reports.summarise import where

#: approaches of which the one that gives the tightest bound is taken; it is nearly always the first
TRIED = 3
RULINGS = ("faster", "slower", "same", "undecided")


@dataclass(frozen=True)
class Side:
    """One interpreter in a block and mode: its approaches that ran, the fastest first."""

    interpreter: str
    labels: tuple[str, ...]
    sequential: tuple[str, ...]

    @classmethod
    def of(cls, one: Raced, mode: str, interpreter: str) -> Side:
        """By the speedup, which is paired by round; by seconds where there is none. On one node:
        the others of config key `pythons` aren't measured on more."""  # fmt: skip
        own = [a for a in one.able(mode) if a.interpreter == interpreter and a.nodes == 1]
        ordered = sorted(own, key=lambda approach: _slowness(one, mode, approach))
        alone = (approach.label for approach in ordered if approach.executor == "sequential")
        return cls(interpreter, tuple(a.label for a in ordered), tuple(alone))

    @property
    def pools(self) -> tuple[str, ...]:
        """All but the sequential ones."""
        return tuple(label for label in self.labels if label not in self.sequential)


def _slowness(one: Raced, mode: str, approach: Approach) -> tuple[bool, float]:
    speedup, seconds = one.speedup(mode, approach.label), one.seconds(mode, approach.label)
    if speedup is not None:
        return False, 1 / speedup.estimate
    return True, seconds.estimate if seconds else float("inf")


def best_ratio(
    one: Raced, mode: str, ours: Sequence[str], theirs: Sequence[str]
) -> Interval | None:
    """Seconds of the fastest of `theirs` / of the fastest of `ours`, with a 95% interval.

    G = max over i of min over j of T_j / T_i. For whatever i of ours, G is at least T_j / T_i of
    the true best j of theirs, so at least the smallest lower bound over j; the largest of these
    over i holds if the bounds of that one j hold for all of ours: each spends alpha / 2 / |ours|.
    The upper bound likewise, with alpha / 2 / |theirs|. Nothing is paid for choosing, as no bound
    is of a chosen pair. Of the side whose bounds may be chosen among, the first few are tried: more
    would make it tighter, never wrong. Both sides stand with the fastest first, whose ratio is the
    estimate. None where a pair shares fewer than two rounds.
    """
    if not ours or not theirs:
        return None
    lows = _table(one, mode, ours[:TRIED], theirs, 1 - (1 - LEVEL) / len(ours))
    highs = _table(one, mode, ours, theirs[:TRIED], 1 - (1 - LEVEL) / len(theirs))
    if lows is None or highs is None:
        return None
    estimate = lows[0][0].estimate
    low = max(min(cell.low for cell in row) for row in lows)
    places = range(len(highs[0]))
    high = min(max(row[place].high for row in highs) for place in places)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def _table(
    one: Raced, mode: str, ours: Sequence[str], theirs: Sequence[str], level: float
) -> list[list[Interval]] | None:
    """T_j / T_i of each i of ours (a row) and j of theirs."""
    rows = [[one.ratio(mode, j, i, level) for j in theirs] for i in ours]
    known = [[cell for cell in row if cell is not None] for row in rows]
    return known if all(len(row) == len(theirs) for row in known) else None


def interpreters(results: Results) -> list[dict[str, Any]]:
    """Rows of interpreters.csv, in the plan's order; none where there is one interpreter."""
    if len(measured(results.blocks)) < 2:
        return []  # and no race has to be run for that
    margin = race_settings(results).margin
    order = measured(results.blocks)
    return [
        {"machine": results.name, **where(one.block), "mode": mode, **row}
        for one in raced(results)
        for mode in one.judgements
        for row in _rows(one, mode, order, margin)
    ]


def measured(blocks: Sequence[Block]) -> list[str]:
    """Labels of the interpreters that compete, in the order of config key `pythons`."""
    return list(dict.fromkeys(a.interpreter for block in blocks for a in block.approaches))


def _rows(one: Raced, mode: str, order: Sequence[str], margin: float) -> Iterator[dict[str, Any]]:
    sides = [Side.of(one, mode, name) for name in order]
    for other, ours in itertools.combinations(sides, 2):
        yield _row(one, mode, ours, other, margin)


def _row(one: Raced, mode: str, ours: Side, other: Side, margin: float) -> dict[str, Any]:
    ratio = best_ratio(one, mode, ours.labels, other.labels)
    ruling = ruled(ratio, margin) if ratio else ""
    return {
        "interpreter": ours.interpreter,
        **_best("", one, mode, ours),
        "other": other.interpreter,
        **_best("other_", one, mode, other),
        **_columns("ratio", ratio),
        **_columns("sequential_ratio", best_ratio(one, mode, ours.sequential, other.sequential)),
        **_columns("own_gain", _own_gain(one, mode, ours)),
        "ruling": ruling,
        "margin": margin,
        "reason": "" if ratio else _why_none(one.block, ours, other),
        "sentence": sentence(ours, other, ratio, ruling, margin) if ratio else "",
    }


def _best(prefix: str, one: Raced, mode: str, side: Side) -> dict[str, Any]:
    if not side.labels:
        return {f"{prefix}approach": ""}
    seconds = one.seconds(mode, side.labels[0])
    found = {f"{prefix}approach": side.labels[0], f"{prefix}seconds": seconds and seconds.estimate}
    return found


def _own_gain(one: Raced, mode: str, side: Side) -> Interval | None:
    """Against its own sequential program, which is its own measure where nothing is faster."""
    if side.labels and side.labels[0] in side.sequential:
        return Interval(1.0, 1.0, 1.0)
    return best_ratio(one, mode, side.pools, side.sequential)


def _columns(name: str, ratio: Interval | None) -> dict[str, float | None]:
    if ratio is None:
        return {}
    return {name: ratio.estimate, f"{name}_low": ratio.low, f"{name}_high": ratio.high}


def ruled(ratio: Interval, margin: float) -> str:
    """What the whole interval says by the margin."""
    least, most = 1 / (1 + margin), 1 + margin
    if ratio.low > most:
        return "faster"
    if ratio.high < least:
        return "slower"
    return "same" if least <= ratio.low and ratio.high <= most else "undecided"


def _why_none(block: Block, ours: Side, other: Side) -> str:
    silent = [side.interpreter for side in (ours, other) if not side.labels]
    if not silent:
        return "some of their approaches ran in fewer than two common rounds"
    why = next((o.reason for o in block.not_run if silent[0] in o.reason), "")
    return why or f"nothing that ran on {silent[0]} gave a time"


def sentence(ours: Side, other: Side, ratio: Interval, ruling: str, margin: float) -> str:
    """The move in words: what it gains or costs, and from what to what."""
    move = f"moving from {other.interpreter} to {ours.interpreter}"
    pair = f"{ours.labels[0]} rather than {other.labels[0]}"
    if ruling == "same":
        return f"{move} changes nothing by more than {wording.percent(margin)} ({pair})"
    if ratio.estimate >= 1:
        interval = wording.times_interval(ratio.low, ratio.high)
        said = f"gives {wording.times(ratio.estimate)} ({interval}; {pair})"
    else:
        said = f"costs {cost(ratio.estimate)} ({cost(ratio.high)} to {cost(ratio.low)}; {pair})"
    return f"{move} {said}" + ("" if ruling != "undecided" else ", which is not decided")


def cost(ratio: float) -> str:
    """Time that is added, as a share: 0.8x takes 25% longer."""
    return wording.percent(1 / ratio - 1)


def main(results: Results) -> None:
    """Write interpreters.csv from launches.csv and samples.csv."""
    results.write(schema.INTERPRETERS, interpreters(results))


if __name__ == "__main__":
    sys.exit(command.run(main, "Compare interpreters: launches.csv -> interpreters.csv."))
