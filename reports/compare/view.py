"""A comparison as its page prints it: rows of texts, nothing left to compute in the templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports import sentences, wording
from reports.answers import cell
from reports.compare import words
from reports.compare.advice import Outcome
from reports.compare.comparison import Comparison
from reports.compare.drawn import Drawn
from reports.compare.fleet import Choice
from reports.compare.machines import Machine
from reports.compare.questions import Question
from reports.compare.repeats import Repeat
from reports.compare.seen import Pair, Run, Seen
from reports.compare.speeds import Speed

#: rows of outcomes, few where there are many machines: the worst; all are in regrets.csv
MOST_ROWS, MOST_OF_MANY = 150, 40
#: facts of many machines that are shown; the others only where they differ
_BRIEF = ("Processor", "Usable cores", "CPU quota", "Memory", "Operating system", "Interpreters")


@dataclass(frozen=True)
class CellView:
    """One machine's verdict in one question; `notes` are advice of others that costs too much."""

    letter: str
    verdict: str
    mark: str
    approach: str
    gain: str
    seconds: str
    state: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LineView:
    """One question: its machines, and what is said of the whole line."""

    subject: str
    place: str
    cells: tuple[CellView, ...]
    counts: str
    flips: int
    fleet: str
    fleet_state: str
    fleet_cost: str
    fleet_of: str
    worst: str


@dataclass(frozen=True)
class Rows:
    """A table: its heading's cells and its rows of texts."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def context(comparison: Comparison, figures: Sequence[Drawn]) -> dict[str, Any]:
    """Everything the templates print, but for the page's own style and script."""
    machines = comparison.machines
    return {
        "title": _title(comparison),
        "subtitle": _subtitle(comparison),
        "answers": words.answer(comparison),
        "doubts": _doubts(comparison),
        "machines": [(one.letter, one.title.partition(": ")[2]) for one in machines],
        "many": comparison.many,
        "several": len(machines) > 1,
        "margin": wording.percent(comparison.margin),
        "tests": f"{comparison.matrix.tests:,}",
        "runs": _runs(machines),
        "facts": facts(comparison),
        "matrices": _matrices(comparison),
        "outcomes": _outcomes(comparison),
        "fleet": _fleet(comparison),
        "speeds": _speeds(comparison),
        "ceilings": _ceilings(comparison),
        "silence": words.silence(comparison),
        "refusals": words.refusals(comparison),
        "refused": words.refused(comparison),
        "repeats": [_repeat(comparison, one) for one in comparison.repeated],
        "trends": [_trend(comparison, one) for one in comparison.repeated],
        "figures": figures,
    }


def _title(comparison: Comparison) -> str:
    if len(comparison.machines) == 1:
        runs = wording.count(len(comparison.machines[0].runs), "run")
        return f"{runs} of {wording.short(comparison.machines[0].newest.name, 40)} compared"
    return f"{wording.count(len(comparison.machines), 'machine')} compared"


def _subtitle(comparison: Comparison) -> str:
    titles = [one.title for one in comparison.machines]
    return wording.listing(titles, most=6)


def _doubts(comparison: Comparison) -> list[str]:
    """What speaks against whole runs, and margins that differ."""
    found: dict[str, list[str]] = {}
    for machine in comparison.machines:
        for doubt in machine.newest.doubts:
            found.setdefault(doubt, []).append(machine.letter)
    said = [f"{wording.listing(letters, most=9)}: {doubt}." for doubt, letters in found.items()]
    margins = {run.margin for machine in comparison.machines for run in machine.runs}
    if len(margins) > 1:
        said.append(
            f"The runs were decided with different margins; here differences up to "
            f"{wording.percent(comparison.margin)}, the largest of them, don't matter."
        )
    return said


def _runs(machines: Sequence[Machine]) -> Rows:
    rows = [
        (
            machine.letter,
            wording.short(run.name, 40),
            _when(run),
            wording.short(run.run_id, 30),
            run.fingerprint[:16],
            wording.short(run.source, 60),
            "stands for the machine" if run is machine.newest and len(machine.runs) > 1 else "",
        )
        for machine in machines
        for run in machine.runs
    ]
    heads = ("Machine", "Name", "Measured (UTC)", "Run", "Fingerprint", "Read from", "Role")
    return Rows("The runs that were compared", heads, tuple(rows))


