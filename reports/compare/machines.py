"""Which runs are of one machine, and what the machines are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports import wording
from reports.compare.seen import Run


@dataclass(frozen=True)
class Machine:
    """A machine with its runs, the oldest first; the newest stands for it."""

    letter: str
    runs: tuple[Run, ...]

    @property
    def newest(self) -> Run:
        """The run that stands for it."""
        return self.runs[-1]

    @property
    def title(self) -> str:
        """A: bench, 2 cores, CPython 3.11."""
        run = self.newest
        parts = [wording.short(run.name, 40), wording.count(run.usable, "core")]
        if run.quota is not None:
            parts.append(f"quota {wording.number(run.quota)}")
        return f"{self.letter}: {', '.join([*parts, *run.pythons])}"


@dataclass(frozen=True)
class Fleet:
    """All machines, in the order in which they were given; `twice` are runs given again."""

    machines: tuple[Machine, ...]
    twice: tuple[str, ...] = field(default=())

    @property
    def letters(self) -> list[str]:
        """What the machines are called in tables."""
        return [machine.letter for machine in self.machines]


def fleet(runs: Sequence[Run]) -> Fleet:
    """Runs by machine: those of the same hardware, interpreters, cores and quota are one's."""
    found: dict[tuple[object, ...], dict[str, Run]] = {}
    twice = []
    for run in runs:
        known = found.setdefault(run.identity, {})
        if run.run_id in known:
            twice.append(run.source)
        known.setdefault(run.run_id, run)
    machines = tuple(
        Machine(letters(place), tuple(sorted(own.values(), key=lambda run: run.started)))
        for place, own in enumerate(found.values())
    )
    return Fleet(machines, tuple(twice))


def letters(place: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    first, last = divmod(place, 26)
    return (letters(first - 1) if first else "") + chr(ord("A") + last)
