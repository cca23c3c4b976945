"""Whether launches.csv and samples.csv are whole and of one run: what a cut-off copy would break.

Read without these checks, a missing round or a launch without its batches would look like failed
approaches.
"""

from __future__ import annotations

import pandas as pd

from experiments.schema import PHASES, STATUSES
from reports.load import Results, ResultsError


def check(results: Results, launches: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Raise ResultsError, naming file and launch or round, where the tables don't fit."""
    file = "launches.csv"
    try:
        _check_blocks(results, launches)
        _check_launches(launches)
        _check_rounds(launches)
        check_counts(results, launches["block"], "launches")
        file = "samples.csv"
        _check_owners(launches, samples)
        _check_samples(samples)
        owners = launches.set_index("launch_id")["block"]
        check_counts(results, samples["launch_id"].map(owners), "samples")
    except ValueError as error:
        raise ResultsError(f"{results.folder / file}: {error}") from error


def _check_blocks(results: Results, launches: pd.DataFrame) -> None:
    known = (*results.blocks, *results.controls, *results.overheads, *results.searched)
    planned = {block.name for block in known}
    unknown = sorted(set(launches["block"]) - planned)
    if unknown:
        raise ValueError(
            f"block {unknown[0]!r} isn't in plan.json; the files are of different runs, collect "
            "them again"
        )
    twice = launches["launch_id"][launches["launch_id"].duplicated()]
    if len(twice):
        raise ValueError(f"launch {twice.iloc[0]!r} is there twice; collect it again")


def _check_launches(launches: pd.DataFrame) -> None:
    """What every launch knows; what only some know may stay empty."""
    for column in ("round", "workers"):
        _refuse(launches, launches[column].isna(), f"has no {column}")
    _check_words(launches, "status", STATUSES)
    for column in ("startup_seconds", "teardown_seconds"):
        empty = (launches["status"] == "ok") & launches[column].isna()
        _refuse(launches, empty, f"is ok in launches.csv but has no {column}")


def _check_samples(samples: pd.DataFrame) -> None:
    _refuse(samples, samples["wall_seconds"].isna(), "has a batch without wall_seconds")
    _check_words(samples, "phase", PHASES)


def _check_words(table: pd.DataFrame, column: str, known: tuple[str, ...]) -> None:
    bad = ~table[column].isin(known)
    word = table[column][bad].iloc[0] if bad.any() else ""
    _refuse(table, bad, f"has the {column} {word!r}, none of {', '.join(known)}")


def _refuse(table: pd.DataFrame, bad: pd.Series, what: str) -> None:
    if bad.any():
        raise ValueError(f"launch {table['launch_id'][bad].iloc[0]!r} {what}; collect it again")


def _check_rounds(launches: pd.DataFrame) -> None:
    for block, rounds in launches.groupby("block", sort=False)["round"]:
        there = set(rounds)
        gap = next((number for number in range(max(there)) if number not in there), None)
        if gap is not None:
            raise ValueError(
                f"block {block}: round {gap} of 0 to {max(there)} is missing; collect it again"
            )


def check_counts(results: Results, owners: pd.Series, what: str) -> None:
    """runs.json says how many rows a block made; a file cut between two rows has fewer."""
    found = owners.value_counts()
    for block, run in results.runs.items():
        made, have = run.get(what), int(found.get(block, 0))
        if made is not None and made != have:
            raise ValueError(
                f"block {block}: {have} {what}, runs.json says {made}; collect it again"
            )


def _check_owners(launches: pd.DataFrame, samples: pd.DataFrame) -> None:
    known = samples["launch_id"].isin(launches["launch_id"])
    if not known.all():
        stranger = samples["launch_id"][~known].iloc[0]
        raise ValueError(
            f"launch {stranger!r} isn't in launches.csv; the files are of different runs, collect "
            "them again"
        )
    good = launches["launch_id"][launches["status"] == "ok"]
    lacking = good[~good.isin(samples["launch_id"][samples["phase"] == "cold"])]
    if len(lacking):
        raise ValueError(
            f"launch {lacking.iloc[0]!r} is ok in launches.csv but has no cold batch; collect it "
            "again"
        )
