"""The verdicts as the first page prints them: records of ready texts, made from the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from experiments import schema
from reports import plausibility, sentences, wording
from reports.load import Block, Results, records
from reports.sentences import Row


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

    @classmethod
    def of(cls, results: Results) -> Tables:
        """Read them all. Raises ResultsError for the first one missing or broken."""
        wanted = (schema.SUMMARY, schema.VERDICT_TABLE, schema.FITS, schema.CLAIMS,
                  schema.CEILING, schema.OVERHEADS, schema.LOSSES, schema.LAUNCHES,
                  schema.SAMPLES)  # fmt: skip
        tables = cls(*(results.table(table) for table in wanted))
        answered = tables.verdicts["block"].isin([block.name for block in results.blocks])
        return replace(tables, verdicts=tables.verdicts[answered])


@dataclass(frozen=True)
class Answer:
    """One verdict as the first page and the section's heading show it."""

    block: Block
    anchor: str
    verdict: str
    mark: str
    approach: str
    #: the mark of what can't be true: it stands wherever the approach is named
    doubt: str
    speedup: str
    speedup_interval: str
    seconds: str
    baseline: str
    ties: str
    memory: str
    note: str
    decided_on: str


@dataclass(frozen=True)
class AnswerLine:
    """A line of the first page: the steady verdict and, beside it, the one-shot one."""

    steady: Answer
    oneshot: Answer | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class AnswerGroup:
    """The lines of one task, by core count."""

    subject: str
    lines: tuple[AnswerLine, ...]

    @property
    def rows(self) -> int:
        """Table rows it takes: a warning has a row of its own."""
        return sum(1 + len(line.warnings) for line in self.lines)


def answers(results: Results, tables: Tables) -> list[AnswerGroup]:
    """The first page's lines, in the plan's order, the core counts of a task together."""
    rows = verdict_rows(tables.verdicts)
    grouped: dict[str, list[AnswerLine]] = {}
    for number, block in enumerate(results.blocks):
        row, once = (rows.get((block.name, mode)) for mode in schema.MODES)
        if row is not None:
            line = AnswerLine(
                steady=answer(block, row, number),
                oneshot=answer(block, once, number) if once is not None else None,
                warnings=_grave(results, block, row, once),
            )
            grouped.setdefault(block.subject, []).append(line)
    return [AnswerGroup(wording.short(name), tuple(lines)) for name, lines in grouped.items()]


def verdict_rows(verdicts: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """Verdicts by block and mode."""
    return {(row["block"], row["mode"]): row for row in records(verdicts)}


def _grave(results: Results, block: Block, row: Row, once: Row | None) -> tuple[str, ...]:
    """Warnings that concern what the verdict means, not only its noise: they go to page one.

    Those of the run in one line, each up to its colon: the block's section explains them.
    """
    measured = [str(flag) for flag in results.runs.get(block.name, {}).get("flags", [])]
    flags = sentences.concerns(row, once)
    heads = "; ".join(flag.partition(": ")[0] for flag in flags if flag in measured)
    return tuple(filter(None, [heads, *(f for f in flags if plausibility.PREFIX in f)]))


def answer(block: Block, row: Row, number: int) -> Answer:
    """One verdict in words; `number` is the block's place in the plan, the target of its links."""
    verdict, ran = str(row["verdict"]), bool(row["approach"])
    return Answer(
        block=block,
        anchor=f"block-{number}",
        verdict=verdict,
        mark=sentences.MARKS.get(verdict, ""),
        approach=str(row["approach"]) if ran else "none",
        doubt=sentences.doubt(row) if ran else "",
        **gain(row),
        seconds=cell(wording.seconds(row["seconds"])),
        baseline=cell(wording.seconds(row["baseline_seconds"])),
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


def _note(row: Row) -> str:
    """The few words under a verdict that isn't one."""
    if row["verdict"] == "inconclusive":
        if wording.known(row["rounds_needed"]):
            return f"about {wording.count(row['rounds_needed'], 'round')} needed"
        return str(row["reason"])
    return str(row["reason"]) if row["verdict"] == "failed" else ""
