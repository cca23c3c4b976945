"""A comparison as its page prints it: rows of texts, nothing left to compute in the templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reports import wording
from reports.compare import refusals, repeat_rows, rows, words
from reports.compare.comparison import SIDE_BY_SIDE, Comparison
from reports.compare.drawn import Drawn
from reports.compare.lines import matrices
from reports.compare.machines import Machine
from reports.compare.repeat_rows import when
from reports.compare.rows import Rows
from reports.compare.seen import Pair

#: facts of many machines that are shown; the others only where they differ
_BRIEF = ("Processor", "Usable cores", "CPU quota", "Memory", "Operating system", "Interpreters")


def context(comparison: Comparison, figures: Sequence[Drawn]) -> dict[str, Any]:
    """Everything the templates print, but for the page's own style and script."""
    machines = comparison.machines
    return {
        "title": _title(comparison),
        "subtitle": _subtitle(comparison),
        "answers": words.answer(comparison),
        "doubts": _doubts(comparison),
        "machines": [(one.letter, one.title.partition(": ")[2]) for one in machines],
        "many": comparison.many,
        "several": len(machines) > 1,
        "margin": wording.percent(comparison.margin),
        "tests": f"{comparison.matrix.tests:,}",
        "runs": _runs(machines),
        "facts": facts(comparison),
        "matrices": matrices(comparison),
        "outcomes": rows.outcomes(comparison),
        "fleet": rows.fleet(comparison),
        "speeds": rows.speeds(comparison),
        "ceilings": rows.ceilings(comparison),
        "silence": words.silence(comparison),
        "refusals": refusals.refusals(comparison),
        "refused": refusals.refused(comparison),
        "repeats": [repeat_rows.repeat(comparison, one) for one in comparison.repeated],
        "trends": [repeat_rows.trend(comparison, one) for one in comparison.repeated],
        "figures": figures,
    }


def _title(comparison: Comparison) -> str:
    if len(comparison.machines) == 1:
        runs = wording.count(len(comparison.machines[0].runs), "run")
        return f"{runs} of {wording.short(comparison.machines[0].newest.name, 40)} compared"
    return f"{wording.count(len(comparison.machines), 'machine')} compared"


def _subtitle(comparison: Comparison) -> str:
    titles = [one.title for one in comparison.machines]
    return wording.listing(titles, most=6)


def _doubts(comparison: Comparison) -> list[str]:
    """What speaks against whole runs, and margins that differ."""
    found: dict[str, list[str]] = {}
    for machine in comparison.machines:
        for run in machine.runs[-2:]:
            name = machine.letter if run is machine.newest else f"{machine.letter} before"
            for doubt in run.doubts:
                found.setdefault(doubt, []).append(name)
    said = [f"{wording.listing(letters, most=9)}: {doubt}." for doubt, letters in found.items()]
    margins = {run.margin for machine in comparison.machines for run in machine.runs}
    if len(margins) > 1:
        said.append(
            f"The runs were decided with different margins; here differences up to "
            f"{wording.percent(comparison.margin)}, the largest of them, don't matter."
        )
    return said


def _runs(machines: Sequence[Machine]) -> Rows:
    rows = [
        (
            machine.letter,
            wording.short(run.name, 40),
            when(run),
            wording.short(run.run_id, 30),
            run.fingerprint[:16],
            wording.short(run.source, 60),
            "stands for the machine" if run is machine.newest and len(machine.runs) > 1 else "",
        )
        for machine in machines
        for run in machine.runs
    ]
    heads = ("Machine", "Name", "Measured (UTC)", "Run", "Fingerprint", "Read from", "Role")
    return Rows("The runs that were compared", heads, tuple(rows))


def facts(comparison: Comparison) -> tuple[Rows, str]:
    """Fingerprints side by side: the facts that differ as a table, the others as a sentence."""
    given = _given(comparison)
    names = list(dict.fromkeys(name for table in given.values() for name in table))
    values = {
        name: [table.get(name, wording.UNKNOWN) for table in given.values()] for name in names
    }
    differing = [name for name in names if len(set(values[name])) > 1]
    same = [(name, values[name][0]) for name in names if name not in differing]
    if comparison.many:
        shown = [name for name in names if name in _BRIEF and name in differing]
        rows = [
            (letter, *(wording.short(table.get(name, wording.UNKNOWN), 48) for name in shown))
            for letter, table in given.items()
        ]
        heads: tuple[str, ...] = ("Machine", *shown)
        others = [name for name in differing if name not in shown]
        said = f"Also different: {wording.listing(others, most=30)}. " if others else ""
        return Rows("Facts that differ", heads, tuple(rows)), said + _same(same)
    rows = [(name, *values[name]) for name in differing]
    return Rows("Facts that differ", ("Fact", *given), tuple(rows)), _same(same)


def _given(comparison: Comparison) -> dict[str, dict[str, str]]:
    """The facts of each machine; where there is only one, of its newest runs."""
    if len(comparison.machines) > 1:
        return {one.letter: dict(one.newest.facts) for one in comparison.machines}
    return {when(run): dict(run.facts) for run in comparison.machines[0].runs[-SIDE_BY_SIDE:]}


def _same(pairs: Iterable[Pair]) -> str:
    told = [f"{name} {value}" for name, value in pairs if value not in (wording.UNKNOWN, "none")]
    return f"The same on all: {', '.join(told)}." if told else ""
