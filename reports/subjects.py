"""The sections of the report, a task each: records of ready texts, made from the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.statistics.objectives import CPU_SECONDS, Objective
from reports import (
    figure_views,
    law_lines,
    nodes_words,
    running_costs,
    sentences,
    validity,
    wording,
)
from reports.answers import Answer, Tables, answer, cell, gain, verdict_rows
from reports.figure_views import FigureView
from reports.law_lines import Law
from reports.load import Block, Results, records
from reports.sentences import Row

_RACE_WORDS = {"leader": "fastest", "tied": "tied", "slower": "slower", "undecided": "undecided"}
#: the same where the race was not about time
_OTHER_RACE_WORDS = _RACE_WORDS | {"leader": "lowest", "slower": "higher", "failed": "no value"}


@dataclass(frozen=True)
class ApproachLine:
    """A line of a block's table of all approaches that ran."""

    approach: str
    seconds: str
    speedup: str
    speedup_interval: str
    oneshot: str
    oneshot_speedup: str
    memory: str
    cpu: str
    heartbeat: str
    race: str
    recommended: bool


@dataclass(frozen=True)
class LatencyLine:
    """A line of a block's table of latencies: (value, interval) of p50, p95 and p99."""

    approach: str
    quantiles: tuple[tuple[str, str], ...]
    recommended: bool


@dataclass(frozen=True)
class Absent:
    """An approach without a number, and why."""

    approach: str
    kind: str
    reason: str


@dataclass(frozen=True)
class BlockView:
    """Everything the report says of one block."""

    block: Block
    anchor: str
    answer: Answer
    lead: str
    #: (words it begins with, text) of each paragraph
    story: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    facts: str
    figure: FigureView | None = None
    costs: FigureView | None = None
    approaches: tuple[ApproachLine, ...] = ()
    latencies: tuple[LatencyLine, ...] = ()
    absent: tuple[Absent, ...] = ()
    laws: tuple[Law, ...] = ()


@dataclass(frozen=True)
class Subject:
    """One task with its parameters: its blocks by core count."""

    name: str
    short_name: str
    anchor: str
    summary: str
    kind: str
    figures: tuple[FigureView, ...]
    blocks: tuple[BlockView, ...]
    #: how it scales with cores
    laws: tuple[Law, ...]


def subjects(results: Results, tables: Tables) -> list[Subject]:
    """The sections of the report: tasks with their parameters, in the plan's order."""
    rows = verdict_rows(tables.verdicts)
    grouped: dict[str, list[BlockView]] = {}
    for number, block in enumerate(results.blocks):
        if (block.name, "steady") in rows:
            view = _block_view(results, tables, rows, block, number)
            grouped.setdefault(block.subject, []).append(view)
    return [
        Subject(
            name=name,
            short_name=wording.short(name),
            anchor=f"task-{place}",
            summary=wording.capital(views[0].block.summary),
            kind="CPU-bound" if views[0].block.kind == "cpu" else "mostly waiting",
            figures=figure_views.of_task(results, tables.summary, name, place),
            blocks=tuple(views),
            laws=law_lines.of_cores(tables.fits, [view.block for view in views])
            if results.detailed
            else (),
        )
        for place, (name, views) in enumerate(grouped.items())
    ]


def _block_view(
    results: Results,
    tables: Tables,
    rows: dict[tuple[str, str], dict[str, Any]],
    block: Block,
    number: int,
) -> BlockView:
    steady, once = rows[block.name, "steady"], rows.get((block.name, "oneshot"))
    return BlockView(
        block=block,
        anchor=f"block-{number}",
        answer=answer(block, steady, number),
        lead=sentences.recommendation(steady),
        story=_story(results, tables, block, steady, once),
        flags=tuple(sentences.concerns(steady, once)),
        facts=_facts(results, block),
        **(_details(results, tables, steady, number) if results.detailed else {}),
    )


def _details(results: Results, tables: Tables, row: Row, number: int) -> dict[str, Any]:
    """What a large report leaves to the CSV files: the figure and the tables of one block."""
    block, recommended = results.blocks[number], str(row["approach"])
    summary = tables.summary[tables.summary["block"] == block.name]
    return {
        "figure": figure_views.speedup(results, summary, block, row, number),
        "costs": figure_views.costs(results, summary, block, number),
        "approaches": _approach_lines(summary, recommended, block.objective),
        "latencies": _latency_lines(summary, recommended),
        "absent": _absent(summary, block),
        "laws": law_lines.of_workers(tables.fits, block),
    }


