"""The tables of a comparison as rows of texts: outcomes, configurations, speeds, ceilings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports import wording
from reports.answers import cell
from reports.compare import words
from reports.compare.advice import Outcome
from reports.compare.comparison import Comparison
from reports.compare.speeds import Speed

#: rows of outcomes, few where there are many machines: the worst; all are in regrets.csv
MOST_ROWS, MOST_OF_MANY = 150, 40
_FOUND = {
    "holds": "✓ holds on all",
    "open": "? may hold, not proven",
    "compromise": "best compromise",
    "none": "none",
}


@dataclass(frozen=True)
class Rows:
    """A table: its heading's cells and its rows of texts."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def outcomes(comparison: Comparison) -> Rows:
    """What advice costs elsewhere: all of it, or of many machines the worst."""
    order = {"fails": 0, "flip": 1, "worse": 2, "open": 3, "holds": 4, "none": 5}
    told = [one for one in comparison.matrix.outcomes if one.state != "none"]
    most = MOST_OF_MANY if comparison.many else MOST_ROWS
    if len(told) > most:
        told.sort(key=lambda one: (order[one.state], -(one.regret.low if one.regret else 0)))
    rows = [_outcome(one, comparison.margin) for one in told[:most]]
    left = len(told) - len(rows)
    caption = "What advice costs on other machines"
    if left:
        caption += f"; the worst {len(rows)} of {len(told):,} (all are in regrets.csv)"
    heads = ("Task", "From", "On", "There it is", "Outcome", "Regret", "95% interval")
    return Rows(caption, heads, tuple(rows))


def _outcome(one: Outcome, margin: float) -> tuple[str, ...]:
    how = "" if one.how == "the same workers" else f" ({one.how})"
    open_ = "" if one.there.decided else " (no verdict there)"
    if one.state == "open" and one.regret and one.regret.low > margin:
        open_ += " over all tests"  # its own interval would prove it
    return (
        words.place(one.question),
        one.giver,
        one.taker,
        f"{one.label}{how}",
        f"{words.MARKS[one.state]} {words.OUTCOMES[one.state]}{open_}",
        words.share(one.regret.estimate) if one.regret else "\N{EN DASH}",
        words.between(one.regret) if one.regret else one.reason,
    )


def fleet(comparison: Comparison) -> Rows:
    """One configuration for all machines, a row a question."""
    rows = [
        (
            words.place(one.question),
            _FOUND[one.state],
            words.label(one) if one.labels else "\N{EN DASH}",
            words.share(one.worst) if one.where else "\N{EN DASH}",
            one.where or one.reason,
            f"{len(one.question.cells)}",
        )
        for one in comparison.choices
    ]
    heads = ("Task", "Found", "Configuration", "Worst regret, at most", "Where", "Machines")
    return Rows("One configuration for all machines", heads, tuple(rows))


def speeds(comparison: Comparison) -> Rows:
    """Each machine's best; of many machines the fastest and the slowest of a question."""
    found = comparison.speeds
    shown: Sequence[Speed] = _extremes(found) if comparison.many else found
    rows = [
        (
            one.question.title,
            one.letter,
            one.label,
            cell(wording.seconds(one.seconds.estimate)) if one.seconds else "\N{EN DASH}",
            "1 (the measure)" if one.letter == one.base else _ratio(one),
            one.reason if one.ratio is None else "the same" if one.same else "by items x scale",
        )
        for one in shown
    ]
    caption = "Seconds of each machine's best for the same work, and their ratio"
    if comparison.many:
        caption += ": first, fastest and slowest machine (all are in speeds.csv)"
    return Rows(caption, ("Task", "Machine", "Its best", "Seconds", "Ratio", "Work"), tuple(rows))


def _ratio(one: Speed) -> str:
    if one.ratio is None:
        return "\N{EN DASH}"
    ends = wording.ratio_interval(one.ratio.low, one.ratio.high)
    return f"{wording.number(one.ratio.estimate)} ({ends})"


def _extremes(found: Sequence[Speed]) -> list[Speed]:
    by_question: dict[int, list[Speed]] = {}
    for one in found:
        by_question.setdefault(id(one.question), []).append(one)
    made = []
    for group in by_question.values():
        known = sorted((s for s in group if s.seconds), key=lambda one: one.seconds.estimate)  # type: ignore[union-attr]
        picked = {id(one): one for one in [group[0], *known[:1], *known[-1:]]}
        made += list(picked.values())
    return made


def ceilings(comparison: Comparison) -> Rows:
    """What independent processes reach on each machine, a column a core count."""
    tables = {one.letter: one.newest.ceiling for one in comparison.machines}
    counts = sorted({int(row[0]) for table in tables.values() for row in table})
    rows = []
    for letter, table in tables.items():
        by_cores = {int(row[0]): row for row in table}
        told = [
            f"{wording.times(by_cores[k][1])} ({wording.times_interval(*by_cores[k][2:])})"
            if k in by_cores else "\N{EN DASH}"
            for k in counts
        ]  # fmt: skip
        rows.append((letter, *told))
    heads = ("Machine", *(wording.count(k, "core") for k in counts))
    return Rows("Measured ceilings: median, least to most of the repeats", heads, tuple(rows))
