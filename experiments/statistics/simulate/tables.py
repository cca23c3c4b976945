"""The study as Markdown for the documentation and as CSV for whoever wants every cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields

from experiments.statistics.simulate.checks import Check
from experiments.statistics.simulate.study import Tally


def markdown(checks: Sequence[Check], tallies: Sequence[Tally], replications: int) -> str:
    """The whole document."""
    parts = [
        "# Simulations: how often is a verdict wrong?",
        "Races on simulated machines whose true times are known: "
        f"{tallies[0].cell.approaches} approaches, "
        f"{replications} replications of each cell (scene x kind of noise), "
        "made by `python -m experiments.statistics.simulate`.",
        "## Properties and bounds",
        "For each property the worst place measured. A bound counts as broken when chance "
        "explains the excess in fewer than 1 of 1,000 such studies; *within chance* marks an "
        "excess that it does explain.",
        _properties(checks),
        "## Speedup intervals by kind of noise",
        "Share of nominal 95% intervals of the pick that hold the true speedup. Two kinds of "
        "noise break the assumption that rounds are independent (an approach stays slow for "
        "rounds, or feels the drift of the machine more than others): no interval made from the "
        "differences between rounds can see that, and these cover less.",
        _coverage(tallies),
        "## The race against 20 fixed rounds with the smallest mean as the winner",
        "Shares of replications; launches are medians. A winner or a tie is false when it "
        "is more than the margin slower than the true best. The fixed design always names a "
        "winner, also where none exists.",
        _cells(tallies),
    ]
    return "\n\n".join(parts) + "\n"


def _properties(checks: Sequence[Check]) -> str:
    rows = [_property_row(name, checks) for name in dict.fromkeys(c.name for c in checks)]
    return _table(["property", "places", "bound", "worst", "there", "result"], rows)


def _property_row(name: str, checks: Sequence[Check]) -> list[str]:
    own = [check for check in checks if check.name == name]
    worst = max(own, key=lambda c: (not c.passed, c.share if c.most else -c.share))
    sign = "at most" if worst.most else "at least"
    return [
        name,
        str(len(own)),
        f"{sign} {worst.bound:.1%}",
        f"{worst.share:.1%}",
        worst.where,
        result(worst),
    ]


def result(check: Check) -> str:
    """Passed, within chance, or FAILED."""
    if check.within:
        return "passed"
    return "within chance" if check.passed else "FAILED"


def _coverage(tallies: Sequence[Tally]) -> str:
    rows = []
    for regime in dict.fromkeys(tally.cell.regime for tally in tallies):
        own = [tally for tally in tallies if tally.cell.regime == regime]
        everything = _share(sum(t.covered for t in own), sum(t.intervals for t in own))
        decided = _share(sum(t.covered_decided for t in own), sum(t.intervals_decided for t in own))
        rows.append([regime, everything, decided])
    return _table(["noise", "all verdicts", "decided verdicts"], rows)


def _share(hits: int, count: int) -> str:
    return f"{hits / count:.1%}" if count else "-"


def _cells(tallies: Sequence[Tally]) -> str:
    heads = ["scene", "noise", "best", "tie", "inconclusive", "false winner", "false tie"]
    heads += ["best eliminated", "launches", "fixed: false winner", "fixed: launches"]
    return _table(heads, [_cell_row(tally) for tally in tallies])


def _cell_row(tally: Tally) -> list[str]:
    counts = [tally.best, tally.tie, tally.inconclusive, tally.false_best, tally.false_tie]
    counts.append(tally.best_eliminated)
    shares = [f"{count / tally.replications:.1%}" for count in counts]
    fixed = f"{tally.fixed_false_best / tally.replications:.1%}"
    launches = [f"{tally.median_launches:.0f}", fixed, str(tally.fixed_launches)]
    return [tally.cell.scene, tally.cell.regime, *shares, *launches]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells_csv(tallies: Sequence[Tally]) -> str:
    """One row a cell: counts of replications, medians of launches and rounds."""
    names = [field.name for field in fields(Tally) if field.name != "cell"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scene", "regime", "approaches", *names])
    for tally in tallies:
        values = asdict(tally)
        writer.writerow([*values["cell"].values(), *(values[name] for name in names)])
    return text.getvalue()


def checks_csv(checks: Sequence[Check]) -> str:
    """One row a bound and place."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["property", "where", "side", "bound", "measured", "replications", "result"])
    for check in checks:
        side = "at most" if check.most else "at least"
        place = [check.name, check.where, side]
        writer.writerow([*place, check.bound, check.share, check.count or "", result(check)])
    return text.getvalue()
