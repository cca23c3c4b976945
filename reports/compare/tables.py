"""A comparison's numbers as CSV: rows of the tables of the contract that are not of one machine."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments import schema
from experiments.statistics.records import Interval
from reports.compare.comparison import Comparison
from reports.compare.questions import ALL_CORES, Question
from reports.compare.seen import Seen

Row = dict[str, Any]


def write(comparison: Comparison, folder: Path) -> None:
    """Write all tables into the folder of the comparison."""
    for table, rows in (
        (schema.MACHINES, _machines(comparison)),
        (schema.COMPARED, _compared(comparison)),
        (schema.REGRETS, _regrets(comparison)),
        (schema.FLEET, _fleet(comparison)),
        (schema.SPEEDS, _speeds(comparison)),
        (schema.REPEATS, _repeats(comparison)),
        (schema.TRENDS, _trends(comparison)),
    ):
        schema.write(table, rows, folder / f"{table.name}.csv")


def _machines(comparison: Comparison) -> Iterator[Row]:
    for machine in comparison.fleet.machines:
        for run in machine.runs:
            yield {
                "machine": machine.letter,
                "name": run.name,
                "run_id": run.run_id,
                "source": run.source,
                "started_at": run.started,
                "stands": run is machine.newest,
                "fingerprint": run.fingerprint,
                "cores": run.usable,
                "cpus": json.dumps(run.cpus),
                "quota_cores": run.quota,
                "interpreters": json.dumps(run.pythons),
                "doubts": json.dumps(run.doubts),
            }


def _compared(comparison: Comparison) -> Iterator[Row]:
    for question in comparison.questions:
        for letter, seen in question.shown.items():
            yield {
                **_question(question),
                "machine": letter,
                "cores": seen.cores,
                "verdict": seen.verdict,
                "approach": seen.label,
                **_way(seen),
                **_interval("speedup", seen.speedup),
                "comparable": letter in question.cells,
                "reason": question.refused.get(letter, ""),
            }


def _way(seen: Seen) -> Row:
    way = seen.way
    if way is None:
        return {}
    return {
        "interpreter": way.python,
        "executor": way.executor,
        "executor_options": way.options,
        "workers": way.workers,
    }


def _regrets(comparison: Comparison) -> Iterator[Row]:
    for one in comparison.matrix.outcomes:
        yield {
            **_question(one.question),
            "adviser": one.giver,
            "machine": one.taker,
            "approach": one.label,
            "carried": one.how,
            "outcome": one.state,
            **_interval("regret", one.regret),
            "margin": comparison.margin,
            "reason": one.reason,
        }


def _fleet(comparison: Comparison) -> Iterator[Row]:
    for one in comparison.choices:
        yield {
            **_question(one.question),
            "outcome": one.state,
            "approaches": json.dumps(one.labels, ensure_ascii=False),
            "worst_regret": _finite(one.worst),
            "worst_machine": one.where,
            "candidates": one.candidates,
            "margin": comparison.margin,
            "reason": one.reason,
        }


def _speeds(comparison: Comparison) -> Iterator[Row]:
    for one in comparison.speeds:
        yield {
            **_question(one.question),
            "machine": one.letter,
            "approach": one.label,
            **_interval("own_seconds", one.own_seconds),
            **_interval("seconds", one.seconds),
            "base": one.base,
            **_interval("ratio", one.ratio),
            "same_work": one.same if one.ratio else None,
            "reason": one.reason,
        }


def _repeats(comparison: Comparison) -> Iterator[Row]:
    for machine in comparison.repeated:
        older, newer = machine.runs[-2:]
        for one in comparison.repeats[machine.letter]:
            yield {
                **_block(one.older),
                "machine": one.letter,
                "older_run": older.run_id,
                "newer_run": newer.run_id,
                "older_verdict": one.older.verdict,
                "older_approach": one.older.label,
                "newer_verdict": one.newer.verdict if one.newer else "",
                "newer_approach": one.newer.label if one.newer else "",
                "change": one.change,
                **_interval("regret", one.regret),
                **_interval("seconds_ratio", one.ratio),
                "shift": one.shift,
                "reason": one.reason,
            }


def _trends(comparison: Comparison) -> Iterator[Row]:
    for trend in _all(comparison.trends.values()):
        for run, seen in trend.points:
            if seen is not None:
                yield {
                    **_block(seen),
                    "machine": trend.letter,
                    "run_id": run.run_id,
                    "started_at": run.started,
                    "verdict": seen.verdict,
                    "approach": seen.label,
                    **_interval("speedup", seen.speedup),
                    "code_digest": seen.code.digest,
                    "measured_code_digest": run.measured_code,
                }


def _all(groups: Iterable[Iterable[Any]]) -> Iterator[Any]:
    for group in groups:
        yield from group


def _question(question: Question) -> Row:
    return {
        "task": question.task,
        "params": question.params,
        "objective": question.objective,
        "scaling": question.scaling,
        "mode": question.mode,
        "on_cores": "all" if question.cores == ALL_CORES else str(question.cores),
    }


def _block(seen: Seen) -> Row:
    return {
        "task": seen.task,
        "params": seen.params,
        "objective": seen.objective,
        "scaling": seen.scaling,
        "mode": seen.mode,
        "cores": seen.cores,
    }


def _interval(name: str, value: Interval | None) -> Row:
    """Three columns; an end that nothing limits stays empty."""
    if value is None:
        return {}
    ends = (value.estimate, value.low, value.high)
    names = (name, f"{name}_low", f"{name}_high")
    return {name: _finite(end) for name, end in zip(names, ends, strict=True)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
