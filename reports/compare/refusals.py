"""What can't be compared, and why: all of it, and counted for the first page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reports import wording
from reports.compare.comparison import Comparison
from reports.compare.questions import Question
from reports.compare.words import place

#: how reasons start, and how the first page counts them
_KINDS = (
    ("its verdict can't stand", "can't stand as measured (implausible, or not what its data say)"),
    ("the code of the task differs", "of other code than the others'"),
    ("not known to be the same code", "of code that may be another than the others'"),
    ("it counts as", "of another kind of work than on the others"),
    ("measured on", "of a task, parameters or objective that one machine alone has"),
)


def refusals(comparison: Comparison) -> list[tuple[str, str]]:
    """What can't be compared, and why; the same reason is said once."""
    found: dict[str, list[str]] = {}
    for refused in comparison.refused:
        found.setdefault(refused.reason, []).append(wording.short(refused.source, 80))
    for source in comparison.fleet.twice:
        reason = "given twice: the same run counts once"
        found.setdefault(reason, []).append(wording.short(source, 80))
    for question in comparison.questions:
        for letter, reason in question.refused.items():
            found.setdefault(reason, []).append(f"{place(question)} on {letter}")
    found |= _alone(comparison)
    return [(_places(places), reason) for reason, places in found.items()]


def refused(comparison: Comparison) -> str:
    """The first page: what can't be compared, counted by the kind of reason."""
    counted: Counter[str] = Counter()
    for question in comparison.questions:
        reasons = [*question.refused.values()]
        reasons += ["measured on"] if _is_alone(comparison, question) else []
        for reason in reasons:
            kind = next((told for start, told in _KINDS if reason.startswith(start)), reason)
            counted[kind] += 1
    said = [f"{count:,} {wording.short(kind, 80)}" for kind, count in counted.most_common()]
    parts = [f"of the verdicts {wording.listing(said, most=6)}"] if said else []
    if comparison.refused:
        runs = [f"{wording.short(one.source, 40)} ({one.reason})" for one in comparison.refused]
        parts.append(f"not read: {'; '.join(runs[:3])}{'; and more' if len(runs) > 3 else ''}")
    if comparison.fleet.twice:
        parts.append(f"{wording.count(len(comparison.fleet.twice), 'run')} given twice")
    return "; ".join(parts)


def _is_alone(comparison: Comparison, question: Question) -> bool:
    return len(question.shown) == 1 < len(comparison.machines)


def _alone(comparison: Comparison) -> dict[str, list[str]]:
    """Lines that one machine alone has: the task is new to the others, or has other parameters."""
    if len(comparison.machines) < 2:
        return {}
    by_task: dict[tuple[str, str], set[str]] = {}
    for question in comparison.questions:
        by_task.setdefault((question.task, question.mode), set()).update(question.shown)
    found: dict[str, list[str]] = {}
    for question in comparison.questions:
        if _is_alone(comparison, question):
            (letter,) = question.shown
            others = sorted(by_task[question.task, question.mode] - {letter})
            reason = f"measured on {letter} alone"
            if others:
                reason += (
                    f"; {wording.listing(others)} measured the task with other parameters or "
                    "judged it otherwise"
                )
            found.setdefault(reason, []).append(place(question))
    return found


def _places(places: Sequence[str]) -> str:
    names = list(dict.fromkeys(places))
    return wording.listing(names, most=12)