def _story(
    results: Results, tables: Tables, block: Block, steady: Row, once: Row | None
) -> tuple[tuple[str, str], ...]:
    """The paragraphs under the recommendation, each with the words it begins with."""
    rows = tables.steady.get(block.name, [])
    sequential = sentences.sequential(rows)
    note = f"{wording.capital(block.objective_note)}." if block.objective_note else ""
    weak = f"{sentences.WEAK}, and a batch is the sequential program's work."
    told = {
        "How sure": [
            sentences.certainty(steady, block),
            sentences.runner_up(steady),
            nodes_words.told(steady, rows),
            note,
        ],
        "What it takes": [
            sentences.price(steady, sequential),
            sentences.start(steady),
            sentences.responsiveness(steady, sequential),
            sentences.latency(_row_of(rows, str(steady["approach"])), sequential),
        ],
        "A single batch": [sentences.oneshot(once) if once is not None else ""],
        "What is lost": running_costs.told(tables.lost.get(block.name, [])),
        "Where it holds": [
            weak if block.is_weak else "",
            validity.told(results, tables.changes, block),
        ],
    }
    paragraphs = ((name, " ".join(filter(None, texts))) for name, texts in told.items())
    return tuple((name, text) for name, text in paragraphs if text)


def _row_of(rows: Sequence[Row], approach: str) -> Row | None:
    return next((row for row in rows if row["approach"] == approach), None)


def _approach_lines(
    summary: pd.DataFrame, recommended: str, objective: Objective
) -> tuple[ApproachLine, ...]:
    """Approaches that gave a number, the fastest first."""
    shots = {row["approach"]: row for row in records(summary[summary["mode"] == "oneshot"])}
    return tuple(
        _approach_line(row, shots.get(row["approach"]), recommended, objective)
        for row in _ran(summary)
    )


def _ran(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """The steady rows of approaches that gave a number, the fastest first."""
    ran = summary[(summary["mode"] == "steady") & (summary["status"] == "ok")]
    return records(ran.sort_values("seconds", kind="stable"))


def _approach_line(
    row: Row, once: Row | None, recommended: str, objective: Objective
) -> ApproachLine:
    return ApproachLine(
        approach=str(row["approach"]),
        seconds=cell(wording.seconds(row["seconds"])),
        **gain(row),
        oneshot=cell(wording.seconds(once["seconds"]) if once else wording.UNKNOWN),
        oneshot_speedup=gain(once)["speedup"] if once else "",
        memory=cell(wording.memory(row["peak_memory_mib"])),
        cpu=cell(_cpu(row, objective)),
        heartbeat=cell(wording.milliseconds(row["heartbeat_max_ms"])),
        race=_race(row, objective),
        recommended=str(row["approach"]) == recommended,
    )


def _cpu(row: Row, objective: Objective) -> str:
    """How busy the cores were; the CPU time itself where that decides."""
    if objective == CPU_SECONDS:
        return wording.seconds(row["cpu_seconds"])
    return wording.percent(row["cpu_share"])


def _latency_lines(summary: pd.DataFrame, recommended: str) -> tuple[LatencyLine, ...]:
    """The same approaches, if their items were timed."""
    return tuple(
        LatencyLine(
            approach=str(row["approach"]),
            quantiles=tuple(_quantile(row, name) for name in ("p50", "p95", "p99")),
            recommended=str(row["approach"]) == recommended,
        )
        for row in _ran(summary)
        if wording.known(row["latency_p99_ms"])
    )


def _quantile(row: Row, name: str) -> tuple[str, str]:
    low, high = (row[f"latency_{name}_{end}_ms"] for end in ("low", "high"))
    value = wording.milliseconds(row[f"latency_{name}_ms"])
    return cell(value), cell(wording.latency_interval(low, high))


def _race(row: Row, objective: Objective) -> str:
    race = str(row["race"])
    if race == "dropped":
        return f"out after {int(row['rounds'])}"
    words = _RACE_WORDS if objective.is_time else _OTHER_RACE_WORDS
    return words.get(race, race)


def _absent(summary: pd.DataFrame, block: Block) -> tuple[Absent, ...]:
    """What did not run, or ran and failed, with its reason."""
    steady = summary[(summary["mode"] == "steady") & (summary["status"] != "ok")]
    failed = [
        Absent(row["approach"], sentences.FAILURES.get(row["status"], "not run"), row["reason"])
        for row in records(steady)
    ]
    planned = [
        Absent(one.label, "unsupported" if one.unsupported else "not planned", one.reason)
        for one in block.not_run
    ]
    return (*failed, *planned)


def _facts(results: Results, block: Block) -> str:
    run = results.runs.get(block.name, {})
    parts = []
    if wording.known(run.get("items")):
        whose = "for each worker" if block.is_weak else "a batch"
        parts.append(f"{wording.count(run['items'], 'item')} {whose}")
    if wording.known(run.get("item_ms")):
        parts.append(f"an item of {wording.milliseconds(run['item_ms'])}")
    if wording.known(run.get("rounds")):
        parts.append(wording.count(run["rounds"], "round"))
    if run.get("stopped_because"):
        parts.append(f"stopped: {run['stopped_because']}")
    return ", ".join(parts)
