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
    """Runs by machine: those of one name, hardware, interpreters, cores and quota are one's.

    The same run may be given twice: as it is, or once without names.
    """
    found: dict[tuple[object, ...], list[Run]] = {}
    twice = []
    for run in runs:
        if any(_same(run, other) for others in found.values() for other in others):
            twice.append(run.source)
        else:
            found.setdefault(run.identity, []).append(run)
    machines = tuple(
        Machine(letters(place), tuple(sorted(own, key=lambda run: run.started)))
        for place, own in enumerate(found.values())
    )
    return Fleet(machines, tuple(twice))


def _same(run: Run, other: Run) -> bool:
    """Whether it is the same run. Without names it has another id, but began at the same time on
    the same cores, and a machine measures one run at a time."""  # fmt: skip
    if run.run_id == other.run_id:
        return run.identity == other.identity
    begun, others = ((one.started, one.fingerprint, *one.identity[1:]) for one in (run, other))
    return begun == others and bool(run.host) != bool(other.host)


def letters(place: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    first, last = divmod(place, 26)
    return (letters(first - 1) if first else "") + chr(ord("A") + last)
