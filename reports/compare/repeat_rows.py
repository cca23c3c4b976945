"""Runs of one machine as tables: the newest beside the one before it, and the trend."""

from __future__ import annotations

from reports import sentences, wording
from reports.compare import words
from reports.compare.comparison import Comparison
from reports.compare.lines import gain
from reports.compare.machines import Machine
from reports.compare.repeats import Repeat
from reports.compare.rows import Rows
from reports.compare.seen import Run, Seen

#: runs that have a column of the trend
MOST_RUNS = 6
_CHANGES = {
    "same": "✓ the same",
    "tied": "✓ within the margin",
    "flip": "✕ flip",
    "differs": "? changed, not proven",
    "open": "? not decided in both",
    "fails": "✕ fails now",
    "none": "\N{EN DASH}",
}


def repeat(comparison: Comparison, machine: Machine) -> tuple[str, Rows]:
    """The machine's title, and its newest run beside the one before it."""
    rows = [_repeated(one) for one in comparison.repeats[machine.letter]]
    heads = ("Task", "Cores", "Before", "Newest", "Verdict", "Old advice costs now", "Seconds now")
    older, newer = machine.runs[-2:]
    caption = f"{when(newer)} beside {when(older)}{_changed(older, newer)}"
    return machine.title, Rows(caption, heads, tuple(rows))


def _changed(older: Run, newer: Run) -> str:
    """What of the machine and of Poolwise is another in the newer run: a likely reason."""
    before, now = dict(older.facts), dict(newer.facts)
    changed = [
        f"{name} {wording.short(before.get(name, wording.UNKNOWN))} → {wording.short(value)}"
        for name, value in now.items()
        if before.get(name) != value
    ]
    return f"; another now: {wording.listing(changed, most=6)}" if changed else ""


def _repeated(one: Repeat) -> tuple[str, ...]:
    once = ", for a single batch" if one.older.mode == "oneshot" else ""
    shift = {"faster": "faster: ", "slower": "slower: "}.get(one.shift, "")
    ratio = one.ratio
    seconds = one.reason if one.change != "none" else ""
    if ratio is not None:
        ends = wording.ratio_interval(ratio.low, ratio.high)
        seconds = f"{shift}{wording.number(ratio.estimate)}x ({ends})"
    return (
        f"{wording.short(one.older.subject)}{once}",
        f"{one.older.cores}",
        _verdict(one.older),
        _verdict(one.newer) if one.newer else "\N{EN DASH}",
        f"{_CHANGES[one.change]}{_why(one)}",
        words.regret(one.regret) if one.regret else "\N{EN DASH}",
        seconds or "\N{EN DASH}",
    )


def _why(one: Repeat) -> str:
    """The reason in few words, as a column is narrow; whole it stands in repeats.csv."""
    if one.change not in ("none", "fails"):
        return ""
    return f": {one.reason.partition(' (')[0] if one.change == 'none' else one.reason}"


def _verdict(seen: Seen) -> str:
    return f"{sentences.MARKS.get(seen.verdict, '')} {seen.label or 'none'}"


def trend(comparison: Comparison, machine: Machine) -> Rows:
    """Every verdict over all runs, a column a run; of many runs the newest."""
    runs = machine.runs[-MOST_RUNS:]
    rows = []
    for one in comparison.trends[machine.letter]:
        once = ", for a single batch" if one.first.mode == "oneshot" else ""
        told = [_told(seen) for run, seen in one.points if run in runs]
        rows.append((f"{wording.short(one.first.subject)}{once}", f"{one.first.cores}", *told))
    left = len(machine.runs) - len(runs)
    caption = f"{machine.title}: verdicts over its runs, the oldest first"
    if left:
        caption += f" (the newest {len(runs)} of {len(machine.runs)}; all are in trends.csv)"
    return Rows(caption, ("Task", "Cores", *(when(run) for run in runs)), tuple(rows))


def _told(seen: Seen | None) -> str:
    if seen is None:
        return "\N{EN DASH}"
    speedup = gain(seen)
    return f"{_verdict(seen)}{f', {speedup}' if speedup else ''}"


def when(run: Run) -> str:
    """2026-11-25 23:14, UTC."""
    return run.started[:16].replace("T", " ")
