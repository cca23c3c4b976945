"""Where the recommendation changes along a parameter, and how long a pool must live.

breakeven.csv from launches.csv, samples.csv and searches.json: the races of the search's blocks are
run again, so the table says what the search itself saw.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from experiments import schema
from experiments.statistics.breakeven import Flip, Point, family, family_name, flips
from reports import breakeven_words as words
from reports import command, pool_life
from reports.load import Approach, Block, Results, ResultsError, Search
from reports.races import Raced, raced, raced_searches

#: a gap this much wider than the resolution was not narrowed down (values are rounded)
ROUNDING = 1.02


@dataclass(frozen=True)
class Found:
    """What one search measured: its points in rising order, their blocks, and the changes."""

    search: Search
    points: tuple[Point, ...]
    blocks: tuple[Raced, ...]
    flips: tuple[Flip, ...]

    @property
    def launches(self) -> int:
        """Launches of its blocks."""
        return sum(len(one.launches) for one in self.blocks)


def found(results: Results) -> list[Found]:
    """Every search with what it measured, in the config's order."""
    if not results.searches:
        return []
    races = {one.block.name: one for one in raced_searches(results)}
    for search in results.searches:
        unknown = next((block for _, block in search.points if block not in races), None)
        if unknown is not None:
            raise ResultsError(
                f"{results.folder / 'searches.json'}: block {unknown!r} of search {search.name} "
                "isn't among its blocks nor in plan.json; collect the results again"
            )
    return [_found(search, races) for search in results.searches]


def _found(search: Search, races: Mapping[str, Raced]) -> Found:
    added = {value for value, block in search.points if block.startswith("breakeven-")}
    judged = [(Point(value, recommended(races[block])), races[block])
              for value, block in search.points]  # fmt: skip
    # a block of the grid that decides nothing with all its approaches says nothing here
    kept = [(point, one) for point, one in judged if point.family or point.value in added]
    points = tuple(point for point, _ in kept)
    return Found(search, points, tuple(one for _, one in kept), tuple(flips(points)))


def recommended(one: Raced) -> str | None:
    """The family that a block's steady verdict recommends."""
    return family(one.judgements["steady"], families(one.block))


def families(block: Block) -> dict[str, str]:
    """The family of each approach of a block, by its label."""
    return {approach.label: family_of(approach) for approach in block.approaches}


def family_of(approach: Approach) -> str:
    """The family of an approach."""
    return family_name(approach.executor, json.loads(approach.options))


def rows(results: Results) -> Iterator[dict[str, Any]]:
    """Rows of breakeven.csv: the changes of every search, then the pools' lives."""
    for one in found(results):
        for row in _search_rows(results, one):
            yield {"machine": results.name, **row}
    for block in raced(results):
        for row in pool_life.rows(block):
            yield {"machine": results.name, **row}


def _search_rows(results: Results, one: Found) -> Iterator[dict[str, Any]]:
    search = one.search
    shared = {
        "kind": "parameter",
        "search": search.name,
        "task": search.task,
        "params": search.params,
        "cores": search.cores,
        "mode": "steady",
        "parameter": search.vary,
        "values": json.dumps([[point.value, point.family] for point in one.points]),
        "blocks": len(one.blocks),
        "launches": one.launches,
    }
    for flip in one.flips:
        yield {
            **shared,
            "below": flip.below,
            "above": flip.above,
            "low": flip.low,
            "high": flip.high,
            "undecided": json.dumps(list(flip.undecided)),
            "reason": _why_wide(results, search, flip),
            "sentence": words.change(search, flip),
        }
    if not one.flips:
        yield {**shared, **_no_change(results, one)}


def _why_wide(results: Results, search: Search, flip: Flip) -> str:
    if search.axis.gap(flip.low, flip.high) <= ROUNDING:
        return ""
    return "no verdict stands in between" if flip.undecided else results.search_end


def _no_change(results: Results, one: Found) -> dict[str, Any]:
    decided = [point for point in one.points if point.family is not None]
    row: dict[str, Any] = {"sentence": words.no_change(one.search, one.points)}
    open_ = [point.value for point in one.points if point.family is None]
    row["undecided"] = json.dumps(open_)
    if not one.points:
        row["reason"] = results.search_end
    elif len(decided) < len(one.points):
        row["reason"] = "no verdict stands at the other values"
    if decided:
        ends = {"low": decided[0].value, "high": decided[-1].value}
        row |= {"below": decided[0].family, **ends}
    return row


def main(results: Results) -> None:
    """Write breakeven.csv."""
    results.write(schema.BREAKEVEN, list(rows(results)))


if __name__ == "__main__":
    sys.exit(command.run(main, "Find break-even points: CSVs, searches.json -> breakeven.csv."))
