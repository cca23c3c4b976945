"""The figures as the page shows them: drawing, caption, and the finding for who can't see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from reports import figures, sentences, wording
from reports.load import Block, Results, records
from reports.sentences import Row


@dataclass(frozen=True)
class FigureView:
    """One figure on the page."""

    svg: Markup
    caption: str
    #: what the region is called in which a wide figure scrolls
    name: str
    #: as wide as the page, not beside the words
    wide: bool = True


@dataclass(frozen=True)
class _Cost:
    """One small panel in words."""

    column: str
    name: str
    finding: str
    told: Callable[[float | None], str]


#: so many panels are legible beside the words
NARROW_PANELS = 2
_COSTS = (
    _Cost(
        "latency_p99_ms", "latency of an item", "99% of items take at most", wording.milliseconds
    ),
    _Cost("peak_memory_mib", "peak memory", "Peak memory", wording.memory),
    _Cost("heartbeat_max_ms", "longest freeze", "Longest freeze", wording.milliseconds),
)


def speedup(
    results: Results, summary: pd.DataFrame, block: Block, row: Row, number: int
) -> FigureView | None:
    """A block's curves; None where no pool has a speedup. `summary` holds the block's rows."""
    if figures.curve_rows(summary).empty or not results.detailed:
        return None
    kind = "Scaled speedup" if block.is_weak else "Speedup"
    name = f"{kind} against workers, {block.title}"
    ring = ", a ring the recommendation" if sentences.picks_pool(row) else ""
    caption = (
        f"{name}; on the right, the time of a batch. Points are launches, bars 95% intervals{ring}."
    )
    if any(one.nodes > 1 for one in block.approaches) and block.kind == "cpu":
        caption += " Cores and ceiling are those of one node."
    found = sentences.figure_finding(row, block)
    path = figures.speedup_path(results.folder, block)
    return FigureView(figures.inline(path, f"f{number}", found), caption, name, wide=False)


def costs(results: Results, summary: pd.DataFrame, block: Block, number: int) -> FigureView | None:
    """A block's latency, memory and freezes; None without any, or in a grid of too many blocks."""
    rows = figures.pool_rows(summary)
    there = [cost for cost in _COSTS if rows[cost.column].notna().any()]
    if not there or not results.detailed:
        return None
    what = wording.capital(wording.listing([cost.name for cost in there]))
    alone = sentences.sequential(records(summary))
    found = " ".join(_ends(rows, alone, cost) for cost in there)
    caption = f"{what} against workers, {block.title}."
    if there[0].column == "latency_p99_ms":
        caption += " Latency is the p99 with its 95% interval, dotted the p50."
    label = f"{what} against workers, {block.subject} on {block.place}. {found}"
    path = figures.panels_path(results.folder, block)
    svg, name = figures.inline(path, f"p{number}", label), f"{what}, {block.title}"
    return FigureView(svg, caption, name, wide=len(there) > NARROW_PANELS)


def of_task(
    results: Results, summary: pd.DataFrame, subject: str, place: int
) -> tuple[FigureView, ...]:
    """What a task has beside its blocks' figures, or instead of them in a large grid."""
    blocks = figures.by_task(results).get(subject, [])
    rows = figures.curve_rows(summary[summary["block"].isin([block.name for block in blocks])])
    if rows.empty:
        return ()
    kind = "scaled speedup" if blocks[0].is_weak else "speedup"
    found = f"Best {kind} by workers and cores, {subject}. {_bests(rows)}"
    made = [] if results.detailed else [_multiples(results, blocks[0], found, place)]
    if rows["cores"].nunique() > 1:
        made.append(_heatmap(results, blocks[0], found, place))
    return tuple(made)


def _heatmap(results: Results, block: Block, found: str, place: int) -> FigureView:
    """Workers by cores."""
    kind = "scaled speedup" if block.is_weak else "speedup"
    name = f"Workers by cores, {wording.short(block.subject)}"
    caption = (
        f"{name}: in each cell the {kind} of the fastest approach, its time of a batch, and the "
        "mark of its executor. Blue is faster than sequential, orange slower; where one stands, a "
        "frame is the recommendation, with its own numbers."
    )
    path = figures.heatmap_path(results.folder, block)
    return FigureView(figures.inline(path, f"h{place}", found), caption, name)


def _multiples(results: Results, block: Block, found: str, place: int) -> FigureView:
    """Speedups on all core counts."""
    kind = "Scaled speedup" if block.is_weak else "Speedup"
    name = f"{kind} against workers, {wording.short(block.subject)}"
    caption = (
        f"{name}: its core counts on the same axes. Points are launches, bars 95% intervals, "
        "rings recommendations."
    )
    path = figures.multiples_path(results.folder, block)
    return FigureView(figures.inline(path, f"m{place}", found), caption, name)


def _bests(rows: pd.DataFrame) -> str:
    """1 core: 0.98x with threads x1, 204 ms a batch; 2 cores: ..."""
    best = (
        rows[rows["nodes"].fillna(1) == 1]
        .sort_values("speedup", ascending=False, kind="stable")
        .drop_duplicates("cores")
    )
    told = [
        f"{wording.count(row['cores'], 'core')}: {wording.times(row['speedup'])} with "
        f"{row['approach']}, {wording.seconds(row['seconds'])} a batch"
        for row in records(best.sort_values("cores"))
    ]
    return f"{'; '.join(told)}."


def _ends(rows: pd.DataFrame, alone: Row | None, cost: _Cost) -> str:
    """Peak memory from 12 MiB (threads x2) to 102 MiB (processes x8), sequential 9 MiB."""
    ordered = rows[rows[cost.column].notna()].sort_values(cost.column, kind="stable")
    low, high = (
        f"{cost.told(row[cost.column])} ({row['approach']})"
        for row in records(ordered.iloc[[0, -1]])
    )
    reach = low if low == high else f"from {low} to {high}"
    known = alone is not None and wording.known(alone[cost.column])
    beside = f", sequential {cost.told(alone[cost.column])}" if known and alone else ""
    return f"{cost.finding} {reach}{beside}."