def _when(run: Run) -> str:
    return run.started[:16].replace("T", " ")


def facts(comparison: Comparison) -> tuple[Rows, str]:
    """Fingerprints side by side: the facts that differ as a table, the others as a sentence."""
    given = {one.letter: dict(one.newest.facts) for one in comparison.machines}
    names = list(dict.fromkeys(name for table in given.values() for name in table))
    values = {
        name: [table.get(name, wording.UNKNOWN) for table in given.values()] for name in names
    }
    differing = [name for name in names if len(set(values[name])) > 1]
    same = [(name, values[name][0]) for name in names if name not in differing]
    if comparison.many:
        shown = [name for name in names if name in _BRIEF and name in differing]
        rows = [
            (letter, *(wording.short(table.get(name, wording.UNKNOWN), 48) for name in shown))
            for letter, table in given.items()
        ]
        heads: tuple[str, ...] = ("Machine", *shown)
        others = [name for name in differing if name not in shown]
        said = f"Also different: {wording.listing(others, most=30)}. " if others else ""
        return Rows("What differs between the machines", heads, tuple(rows)), said + _same(same)
    rows = [(name, *values[name]) for name in differing]
    return Rows("What differs", ("Fact", *given), tuple(rows)), _same(same)


def _same(pairs: Iterable[Pair]) -> str:
    told = [f"{name} {value}" for name, value in pairs if value not in (wording.UNKNOWN, "none")]
    return f"The same on all: {', '.join(told)}." if told else ""


def _matrices(comparison: Comparison) -> list[tuple[str, str, list[LineView]]]:
    """By mode: what it is called, and its lines."""
    if len(comparison.machines) < 2:
        return []
    flips: dict[tuple[int, str], list[Outcome]] = {}
    for one in comparison.matrix.outcomes:
        if one.state in ("flip", "worse", "fails"):
            flips.setdefault((id(one.question), one.taker), []).append(one)
    chosen = {id(one.question): one for one in comparison.choices}
    made = []
    for mode, told in words.MODES.items():
        asked = [one for one in comparison.questions if one.mode == mode and len(one.shown) > 1]
        lines = [_line(comparison, one, flips, chosen.get(id(one))) for one in asked]
        if lines:
            made.append((mode, told, lines))
    return made


def _line(
    comparison: Comparison,
    question: Question,
    flips: dict[tuple[int, str], list[Outcome]],
    choice: Choice | None,
) -> LineView:
    here = {letter: flips.get((id(question), letter), []) for letter in question.shown}
    count = sum(one.state == "flip" for found in here.values() for one in found)
    letters = [] if comparison.many else comparison.fleet.letters
    known = [one.regret.low for found in here.values() for one in found if one.regret]
    return LineView(
        subject=question.name,
        place=question.place,
        cells=tuple(_cell(question, letter, here.get(letter, [])) for letter in letters),
        counts=words.approach_counts(question),
        flips=count,
        fleet=words.label(choice) if choice and choice.labels else "\N{EN DASH}",
        fleet_state=choice.state if choice else "none",
        fleet_cost=_cost(choice),
        fleet_of=words.of(question, len(comparison.machines)) if choice else "",
        worst=f"at least {words.share(max(known))}" if known else "",
    )


def _cost(choice: Choice | None) -> str:
    """What the best compromise costs at most, and where."""
    if choice is None or not choice.where:
        return ""
    return f"up to {words.share(choice.worst)} on {choice.where}"


def _cell(question: Question, letter: str, found: Sequence[Outcome]) -> CellView:
    seen = question.shown.get(letter)
    if seen is None:
        return CellView(letter, "", "", "not measured", "", "", "absent", ())
    refused = letter in question.refused
    return CellView(
        letter=letter,
        verdict=seen.verdict,
        mark=sentences.MARKS.get(seen.verdict, ""),
        approach=seen.label or "none",
        gain=_gain(seen),
        seconds=wording.count(seen.cores, "core"),
        state="apart" if refused else "flip" if found else "",
        notes=("can't be compared",) if refused else tuple(_notes(found)),
    )


def _notes(found: Sequence[Outcome]) -> Iterable[str]:
    by_label: dict[tuple[str, str], list[Outcome]] = {}
    for one in found:
        by_label.setdefault((one.label, one.state), []).append(one)
    for (label, state), same in by_label.items():
        whose = wording.listing([one.giver for one in same])
        if state == "fails":
            yield f"{whose}'s advice, {label}, fails here"
        else:
            yield f"{whose}'s advice, {label}, costs {words.regret(same[0].regret)}"


