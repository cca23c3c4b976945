"""The options of a decision record: every approach with its numbers, and why it was not chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from experiments.statistics.objectives import SECONDS, Objective
from reports import sentences, wording
from reports.answers import cell, gain
from reports.load import Approach, Block, records
from reports.sentences import Row


@dataclass(frozen=True)
class Option:
    """A line of the table of options: its numbers, and why it was chosen or not."""

    approach: str
    seconds: str
    speedup: str
    interval: str
    once: str
    memory: str
    why: str


def families(blocks: Sequence[Block]) -> str:
    """The options of some blocks in a line: sequential; threads with 1, 2 and 4 workers; ..."""
    found: dict[str, set[int]] = {}
    for approach in (one for block in blocks for one in block.approaches):
        found.setdefault(_family(approach), set()).add(approach.workers)
    return "; ".join(_workers(family, sorted(counts)) for family, counts in found.items())


def _family(approach: Approach) -> str:
    return approach.label.replace(f" x{approach.workers}", "", 1)


def _workers(family: str, counts: list[int]) -> str:
    if family == "sequential":
        return family
    noun = "worker" if counts == [1] else "workers"
    return f"{family} with {wording.listing([str(count) for count in counts], most=99)} {noun}"


def options(summary: pd.DataFrame, block: Block, verdict: Row, sure: bool) -> Iterator[Option]:
    """Every approach of a block: the fastest first, then what failed or was left out."""
    steady = summary[summary["mode"] == "steady"]
    once = {row["approach"]: row for row in records(summary[summary["mode"] == "oneshot"])}
    for row in records(steady[steady["status"] == "ok"].sort_values("seconds", kind="stable")):
        yield _option(row, once.get(row["approach"]), _why(row, verdict, block.objective, sure))
    for row in records(steady[steady["status"] != "ok"]):
        status = sentences.FAILURES.get(str(row["status"]), "not run")
        yield _empty(str(row["approach"]), f"failed: {status}: {row['reason'] or 'no reason'}")
    for left in block.not_run:
        why = "unsupported" if left.unsupported else "not measured"
        yield _empty(left.label, f"{why}: {left.reason}")


def _option(row: Row, once: Row | None, why: str) -> Option:
    numbers = gain(row)
    return Option(
        approach=str(row["approach"]),
        seconds=cell(wording.seconds(row["seconds"])),
        speedup=numbers["speedup"],
        interval=numbers["speedup_interval"],
        once=cell(wording.seconds(once["seconds"] if once else None)),
        memory=cell(wording.memory(row["peak_memory_mib"])),
        why=why,
    )


def _empty(approach: str, why: str) -> Option:
    return Option(approach, "", "", "", "", "", why)


def _why(row: Row, verdict: Row, objective: Objective, sure: bool) -> str:
    """Why an approach that ran was chosen, or was not."""
    name, race = str(row["approach"]), str(row["race"])
    if name == str(verdict["approach"]):
        return sentences.marked("chosen" if sure else "looks best so far", verdict)
    if name in sentences.names(verdict["ties"]):
        return "tie, but less simple"
    if name in sentences.names(verdict["undecided"]):
        return "not told apart"
    worse = "slower" if objective == SECONDS else objective.worse
    words = {
        "leader": "the best measured, but not by more than the margin, and less simple",
        "tied": "not better by more than the margin, and less simple",
        "dropped": f"{worse}: out after {wording.count(row['rounds'], 'round')}",
        "slower": worse,
        "failed": f"no value: {objective.unknown}",
    }
    return words.get(race, race)
