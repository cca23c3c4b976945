"""The matrix of verdicts: a line a question, a cell a machine, with what flips there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports import sentences, wording
from reports.compare import words
from reports.compare.advice import Outcome
from reports.compare.comparison import Comparison
from reports.compare.fleet import Choice
from reports.compare.questions import Question
from reports.compare.seen import Seen


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


def matrices(comparison: Comparison) -> list[tuple[str, str, list[LineView]]]:
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
        gain=gain(seen),
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


def gain(seen: Seen) -> str:
    """1.93x (1.92 to 1.95x); the sequential program is its own measure."""
    if seen.speedup is None or (seen.way and seen.way.executor == "sequential"):
        return ""
    interval = wording.times_interval(seen.speedup.low, seen.speedup.high)
    return f"{wording.times(seen.speedup.estimate)} ({interval})"
