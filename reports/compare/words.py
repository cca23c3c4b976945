"""A comparison in words: shares, intervals, and the sentences of the first page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from experiments.statistics.records import Interval
from reports import wording
from reports.compare.advice import Outcome
from reports.compare.comparison import Comparison
from reports.compare.fleet import Choice
from reports.compare.questions import Question
from reports.compare.repeats import Repeat

#: shown on the first page; the sections have the rest
MOST = 5
MODES = {"steady": "a pool that lives on", "oneshot": "a single batch"}
MARKS = {"holds": "✓", "flip": "✕", "worse": "✕", "open": "?", "fails": "✕", "none": "\N{EN DASH}"}
OUTCOMES = {
    "holds": "holds",
    "flip": "flips",
    "worse": "worse, no verdict there",
    "open": "not proven",
    "fails": "fails there",
    "none": "nothing to say",
}


def share(value: float) -> str:
    """A regret: 12%; what nothing limits says so."""
    return wording.percent(value) if math.isfinite(value) else "no upper limit"


def between(value: Interval) -> str:
    """Its interval: 8.2% to 16%."""
    if not math.isfinite(value.high):
        return f"from {share(value.low)}, no upper limit"
    return f"{share(value.low)} to {share(value.high)}"


def regret(value: Interval | None) -> str:
    """12% (8.2% to 16%)."""
    return f"{share(value.estimate)} ({between(value)})" if value else wording.UNKNOWN


def place(question: Question) -> str:
    """Where an answer belongs: math_python on all cores, for a single batch."""
    once = ", for a single batch" if question.mode == "oneshot" else ""
    return f"{question.title}{once}"


def flip(one: Outcome) -> str:
    """A proven flip: A's processes x8 costs 45% (38% to 52%) more than the best on B in ..."""
    return (
        f"{one.giver}'s advice, there {one.label}, costs {regret(one.regret)} on {one.taker} "
        f"({place(one.question)})"
    )


def answer(comparison: Comparison) -> list[tuple[str, str]]:
    """The first page: what and the numbers that carry it, the most important first."""
    found: list[tuple[str, str]] = []
    if len(comparison.machines) > 1:
        found += [*_compared(comparison), *_fleet(comparison)]
    found += [_repeated(comparison, letter, rows) for letter, rows in comparison.repeats.items()]
    return found


def _compared(comparison: Comparison) -> list[tuple[str, str]]:
    outcomes = comparison.matrix.outcomes
    counted = Counter(str(one.state) for one in outcomes)
    told = len(outcomes) - counted["none"]
    if not told:
        return [("No advice could be held against another machine", silence(comparison))]
    margin = wording.percent(comparison.margin)
    flips = [one for one in outcomes if one.state == "flip"]
    return [
        (
            f"Advice carries over in {counted['holds']:,} of {told:,} cases",
            "a case is one machine's advice followed on another; there it is proven within "
            f"{margin} of the best. {_rest(counted)}",
        ),
        (
            f"{wording.capital(wording.count(len(flips), 'flip'))}" if flips else "No flip",
            _flips(comparison, flips),
        ),
    ]


def silence(comparison: Comparison) -> str:
    """Why advice could not be followed elsewhere, the most frequent reasons first."""
    reasons = Counter(one.reason for one in comparison.matrix.outcomes if one.state == "none")
    if not reasons:
        return "no question can be compared, and why stands below"
    told = [f"{reason} ({count:,})" for reason, count in reasons.most_common()]
    return f"{wording.listing(told, most=5)} of {reasons.total():,} cases"


def _rest(counted: Counter[str]) -> str:
    """The other cases by what is known of them."""
    parts = [
        (counted["flip"], "flip"),
        (counted["worse"], "cost more on a machine that has no verdict of its own"),
        (counted["fails"], "fail there"),
        (counted["open"], "are proven neither way"),
    ]
    said = [f"{count:,} {words}" for count, words in parts if count]
    rest = f"Of the others, {wording.listing(said)}" if said else "There are no others"
    silent = counted["none"]
    return rest + (
        f". In {silent:,} more there is no advice, or it wasn't measured" if silent else ""
    )


