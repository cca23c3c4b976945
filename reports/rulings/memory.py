"""Claims on whose memory workers write to, from what the main program sees of it."""

from __future__ import annotations

from collections.abc import Sequence

from reports import wording
from reports.load import records
from reports.rulings.evidence import SEQUENTIAL, Cell, Evidence, Picked, Workers
from reports.rulings.outcome import Outcome, Ruling, listed, names, undecided, word

TASKS = ("locked_counter",)


def shares_memory(evidence: Evidence, workers: Workers, claimed: bool) -> Ruling:
    """What a worker writes into an ordinary object must be seen in the main program, or must not.

    Proven or refuted by seeing all of the writes or none, in every launch; anything between is
    undecided. That none is seen counts only where the sequential program is seen to see its own.
    """
    picked = evidence.pick(workers.executor, TASKS, workers=1, timed=False)
    if not picked.sound:
        return undecided(f"locked_counter with {workers.executor}", picked)
    written, seen = _writes(picked.sound)
    if not written:
        told = "Not recorded: in this run the main program did not look for what workers wrote."
        told += _memory_per_worker(evidence, workers.executor)
        return Ruling("undecided", told, names(picked.sound))
    own_written, own_seen = _writes(_baselines(evidence, picked))
    told = (
        f"The main program sees {seen:,} of {wording.count(written, 'write')} that "
        f"{workers.noun} made to an ordinary dictionary, in "
        f"{wording.count(len(picked.sound), 'approach', 'approaches')}"
    )
    told += f" (of its own it sees {own_seen:,} of {own_written:,})." if own_written else "."
    shared = _shared(written, seen, blind=not own_written or own_seen < own_written)
    outcome = None if shared is None else shared is claimed
    told += _memory_per_worker(evidence, workers.executor)
    return Ruling(word(outcome), told, names(picked.sound)).leaving_out(picked)


def _shared(written: int, seen: int, blind: bool) -> Outcome:
    if seen == written:
        return True
    return False if seen == 0 and not blind else None


def _writes(cells: Sequence[Cell]) -> tuple[int, int]:
    """(made, seen) in all their launches that tell it."""
    made = seen = 0
    for cell in cells:
        known = cell.launches[["object_writes", "seen_writes"]].dropna()
        made += int(known["object_writes"].sum())
        seen += int(known["seen_writes"].sum())
    return made, seen


def _baselines(evidence: Evidence, picked: Picked) -> list[Cell]:
    found = [
        cell
        for cell in evidence.cells
        if cell.approach.executor == SEQUENTIAL
        and cell.block.name in {one.block.name for one in picked.sound}
    ]
    return found


def _memory_per_worker(evidence: Evidence, executor: str) -> str:
    """The indirect number beside it: what another worker takes (proportional set size)."""
    rows = [
        row
        for row in records(evidence.overheads)
        if row["executor"] == executor
        and row["component"] == "memory_mib_per_worker"
        and wording.known(row["estimate"])
    ]
    told = [
        f"{wording.memory(row['estimate'])} "
        f"({wording.amount_interval(row['low'], row['high'], 'MiB')}){_how(row)}"
        for row in rows
    ]
    return f" Each further worker takes {listed(told)} of memory." if told else ""


def _how(row: dict[str, object]) -> str:
    options = str(row["executor_options"])
    method = next((one for one in ("forkserver", "fork", "spawn") if f'"{one}"' in options), "")
    return f" by {method}" if method else ""
