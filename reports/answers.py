"""The verdicts as the first page prints them: records of ready texts, made from the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from experiments import schema
from reports import plausibility, sentences, snippets, wording
from reports.load import Block, Results, records
from reports.sentences import Row

_PERCENTAGE = re.compile(r"\b(\d+(?:\.\d+)?)%")
#: columns of verdicts.csv that the first page's table can be sorted by
_SORTED = ("speedup", "speedup_low", "seconds", "baseline_seconds", "peak_memory_mib")


@dataclass(frozen=True)
class Tables:
    """The tables a report is made from; `verdicts` without that on the A/A control."""

    summary: pd.DataFrame
    verdicts: pd.DataFrame
    fits: pd.DataFrame
    claims: pd.DataFrame
    ceiling: pd.DataFrame
    overheads: pd.DataFrame
    losses: pd.DataFrame
    launches: pd.DataFrame
    samples: pd.DataFrame
    breakeven: pd.DataFrame
    interpreters: pd.DataFrame

    @cached_property
    def steady(self) -> dict[str, list[dict[str, Any]]]:
        """Steady rows of summary.csv by block: to look through the table for each takes long."""
        return _by_block(self.summary[self.summary["mode"] == "steady"])

    @cached_property
    def lost(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of losses.csv that say something, by block, the fastest first."""
        told = self.losses[self.losses["sentence"] != ""]
        return _by_block(told.sort_values("seconds", kind="stable"))

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        """Rows of breakeven.csv on searches along a parameter."""
        return records(self.breakeven[self.breakeven["kind"] == "parameter"])

    @classmethod
    def of(cls, results: Results) -> Tables:
        """Read them all. Raises ResultsError for the first one missing or broken."""
        wanted = (schema.SUMMARY, schema.VERDICT_TABLE, schema.FITS, schema.CLAIMS,
                  schema.CEILING, schema.OVERHEADS, schema.LOSSES, schema.LAUNCHES,
                  schema.SAMPLES, schema.BREAKEVEN, schema.INTERPRETERS)  # fmt: skip
        tables = cls(*(results.table(table) for table in wanted))
        answered = tables.verdicts["block"].isin([block.name for block in results.blocks])
        return replace(tables, verdicts=tables.verdicts[answered])