def _flips(comparison: Comparison, flips: Sequence[Outcome]) -> str:
    tests = wording.count(comparison.matrix.tests, "test")
    if not flips:
        margin = wording.percent(comparison.margin)
        return (
            f"nowhere is one machine's advice proven to cost more than {margin} on another that "
            f"has decided otherwise ({tests}); where nothing is proven, nothing is promised"
        )
    worst = sorted(flips, key=lambda one: -(one.regret.low if one.regret else 0))
    seen: dict[str, Outcome] = {}
    for one in worst:
        seen.setdefault(place(one.question), one)
    told = [flip(one) for one in list(seen.values())[:MOST]]
    more = len(flips) - len(told)
    rest = f"; and {more:,} more" if more > 0 else ""
    return f"{'; '.join(told)}{rest}. Proven over all {tests} together"


def _fleet(comparison: Comparison) -> list[tuple[str, str]]:
    choices = [one for one in comparison.choices if one.question.mode == "steady"]
    if not choices:
        return []
    good = [one for one in choices if one.state == "holds"]
    poor = sorted((one for one in choices if one.state == "compromise"), key=lambda one: -one.worst)
    open_ = [one for one in choices if one.state == "open"]
    margin = wording.percent(comparison.margin)
    whole = f"{len(good)} of {wording.count(len(choices), 'question')}"
    total = len(comparison.machines)
    text = "; ".join(
        f"{label(one)} in {one.question.title}{of(one.question, total)}" for one in good[:MOST]
    )
    if len(good) > MOST:
        text += f"; and {len(good) - MOST} more"
    text = text or f"nowhere is one approach proven within {margin} of the best on all machines"
    if none := sum(one.state == "none" for one in choices):
        text += f". In {none} there is nothing to choose: no approach worked on all, or too briefly"
    if open_:
        text += f". In {len(open_)} more an approach may hold, which is not proven"
    if poor:
        text += (
            f". Elsewhere the best compromise costs up to {share(poor[0].worst)}: {label(poor[0])} "
            f"in {poor[0].question.title}{of(poor[0].question, total)}, on {poor[0].where}"
        )
    return [(f"One configuration for the fleet holds in {whole} (pools that live on)", text)]


def of(question: Question, machines: int) -> str:
    """That fewer than all machines can be compared there: (2 of 3 machines)."""
    count = len(question.cells)
    return f" ({count} of {machines} machines)" if count < machines else ""


def label(one: Choice) -> str:
    """What the choice is called: processes x2, or by machine where workers follow the cores."""
    names = list(dict.fromkeys(one.labels.values()))
    if len(names) == 1:
        return names[0]
    by_name: dict[str, list[str]] = {}
    for letter, name in one.labels.items():
        by_name.setdefault(name, []).append(letter)
    parts = [f"{name} on {wording.listing(letters)}" for name, letters in by_name.items()]
    return wording.listing(parts)


def _repeated(comparison: Comparison, letter: str, rows: Sequence[Repeat]) -> tuple[str, str]:
    machine = next(one for one in comparison.machines if one.letter == letter)
    known = [one for one in rows if one.change not in ("none", "open")]
    counted = Counter(one.change for one in known)
    kept = counted["same"] + counted["tied"]
    moved = [one for one in rows if one.shift in ("faster", "slower")]
    timed = [one for one in rows if one.shift]
    runs = wording.count(len(machine.runs), "run")
    head = f"{machine.title} has {runs}"
    if not known and not timed:
        reason = next((one.reason for one in rows if one.reason), "no verdict is in both")
        return head, f"the newest can't be held against the one before it: {reason}"
    parts = [
        f"the newest confirms {kept} of {wording.count(len(known), 'verdict')} decided in both "
        f"({counted['same']} the same, {counted['tied']} within the margin)",
        f"{wording.count(counted['flip'], 'flip')}, {counted['differs']} changed without proof",
        f"seconds moved beyond noise in {len(moved)} of {len(timed)}{_moved(moved)}",
    ]
    return head, "; ".join(parts)


def _moved(moved: Sequence[Repeat]) -> str:
    if not moved:
        return ""
    worst = max(moved, key=lambda one: abs(math.log(one.ratio.estimate)) if one.ratio else 0.0)
    if worst.ratio is None:
        return ""
    ends = wording.ratio_interval(worst.ratio.low, worst.ratio.high)
    return (
        f", most in {wording.short(worst.older.subject)} on {worst.older.cores}: "
        f"{wording.number(worst.ratio.estimate)} times as long ({ends})"
    )


def approach_counts(question: Question) -> str:
    """What is recommended on how many machines: processes x2 on 30, undecided on 12."""
    names = Counter(
        seen.label if seen.decided else "undecided" if seen.pick is not None else "failed"
        for seen in question.cells.values()
    )
    return wording.listing([f"{name} on {count}" for name, count in names.most_common()], most=5)
