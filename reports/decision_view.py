"""What the decision record says of each block: what is chosen and why, and what was considered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.statistics.records import DECIDED
from reports import figures, sentences, wording
from reports.answers import cell, gain
from reports.decision_options import Option, options
from reports.load import Block, Results, records
from reports.sentences import Row

ACCEPTED, PROPOSED = "accepted", "proposed"


@dataclass(frozen=True)
class Decision:
    """All that the record says of one block; `once` is for a pool that lives for one batch."""

    block: Block
    title: str
    place: str
    mark: str
    verdict: str
    status: str
    choice: str
    speedup: str
    interval: str
    seconds: str
    text: str
    once: str
    consequences: tuple[str, ...]
    options: tuple[Option, ...]
    figure: str
    alt: str
    scope: tuple[str, ...]


def decide(
    results: Results,
    block: Block,
    verdicts: Mapping[tuple[str, str], Row],
    summary: pd.DataFrame,
    suspect: bool,
) -> Decision:
    """The decision on one block. `suspect`: the run's A/A control failed, so nothing is decided."""
    steady, once = verdicts[block.name, "steady"], verdicts.get((block.name, "oneshot"))
    own = summary[summary["block"] == block.name]
    sure = _sure(steady, suspect)
    numbers = gain(steady)
    return Decision(
        block=block,
        title=block.title,
        place=block.place,
        mark=sentences.MARKS.get(str(steady["verdict"]), ""),
        verdict=str(steady["verdict"]),
        status=ACCEPTED if sure else PROPOSED,
        choice=str(steady["approach"]) if sure else "not decided",
        speedup=numbers["speedup"] if sure else "",
        interval=numbers["speedup_interval"] if sure else "",
        seconds=cell(wording.seconds(steady["seconds"])) if sure else "",
        text=_text(steady, block, suspect),
        once=sentences.oneshot(once) if once is not None else "",
        consequences=tuple(_consequences(steady, once, own, sure)),
        options=tuple(options(own, block, steady, sure)),
        figure=_figure(results, block, own),
        alt=sentences.figure_finding(steady, block),
        scope=_scope(results, block, own),
    )


def _sure(row: Row, suspect: bool) -> bool:
    """Whether a verdict chooses: it stands, and it can be true."""
    return sentences.stands(row) and not suspect


def _text(row: Row, block: Block, suspect: bool) -> str:
    """What is chosen and why; or that nothing is, and what is missing."""
    certainty = sentences.certainty(row, block)
    if _sure(row, suspect):
        return f'Chosen option: "{row["approach"]}", because {_because(row)}. {certainty}'
    told = sentences.recommendation(row)
    if str(row["verdict"]) not in DECIDED:
        return f"{told} {certainty}".strip()
    why = "the A/A control of this run failed" if suspect else "this can't be right as measured"
    return f"No option is chosen, as {why}; measure again. The verdict was: {told} {certainty}"


def _because(row: Row) -> str:
    """1.96x sequential (1.94 to 1.97x), 102 ms a batch instead of 200 ms."""
    decided = sentences.decided_on(row)
    first = f"{decided}; " if decided else ""
    if sentences.is_sequential(row):
        beats = sentences.beats(sentences.objective(row))
        return (
            f"nothing {beats} the sequential program by more than "
            f"{wording.percent(row['margin'])} ({first}{sentences.against(row)})"
        )
    return f"it is {first}{sentences.gain(row)}, {sentences.against(row)}"


# --- consequences -----------------------------------------------------------------------------


def _consequences(row: Row, once: Row | None, summary: pd.DataFrame, sure: bool) -> Iterator[str]:
    """Good, neutral and bad ones of what is chosen; of what is not, only the warnings."""
    if sure:
        steady = summary[summary["mode"] == "steady"]
        own = records(steady[steady["approach"] == row["approach"]])
        yield from _measured(row, own[0], sentences.sequential(records(steady)))
    for concern in sentences.concerns(row, once):
        yield f"Bad, because of a warning: {concern}."


def _measured(row: Row, own: Row, sequential: Row | None) -> Iterator[str]:
    """What was measured of a choice: its rows of verdicts.csv and summary.csv."""
    if sentences.is_sequential(row):
        yield "Good, because nothing has to be started, shared or locked."
    elif _gains(row):
        yield f"Good, because it is {sentences.gain(row)}, {sentences.against(row)}."
    else:
        yield f"Neutral, because it is {sentences.gain(row)}, {sentences.against(row)}."
    if price := sentences.price(row, sequential):
        yield f"{'Bad' if _costs_more(row, sequential) else 'Neutral'}, because {_lower(price)}"
    if start := sentences.start(row):
        judged = "Neutral" if wording.known(row["payback_high"]) else "Bad"
        yield f"{judged}, because {_lower(start)}"
    if freeze := sentences.responsiveness(row, sequential):
        yield f"Neutral, because {_lower(freeze)}"
    if tail := sentences.latency(own, sequential):
        yield f"Neutral, because {_lower(tail)}"


def _gains(row: Row) -> bool:
    """Whether it is faster than the sequential program beyond the margin."""
    return wording.known(row["speedup_low"]) and row["speedup_low"] > 1 + row["margin"]


def _costs_more(row: Row, sequential: Row | None) -> bool:
    """Whether it takes more memory than the sequential program, beyond the margin."""
    if sequential is None or sentences.is_sequential(row):
        return False
    own, other = row["peak_memory_mib"], sequential["peak_memory_mib"]
    return wording.known(own) and wording.known(other) and own > other * (1 + row["margin"])


def _lower(text: str) -> str:
    """A sentence as the end of another one."""
    return text[:1].lower() + text[1:]


# --- figure and scope -------------------------------------------------------------------------


def _figure(results: Results, block: Block, summary: pd.DataFrame) -> str:
    """Relative link to the block's curves; empty where it has none."""
    path = figures.curves_path(results, block)
    if path is None or figures.curve_rows(summary).empty:
        return ""
    return path.relative_to(results.folder).as_posix()


def _scope(results: Results, block: Block, summary: pd.DataFrame) -> tuple[str, ...]:
    """The cells of its line in the table of what was measured."""
    run: Mapping[str, Any] = results.runs.get(block.name, {})
    workers = sorted({approach.workers for approach in block.approaches})
    items = summary["items"].max() if summary["items"].notna().any() else None
    return (
        block.subject,
        wording.short(_params(block), 200),
        str(block.cores),
        ", ".join(map(str, workers)),
        (f"{int(items):,}" if items else "") + (" a worker" if block.is_weak else ""),
        cell(wording.milliseconds(run.get("item_ms"))),
        cell(_size(run)),
        str(run.get("rounds", "")),
        str(run.get("stopped_because") or ""),
    )


def _params(block: Block) -> str:
    """All parameters of its task, given or default: item_ms=6.0, cpu_share=0.75."""
    return ", ".join(f"{key}={value}" for key, value in json.loads(block.params).items()) or "none"


def _size(run: Mapping[str, Any]) -> str:
    """Pickled size of an item and of its result."""
    sizes = [run.get(f"{name}_kib") for name in ("item", "result")]
    if not all(wording.known(size) for size in sizes):
        return wording.UNKNOWN
    return " + ".join(f"{wording.number(size)}" for size in sizes)
