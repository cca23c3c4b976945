"""What a comparison keeps of a run: small records, so that fifty of them fit into memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments import schema
from experiments.statistics.intervals import Pairs
from experiments.statistics.records import DECIDED, Interval
from experiments.statistics.robust import Array
from reports.code import Code, Codes

Pair = tuple[str, str]


@dataclass(frozen=True, order=True)
class Way:
    """An approach as other machines know it too: not by its label, but by what is run.

    `python` is the kind of interpreter: its minor version, and whether it is free-threaded.
    """

    executor: str
    options: str
    workers: int
    python: str

    @property
    def nodes(self) -> int:
        """Over how many nodes its workers are spread."""
        options = json.loads(self.options)
        return schema.nodes_of(options) if isinstance(options, dict) else 1


@dataclass(frozen=True)
class Timed:
    """Seconds of one approach: a log value a launch (n,), the items of its batches."""

    logs: Array

    @property
    def known(self) -> bool:
        """Whether there are launches enough for an interval."""
        return self.logs.size >= 2


@dataclass(frozen=True)
class Seen:
    """One verdict of a run, with what others can be held against.

    `labels`, `ranks` (lower is simpler) and `ways` are its approaches in the plan's order; `able`
    the places of those that gave a value in every round they were launched in, `pairs` their log
    ratios of the objective (k x k in that order), NaN where two ran in fewer than two common
    rounds. `seconds` and `speedups` are by place, whatever the objective. `failures` says
    why the others gave none. `work` is (items, scale) of a batch; None: unknown. `told` says what
    speaks against all of it, mostly nothing.
    """

    block: str
    task: str
    subject: str
    params: str
    kind: str
    cores: int
    objective: str
    scaling: str
    mode: str
    code: Code
    margin: float
    verdict: str
    pick: int | None
    told: str
    flags: tuple[str, ...]
    ties: tuple[str, ...]
    speedup: Interval | None
    labels: tuple[str, ...]
    ranks: tuple[int, ...]
    ways: tuple[Way, ...]
    able: tuple[int, ...]
    pairs: Pairs
    seconds: Mapping[int, Timed]
    speedups: Mapping[int, Interval]
    failures: Mapping[int, str]
    work: tuple[float, float] | None

    @property
    def decided(self) -> bool:
        """Whether it recommends something."""
        return self.verdict in DECIDED

    @property
    def label(self) -> str:
        """The recommended approach, or the candidate so far."""
        return self.labels[self.pick] if self.pick is not None else ""

    @property
    def way(self) -> Way | None:
        """The same as others know it."""
        return self.ways[self.pick] if self.pick is not None else None

    @cached_property
    def place(self) -> dict[int, int]:
        """Where each able approach stands among `pairs`."""
        return {number: place for place, number in enumerate(self.able)}

    @cached_property
    def number(self) -> dict[Way, int]:
        """The first approach that is run so, of those that gave values if one did."""
        ordered = sorted(range(len(self.ways)), key=lambda number: number not in self.place)
        found: dict[Way, int] = {}
        for number in ordered:
            found.setdefault(self.ways[number], number)
        return found

    @cached_property
    def fastest(self) -> int | None:
        """The able approach with the lowest objective by its estimates."""
        if not self.able:
            return None
        worst = np.nanmax(self.pairs.estimate, axis=1)
        return self.able[int(np.argmin(worst))]


@dataclass(frozen=True)
class Law:
    """The law of the recommended executor in one block: its points, (n, 4): N, speedup, ends."""

    points: Array
    largest: float


@dataclass(frozen=True)
class Run:
    """One run: where it comes from, what tells it from others, and what it found.

    `host` is its name, empty where that was taken out, `hardware` what it is made of; `facts` are
    the machine's, name and value; `ceiling` (n, 4): cores, median, least and most of
    its repeats; `laws` by block; `doubts` are sentences that speak against all of it; `codes` is
    what its plan says of each task's code, `measured_code` the digest of all of it.
    """

    source: str
    run_id: str
    started: str
    name: str
    fingerprint: str
    host: str
    hardware: tuple[str, ...]
    pythons: tuple[str, ...]
    cpus: tuple[int, ...]
    usable: int
    quota: float | None
    facts: tuple[Pair, ...]
    margin: float
    ceiling: Array
    laws: Mapping[str, Law]
    seen: tuple[Seen, ...]
    doubts: tuple[str, ...]
    codes: Codes
    measured_code: str

    @property
    def identity(self) -> tuple[object, ...]:
        """What two runs of the same machine share: name, hardware, interpreters, cores, quota.

        Not its fingerprint: an update of the kernel or a patch of Python makes another one of it.
        """
        return (self.host, self.hardware, self.pythons, self.cpus, self.usable, self.quota)
