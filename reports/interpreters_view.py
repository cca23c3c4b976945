"""The interpreters as the page prints them: what each gains or costs beside the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.answers import cell
from reports.interpreters import RULINGS, cost
from reports.load import Results, records
from reports.sentences import Row

#: marks that read without colour
MARKS = {"faster": "▲", "slower": "▼", "same": "=", "undecided": "?"}


@dataclass(frozen=True)
class MoveLine:
    """A block in the table of one move; `values` are plain numbers to sort by."""

    anchor: str
    place: str
    mark: str
    ruling: str
    approach: str
    seconds: str
    other_approach: str
    other_seconds: str
    ratio: str
    interval: str
    sequential: str
    own: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Move:
    """From the first interpreter to another one: what it comes to, and a line a block."""

    heading: str
    other: str
    interpreter: str
    told: str
    once: str
    lines: tuple[MoveLine, ...]
    #: (reason, blocks) of those without a comparison
    silent: tuple[tuple[str, str], ...]


def moves(results: Results, table: pd.DataFrame) -> list[Move]:
    """One for each interpreter but the first; none where there is only one."""
    places = {block.name: (f"block-{n}", block) for n, block in enumerate(results.blocks)}
    named = {name: block.title for name, (_, block) in places.items()}
    made = []
    for (other, interpreter), group in _from_first(table):
        steady = [row for row in records(group[group["mode"] == "steady"]) if row["block"] in named]
        once = records(group[group["mode"] == "oneshot"])
        made.append(
            Move(
                heading=f"From {other} to {interpreter}",
                other=other,
                interpreter=interpreter,
                told=counted(steady),
                once=counted(once),
                lines=tuple(
                    _line(row, places[str(row["block"])][0], named[str(row["block"])])
                    for row in steady
                    if row["ruling"]
                ),
                silent=tuple(_silent(steady, named)),
            )
        )
    return made


def _from_first(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    if table.empty:
        return
    first = table[table["other"] == table["other"].iloc[0]]
    for keys, group in first.groupby(["other", "interpreter"], sort=False):
        yield (str(keys[0]), str(keys[1])), group


def counted(rows: Sequence[Row]) -> str:
    """Faster in 2 of 5 blocks, slower in 1, ...; blocks without a ratio are not among them."""
    ruled = [str(row["ruling"]) for row in rows if row["ruling"]]
    if not ruled:
        return ""
    told = [f"{word} in {ruled.count(word)}" for word in RULINGS if word in ruled]
    first, *rest = told
    return ", ".join([f"{first} of {wording.count(len(ruled), 'block')}", *rest])


def _line(row: Row, anchor: str, place: str) -> MoveLine:
    return MoveLine(
        anchor=anchor,
        place=place,
        mark=MARKS[str(row["ruling"])],
        ruling=str(row["ruling"]),
        approach=str(row["approach"]),
        seconds=cell(wording.seconds(row["seconds"])),
        other_approach=str(row["other_approach"]),
        other_seconds=cell(wording.seconds(row["other_seconds"])),
        ratio=wording.times(row["ratio"]),
        interval=wording.times_interval(row["ratio_low"], row["ratio_high"]),
        sequential=cell(wording.times(row["sequential_ratio"])),
        own=cell(wording.times(row["own_gain"])),
        values=tuple(
            float(row[name]) if wording.known(row[name]) else None
            for name in ("seconds", "other_seconds", "ratio", "sequential_ratio", "own_gain")
        ),
    )


def _silent(rows: Sequence[Row], named: dict[str, str]) -> Iterator[tuple[str, str]]:
    grouped: dict[str, list[str]] = {}
    for row in rows:
        if not row["ruling"]:
            grouped.setdefault(str(row["reason"]), []).append(named[str(row["block"])])
    for reason, names in grouped.items():
        yield wording.short(reason, 200), wording.listing(names, most=4)


def rules(verdicts: pd.DataFrame, table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Rules of thumb: (advice, evidence), one for each move that is decided anywhere.

    `verdicts` tell blocks' subjects and whether nothing doubts them: a doubted one carries none.
    """
    steady = verdicts[(verdicts["mode"] == "steady") & (verdicts["doubt"] == "")]
    subjects = dict(zip(steady["block"], steady["subject"], strict=True))
    for (other, interpreter), group in _from_first(table):
        rows = records(group[(group["mode"] == "steady") & group["block"].isin(list(subjects))])
        ruled = [row for row in rows if row["ruling"]]
        decided = [row for row in ruled if row["ruling"] != "undecided"]
        if decided:
            yield (
                f"Moving from {wording.short(other)} to {wording.short(interpreter)}: "
                f"{counted(ruled)}",
                _evidence(decided, subjects),
            )


def _evidence(rows: Sequence[Row], subjects: dict[str, str]) -> str:
    """The largest gain and the largest cost that are proven, else that nothing changes."""
    said = []
    gains = sorted((r for r in rows if r["ruling"] == "faster"), key=lambda r: -r["ratio"])
    costs = sorted((r for r in rows if r["ruling"] == "slower"), key=lambda r: r["ratio"])
    for row in gains[:1]:
        said.append(
            f"it gives {wording.times(row['ratio'])}, at least {wording.times(row['ratio_low'])}, "
            f"in {_place(row, subjects)} ({row['approach']} rather than {row['other_approach']})"
        )
    for row in costs[:1]:
        said.append(
            f"{'' if said else 'it '}costs {cost(row['ratio'])}, at least "
            f"{cost(row['ratio_high'])}, in {_place(row, subjects)} ({row['approach']} rather than "
            f"{row['other_approach']})"
        )
    return " and ".join(said) or "the best that each can do takes as long, within the margin"


def _place(row: Row, subjects: dict[str, str]) -> str:
    return f"{subjects[str(row['block'])]} on {wording.count(row['cores'], 'core')}"
