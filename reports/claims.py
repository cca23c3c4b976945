"""Rule what textbooks say of threads and processes on this machine's numbers: claims.csv."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from experiments import schema
from reports import command, plausibility, rulings, sentences, wording
from reports.load import Results, ResultsError, records
from reports.rulings import Evidence, Ruling


@dataclass(frozen=True)
class Claim:
    """A textbook sentence and the function that rules it."""

    claim_id: str
    claim: str
    rule: Callable[[Evidence], Ruling]


CLAIMS = (
    Claim(
        "gil_threads",
        "The GIL keeps threads from running CPU-bound Python at the same time.",
        rulings.threads_held_by_gil,
    ),
    Claim(
        "threads_waiting",
        "Threads suit work that waits: reading files, network requests, database queries.",
        rulings.threads_suit_waiting,
    ),
    Claim(
        "processes_gil",
        "Processes escape the GIL: CPU-bound Python gains from them.",
        rulings.processes_escape_gil,
    ),
    Claim("process_startup", "Starting processes costs much.", rulings.starting_processes_costs),
    Claim(
        "threads_responsive",
        "Threads keep a program responsive while work runs in the background.",
        rulings.threads_keep_responsive,
    ),
    Claim("locks", "Locks and semaphores prevent race conditions.", rulings.locks_prevent_races),
)


def rule_all(
    results: Results, summary: pd.DataFrame, verdicts: pd.DataFrame
) -> list[dict[str, object]]:
    """Rows of claims.csv, one a claim; evidence that a verdict's flags doubt says so."""
    evidence = _evidence(results, summary)
    rows: list[dict[str, object]] = []
    for claim in CLAIMS:
        ruling = claim.rule(evidence)
        rows.append(
            {
                "machine": results.name,
                "claim_id": claim.claim_id,
                "claim": claim.claim,
                "ruling": ruling.ruling,
                "evidence": ruling.evidence + _doubts(ruling.cells, verdicts),
                "cells": json.dumps(ruling.cells, ensure_ascii=False),
            }
        )
    return rows


def _doubts(cells: Sequence[str], verdicts: pd.DataFrame) -> str:
    """Which of the evidence can't be right as measured, going by the steady verdicts' flags."""
    steady = records(verdicts[verdicts["mode"] == "steady"])
    marks = {cell: _mark(cell, steady) for cell in cells}
    told = [f"{cell} {mark}" for cell, mark in marks.items() if mark]
    return f" Doubtful: {wording.listing(told)}." if told else ""


def _mark(cell: str, verdicts: Sequence[sentences.Row]) -> str:
    """Of a pick, all causes; of all else in a block, a baseline that makes every speedup wrong."""
    for row in verdicts:
        block, found = row["block"], plausibility.causes(sentences.names(row["flags"]))
        if cell == f"{block}: {row['approach']}":
            return plausibility.mark(found)
        if cell == block or cell.startswith(f"{block}: "):
            return plausibility.mark([one for one in found if one == plausibility.BASELINE])
    return ""


def _evidence(results: Results, summary: pd.DataFrame) -> Evidence:
    margin = results.plan["statistics"].get("margin")
    if not wording.known(margin):
        raise ResultsError(f"{results.folder / 'plan.json'}: statistics: 'margin' is missing")
    steady = summary[(summary["mode"] == "steady") & (summary["status"] == "ok")]
    subjects = {block.name: block.subject for block in results.blocks}
    steady = steady.assign(subject=steady["block"].map(subjects))
    return Evidence(steady, float(margin), _with_gil(results, summary))


def _with_gil(results: Results, summary: pd.DataFrame) -> frozenset[str]:
    """Interpreters that have a GIL; one that machine.json doesn't tell of is taken to have it."""
    free = {
        str(one.get("interpreter"))
        for one in results.machine.get("interpreters") or []
        if one.get("gil") is False
    }
    return frozenset(set(summary["interpreter"]) - free)


def main(results: Results) -> None:
    """Write claims.csv from summary.csv and the flags of verdicts.csv."""
    tables = (results.table(table) for table in (schema.SUMMARY, schema.VERDICT_TABLE))
    results.write(schema.CLAIMS, rule_all(results, *tables))


if __name__ == "__main__":
    sys.exit(
        command.run(main, "Rule the textbook's claims: summary.csv, verdicts.csv -> claims.csv.")
    )
