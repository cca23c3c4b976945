"""Claims that threads or processes gain something, or can't: judged by their steady speedups.

A gain is one over the sequential program of the same interpreter, by more than the run's margin.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reports import wording
from reports.rulings.evidence import Cell, Evidence, Picked, Workers
from reports.rulings.outcome import (
    Outcome,
    Ruling,
    either,
    everywhere,
    gain_of,
    joint_level,
    listed,
    mostly,
    names,
    ratio,
    undecided,
    word,
)

#: CPU-bound work written in Python alone, so that it holds the GIL
PURE_PYTHON = ("math_python",)
IDLE_CORES = "Nor do independent processes gain on these cores, so that tells nothing of the GIL."


def threads_held_by_gil(evidence: Evidence) -> Ruling:
    """Threads must stay within the margin of sequential for pure-Python CPU work, in every block.

    Threads that gain refute it, where in most of their launches they also compute for longer than
    the batch takes, so on more than one core. That none gains proves it only where the cores could
    add something, and only of an interpreter with a GIL: without one, something else holds them.
    """
    picked = evidence.pick("threads", PURE_PYTHON, cores=2)
    if not picked.sound:
        return undecided("math_python with 2 threads on 2 cores", picked)
    gain = gain_of(picked.sound, evidence.margin)
    told = f"The most that threads reach: {gain} on {gain.best.place}."
    if gain.outcome is None:
        told += f" What gains is more than {wording.times(1 + evidence.margin)}."
    outcome: Outcome = None if gain.outcome is None else not gain.outcome
    if outcome is False and not _on_several_cores(picked.sound, evidence.margin):
        outcome, told = None, f"{told} Yet most of their launches used no more than one core."
    if not evidence.has_gil:
        told = f"This interpreter runs without the GIL. {told}"
        outcome = None if outcome else outcome
    elif outcome and not _cores_add(evidence, picked.sound):
        outcome, told = None, f"{told} {IDLE_CORES}"
    return Ruling(word(outcome), told, names(picked.sound)).leaving_out(picked)


def _on_several_cores(cells: Sequence[Cell], margin: float) -> bool:
    """Whether most launches took more CPU than wall seconds in their profile batch."""
    launches = pd.concat([cell.counted for cell in cells])
    cpu = launches["cpu_user_seconds"] + launches["cpu_system_seconds"]
    shares = (cpu / launches["profile_seconds"]).dropna()
    return mostly(int((shares > 1 + margin).sum()), len(shares))


def _cores_add(evidence: Evidence, cells: Sequence[Cell]) -> bool:
    return all(evidence.cores_add(min(c.approach.workers, c.block.cores)) for c in cells)


def threads_suit(evidence: Evidence, tasks: tuple[str, ...]) -> Ruling:
    """Threads must gain in every block of these tasks."""
    picked = evidence.pick("threads", tasks)
    if not picked.sound:
        return undecided(f"{either(tasks)} with 2 threads", picked)
    gains = [gain_of(cells, evidence.margin) for cells in picked.blocks]
    told = f"{_counted([gain.outcome for gain in gains], 'Threads gain')}: "
    told += listed([f"{gain} on {gain.best.place}" for gain in gains]) + "."
    ruling = everywhere(gain.outcome for gain in gains)
    return Ruling(ruling, told, names(gain.best for gain in gains)).leaving_out(picked)


def _counted(outcomes: Sequence[Outcome], what: str) -> str:
    """Threads gain in 3 of 4 blocks, in 1 they don't."""
    blocks = wording.count(len(outcomes), "block")
    refuted = sum(one is False for one in outcomes)
    against = f", in {refuted} proven not to" if refuted else ""
    return f"{what} in {sum(one is True for one in outcomes)} of {blocks}{against}"


def escape_gil(evidence: Evidence, workers: Workers) -> Ruling:
    """The executor must gain on pure-Python CPU work, and beat every number of threads as well.

    Both by more than the margin, in every block.

    Without a GIL there is nothing to escape: then nothing is ruled, whatever it gains.
    """
    pools, threads = (
        evidence.pick(one, PURE_PYTHON, cores=2) for one in (workers.executor, "threads")
    )
    pairs = _beside(pools.blocks, threads.sound)
    if not pairs:
        return _nothing_beside(PURE_PYTHON, workers, pools, threads)
    outcomes, told, used = [], [], list[Cell]()
    for cells, rivals in pairs:
        gain = gain_of(cells, evidence.margin)
        least = 1 + evidence.margin
        beside = _slower_rivals(gain.best, rivals, joint_level(len(cells)), least)
        adds = _cores_add(evidence, cells)
        outcomes.append(_either(bool(gain.outcome) and beside, gain.outcome is False and adds))
        other = gain_of(rivals, evidence.margin)
        idle = "" if adds or gain.outcome else f" {IDLE_CORES}"
        told.append(f"{gain} on {gain.best.place}; the best threads: {other}.{idle}")
        used += [gain.best, other.best]
    text = " ".join(wording.capital(one) for one in told)
    if not evidence.has_gil:
        text = f"This interpreter runs without the GIL: there is none to escape. {text}"
        outcomes = [None]
    return Ruling(everywhere(outcomes), text, names(used)).leaving_out(pools, threads)