def _gain(seen: Seen) -> str:
    if seen.speedup is None or (seen.way and seen.way.executor == "sequential"):
        return ""
    interval = wording.times_interval(seen.speedup.low, seen.speedup.high)
    return f"{wording.times(seen.speedup.estimate)} ({interval})"


def _outcomes(comparison: Comparison) -> Rows:
    """What advice costs elsewhere: all of it, or of many machines the worst."""
    order = {"fails": 0, "flip": 1, "worse": 2, "open": 3, "holds": 4, "none": 5}
    told = [one for one in comparison.matrix.outcomes if one.state != "none"]
    most = MOST_OF_MANY if comparison.many else MOST_ROWS
    if len(told) > most:
        told.sort(key=lambda one: (order[one.state], -(one.regret.low if one.regret else 0)))
    rows = [_outcome(one) for one in told[:most]]
    left = len(told) - len(rows)
    caption = "What advice costs on other machines"
    if left:
        caption += f"; the worst {len(rows)} of {len(told):,} (all are in regrets.csv)"
    heads = ("Task", "From", "On", "There it is", "Outcome", "Regret", "95% interval")
    return Rows(caption, heads, tuple(rows))


def _outcome(one: Outcome) -> tuple[str, ...]:
    how = "" if one.how == "the same workers" else f" ({one.how})"
    open_ = "" if one.there.decided else " (no verdict there)"
    return (
        words.place(one.question),
        one.giver,
        one.taker,
        f"{one.label}{how}",
        f"{words.MARKS[one.state]} {words.OUTCOMES[one.state]}{open_}",
        words.share(one.regret.estimate) if one.regret else "\N{EN DASH}",
        words.between(one.regret) if one.regret else one.reason,
    )


_FOUND = {
    "holds": "✓ holds on all",
    "open": "? may hold, not proven",
    "compromise": "best compromise",
    "none": "none",
}


def _fleet(comparison: Comparison) -> Rows:
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


def _speeds(comparison: Comparison) -> Rows:
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


def _ceilings(comparison: Comparison) -> Rows:
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


def _repeat(comparison: Comparison, machine: Machine) -> tuple[str, Rows]:
    rows = [_repeated(one) for one in comparison.repeats[machine.letter]]
    heads = ("Task", "Cores", "Before", "Newest", "Verdict", "Old advice costs now", "Seconds now")
    older, newer = machine.runs[-2:]
    caption = f"{_when(newer)} beside {_when(older)}"
    return machine.title, Rows(caption, heads, tuple(rows))


_CHANGES = {
    "same": "✓ the same",
    "tied": "✓ within the margin",
    "flip": "✕ flip",
    "differs": "? changed, not proven",
    "open": "? not decided in both",
    "fails": "✕ fails now",
    "none": "\N{EN DASH}",
}


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
        f"{_CHANGES[one.change]}{': ' + one.reason if one.change in ('none', 'fails') else ''}",
        words.regret(one.regret) if one.regret else "\N{EN DASH}",
        seconds or "\N{EN DASH}",
    )


def _verdict(seen: Seen) -> str:
    return f"{sentences.MARKS.get(seen.verdict, '')} {seen.label or 'none'}"


def _trend(comparison: Comparison, machine: Machine) -> Rows:
    """Every verdict over all runs, a column a run; of many runs the newest."""
    runs = machine.runs[-6:]
    rows = []
    for one in comparison.trends[machine.letter]:
        once = ", for a single batch" if one.first.mode == "oneshot" else ""
        told = [_told(seen) for run, seen in one.points if run in runs]
        rows.append((f"{wording.short(one.first.subject)}{once}", f"{one.first.cores}", *told))
    left = len(machine.runs) - len(runs)
    caption = f"{machine.title}: verdicts over its runs, the oldest first"
    if left:
        caption += f" (the newest {len(runs)} of {len(machine.runs)}; all are in trends.csv)"
    return Rows(caption, ("Task", "Cores", *(_when(run) for run in runs)), tuple(rows))


def _told(seen: Seen | None) -> str:
    if seen is None:
        return "\N{EN DASH}"
    gain = _gain(seen)
    return f"{_verdict(seen)}{f', {gain}' if gain else ''}"
