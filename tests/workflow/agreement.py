"""Do two runs on one machine disagree?  python -m tests.workflow.agreement DIR1 DIR2

They disagree about a block in a mode where both have decided, for different approaches, and each
has proven that the other's choice is slower than its own by more than the margin.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import schema
from reports.load import Results, ResultsError, load, records

DECISIVE = ("best", "tie", "no-gain")
#: places in a race that say: proven slower than the fastest
OUT = ("slower", "dropped")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """One block in one mode: both choices, and how they stand to each other.

    outcome  "same", "within the margin", "disagree", or "open" where a run has not decided
    """

    block: str
    mode: str
    choices: tuple[str, str]
    outcome: str


@dataclass(frozen=True)
class Run:
    """The verdicts and the approaches of one results folder."""

    results: Results
    verdicts: Mapping[tuple[str, str], Row]
    approaches: Mapping[tuple[str, str, str], Row]

    @classmethod
    def of(cls, folder: Path) -> Run:
        """Read a results folder; ResultsError where it is not whole."""
        results = load(folder)
        verdicts = records(results.table(schema.VERDICT_TABLE))
        summary = records(results.table(schema.SUMMARY))
        return cls(
            results,
            {(row["block"], row["mode"]): row for row in verdicts},
            {(row["block"], row["mode"], row["approach"]): row for row in summary},
        )

    def excludes(self, where: tuple[str, str], other: str) -> bool:
        """Whether this run has proven `other` slower than its own choice beyond the margin."""
        verdict, rival = self.verdicts[where], self.approaches[(*where, other)]
        own = self.approaches[(*where, verdict["approach"])]
        if rival["race"] not in OUT:
            return False
        return slowdown_low(own, rival) > math.log1p(verdict["margin"])


def slowdown_low(own: Row, rival: Row) -> float:
    """Lower end of log(rival's time / own time), from two rows of one block in summary.csv.

    From the speedups, which are paired by round, else from the seconds. Their half-widths add in
    squares, which is wide rather than narrow: both share the baseline's noise.
    """
    name, sign = ("speedup", 1) if _known(own, "speedup") and _known(rival, "speedup") else (
        "seconds", -1)  # fmt: skip
    estimate = sign * (math.log(own[name]) - math.log(rival[name]))
    return estimate - math.hypot(_half(own, name), _half(rival, name))


def _known(row: Row, name: str) -> bool:
    return all(row[key] > 0 for key in (name, f"{name}_low", f"{name}_high"))


def _half(row: Row, name: str) -> float:
    if not _known(row, name):
        return math.inf
    return math.log(row[f"{name}_high"] / row[f"{name}_low"]) / 2


def compare(first: Path, second: Path) -> list[Compared]:
    """Every block and mode of two results folders of one machine and one plan.

    Raises ResultsError where they are of different machines or plans.
    """
    one, two = Run.of(first), Run.of(second)
    for name, key in (("machine", "fingerprint"), ("plan", "digest")):
        found = [getattr(run.results, name).get(key) for run in (one, two)]
        if found[0] != found[1]:
            raise ResultsError(f"{second}: another {name} ({key} {found[1]}, not {found[0]})")
    controls = {block.name for block in one.results.controls}  # equals: either twin may be named
    answers = [where for where in one.verdicts if where[0] not in controls]
    return [_compared(one, two, where) for where in answers]


def _compared(one: Run, two: Run, where: tuple[str, str]) -> Compared:
    a, b = one.verdicts[where], two.verdicts[where]
    choices = (str(a["approach"]), str(b["approach"]))
    if not {a["verdict"], b["verdict"]} <= set(DECISIVE):
        outcome = "open"
    elif choices[0] == choices[1]:
        outcome = "same"
    elif one.excludes(where, choices[1]) and two.excludes(where, choices[0]):
        outcome = "disagree"
    else:
        outcome = "within the margin"
    return Compared(*where, choices, outcome)


def main() -> None:
    """Print the counts and every disagreement; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.workflow.agreement", description=__doc__)
    parser.add_argument("folders", nargs=2, type=Path, metavar="DIR")
    folders = parser.parse_args().folders
    try:
        found = compare(*folders)
    except ResultsError as error:
        sys.exit(f"Poolwise: {error}")
    outcomes = [one.outcome for one in found]
    for outcome in ("same", "within the margin", "open", "disagree"):
        print(f"{outcome:18} {outcomes.count(outcome):4} of {len(found)} verdicts")
    for one in found:
        if one.outcome == "disagree":
            print(f"  {one.block}, {one.mode}: {one.choices[0]} against {one.choices[1]}")
    sys.exit(1 if "disagree" in outcomes else 0)


if __name__ == "__main__":
    main()