def _nothing_beside(tasks: tuple[str, ...], workers: Workers, *picked: Picked) -> Ruling:
    needed = f"{either(tasks)} with 2 threads and 2 {workers.executor} on 2 cores"
    return undecided(needed, *picked)


def _beside(
    blocks: Sequence[Sequence[Cell]], rivals: Sequence[Cell]
) -> list[tuple[Sequence[Cell], list[Cell]]]:
    """Each block's approaches with its rivals; blocks without rivals are left out."""
    pairs = [
        (cells, [rival for rival in rivals if rival.block.name == cells[0].block.name])
        for cells in blocks
    ]
    return [(cells, others) for cells, others in pairs if others]


def _slower_rivals(one: Cell, rivals: Sequence[Cell], level: float, least: float) -> bool:
    """Whether it is proven more than `least` times as fast as every rival."""
    found = [one.faster_than(rival, level) for rival in rivals]
    return all(interval is not None and interval.low > least for interval in found)


def _either(proven: bool, refuted: bool) -> Outcome:
    return True if proven else False if refuted else None


def pools_suit(evidence: Evidence, workers: Workers, tasks: tuple[str, ...]) -> Ruling:
    """The executor must gain over sequential and keep up with the best threads, in every block.

    To keep up is to be proven not slower by more than the margin than any number of threads.
    Refuted in a block: no approach gains, or one number of threads is proven faster than all of
    them by more than the margin.
    """
    pools, threads = (evidence.pick(one, tasks, cores=2) for one in (workers.executor, "threads"))
    pairs = _beside(pools.blocks, threads.sound)
    if not pairs:
        return _nothing_beside(tasks, workers, pools, threads)
    outcomes, told, used = [], [], list[Cell]()
    for cells, rivals in pairs:
        outcomes.append(_suits(evidence, cells, rivals))
        best, other = (gain_of(some, evidence.margin) for some in (cells, rivals))
        beside = best.best.faster_than(other.best, joint_level(len(cells)))
        told.append(
            f"{best} sequential on {best.best.place}, {ratio(beside)} the best threads "
            f"({other.best.approach.label})"
        )
        used += [best.best, other.best]
    what = f"{workers.noun.capitalize()} gain and keep up with threads"
    text = f"{_counted(outcomes, what)}: {listed(told)}."
    return Ruling(everywhere(outcomes), text, names(used)).leaving_out(pools, threads)


def _suits(evidence: Evidence, cells: Sequence[Cell], threads: Sequence[Cell]) -> Outcome:
    margin = evidence.margin
    gain, rival = gain_of(cells, margin), gain_of(threads, margin).best
    keeps_up = _slower_rivals(gain.best, threads, joint_level(len(cells)), least=1 / (1 + margin))
    beaten = _slower_rivals(rival, cells, joint_level(len(threads)), least=1 + margin)
    return _either(bool(gain.outcome) and keeps_up, gain.outcome is False or beaten)


def programs_at_once(evidence: Evidence) -> Ruling:
    """Some way of waiting for programs must gain over starting them one after the other.

    Refuted only where the cores could add something. Which executor waits is told beside it.
    """
    picked = evidence.pick(None, ("subprocess_jobs",), cores=2)
    if not picked.sound:
        return undecided("subprocess_jobs with 2 workers on 2 cores", picked)
    outcomes, told, used = [], [], list[Cell]()
    for cells in picked.blocks:
        gain = gain_of(cells, evidence.margin)
        idle = gain.outcome is False and not _cores_add(evidence, cells)
        outcomes.append(None if idle else gain.outcome)
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(cell.approach.executor, []).append(cell)
        best = [gain_of(group, evidence.margin, len(cells)) for group in groups.values()]
        told.append(f"{listed([str(one) for one in best])} wait for them on {cells[0].place}.")
        used += [one.best for one in best]
    text = f"Against one program after the other: {' '.join(told)}"
    return Ruling(everywhere(outcomes), text, names(used)).leaving_out(picked)