def _by_block(frame: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in records(frame):
        found.setdefault(str(row["block"]), []).append(row)
    return found


@dataclass(frozen=True)
class Answer:
    """One verdict as the first page and the section's heading show it."""

    block: Block
    anchor: str
    verdict: str
    mark: str
    approach: str
    executor: str
    code: str
    #: the mark of what can't be true: it stands wherever the approach is named
    doubt: str
    speedup: str
    speedup_interval: str
    seconds: str
    baseline: str
    #: the same as plain numbers, to sort by; None where unknown
    values: dict[str, float | None]
    ties: str
    memory: str
    note: str
    decided_on: str


@dataclass(frozen=True)
class AnswerLine:
    """A line of the first page: the steady verdict and, beside it, the one-shot one.

    `warnings` are numbers of the table's footnotes.
    """

    subject: str
    steady: Answer
    oneshot: Answer | None
    warnings: tuple[int, ...]


@dataclass(frozen=True)
class AnswerTable:
    """The first page's table; its footnotes are counted from 1, each text once."""

    lines: tuple[AnswerLine, ...]
    footnotes: tuple[str, ...]


def answers(results: Results, tables: Tables) -> AnswerTable:
    """The first page's lines, in the plan's order, the core counts of a task together."""
    rows = verdict_rows(tables.verdicts)
    lines: dict[str, list[AnswerLine]] = {}
    footnotes: dict[str, list[str]] = {}
    for number, block in enumerate(results.blocks):
        row, once = (rows.get((block.name, mode)) for mode in schema.MODES)
        if row is not None:
            grave = _grave(results, block, row, once)
            line = AnswerLine(
                subject=wording.short(block.subject),
                steady=answer(block, row, number),
                oneshot=answer(block, once, number) if once is not None else None,
                warnings=tuple(dict.fromkeys(_noted(footnotes, text) for text in grave)),
            )
            lines.setdefault(block.subject, []).append(line)
    told = tuple(_spanned(texts) for texts in footnotes.values())
    return AnswerTable(tuple(one for group in lines.values() for one in group), told)


def _noted(footnotes: dict[str, list[str]], text: str) -> int:
    """The number of a warning's footnote; those that differ in one percentage share one."""
    key = _PERCENTAGE.sub("%", text) if len(_PERCENTAGE.findall(text)) == 1 else text
    footnotes.setdefault(key, []).append(text)
    return list(footnotes).index(key) + 1


def _spanned(texts: list[str]) -> str:
    """Warnings that differ in one percentage as one: ... 12% to 38% ..."""
    shares = sorted({float(found) for text in texts for found in _PERCENTAGE.findall(text)})
    if len(set(texts)) == 1 or len(shares) < 2:
        return texts[0]
    return _PERCENTAGE.sub(f"{shares[0]:g}% to {shares[-1]:g}%", texts[0])


def verdict_rows(verdicts: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """Verdicts by block and mode."""
    return {(row["block"], row["mode"]): row for row in records(verdicts)}


def described(results: Results, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts with their block's subject (cut where it is long) and kind of work, and the doubt:
    the mark of what can't be true, empty where nothing speaks against it."""  # fmt: skip
    kinds = {block.name: block.kind for block in results.blocks}
    subjects = {block.name: wording.short(block.subject) for block in results.blocks}
    doubts = [sentences.doubt(row) for row in records(verdicts)]
    return verdicts.assign(
        kind=verdicts["block"].map(kinds),
        subject=verdicts["block"].map(subjects),
        doubt=pd.Series(doubts, index=verdicts.index, dtype=object),
    )


def _grave(results: Results, block: Block, row: Row, once: Row | None) -> list[str]:
    """Warnings that concern what the verdict means, not only its noise: they go to page one.

    Those of the run each up to its colon: the block's section explains them.
    """
    measured = [str(flag) for flag in results.runs.get(block.name, {}).get("flags", [])]
    flags = sentences.concerns(row, once)
    heads = [flag.partition(": ")[0] for flag in flags if flag in measured]
    return [*heads, *(flag for flag in flags if plausibility.PREFIX in flag)]


def answer(block: Block, row: Row, number: int) -> Answer:
    """One verdict in words; `number` is the block's place in the plan, the target of its links."""
    verdict, ran = str(row["verdict"]), bool(row["approach"])
    return Answer(
        block=block,
        anchor=f"block-{number}",
        verdict=verdict,
        mark=sentences.MARKS.get(verdict, ""),
        approach=str(row["approach"]) if ran else "none",
        executor=str(row["executor"]),
        code=_code(row) if ran else "",
        doubt=sentences.doubt(row) if ran else "",
        **gain(row),
        seconds=cell(wording.seconds(row["seconds"])),
        baseline=cell(wording.seconds(row["baseline_seconds"])),
        values={name: _value(row[name]) for name in _SORTED},
        ties=wording.listing(sentences.names(row["ties"]), most=2),
        memory=cell(wording.memory(row["peak_memory_mib"])),
        note=_note(row),
        decided_on=sentences.decided_on(row) if ran else "",
    )


def gain(row: Row) -> dict[str, str]:
    """Speedup and its interval for table cells; the sequential program is its own measure."""
    if sentences.is_sequential(row):
        return {"speedup": "1x", "speedup_interval": ""}
    interval = wording.times_interval(row["speedup_low"], row["speedup_high"])
    return {"speedup": cell(wording.times(row["speedup"])), "speedup_interval": cell(interval)}


def cell(text: str) -> str:
    """In a table, what is unknown is a dash."""
    return "\N{EN DASH}" if text in (wording.UNKNOWN, wording.NO_INTERVAL) else text


def _value(cell: Any) -> float | None:
    return float(cell) if wording.known(cell) else None


def _code(row: Row) -> str:
    """The recommendation as code; nothing for a candidate that isn't one (yet)."""
    if not sentences.stands(row):
        return ""
    return snippets.code(str(row["executor"]), str(row["executor_options"]), int(row["workers"]))


def _note(row: Row) -> str:
    """The few words under a verdict that isn't one."""
    if row["verdict"] == "inconclusive" and not wording.known(row["rounds_needed"]):
        return str(row["reason"])
    return str(row["reason"]) if row["verdict"] == "failed" else ""
