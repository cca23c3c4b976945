"""A machine whose approaches cost what they are told: blocks run on it without a clock."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import schema
from experiments.approaches import approach
from experiments.cluster.owner import Owner
from experiments.collect import collect
from experiments.conductor.block import BlockRun, measure_block
from experiments.conductor.outcome import Outcome
from experiments.conductor.surroundings import Disturbance
from experiments.statistics.records import Judgement
from reports.load import load
from reports.races import raced
from tests.experiments.facts import host, plan

CONFIG: dict[str, Any] = {
    "executors": ["threads", "processes"],
    "workers": [1, 2],
    "cores": [2],
    "looks": [3, 5, 8],
    "block_seconds": 1000,
}


class KilledError(BaseException):
    """The conductor is gone from one moment to the next."""


PHASES = ("cold", "steady", "steady")


@dataclass
class World:
    """Seconds of a batch by approach (0.5 where not told), noise, and what goes wrong."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.002
    launch_seconds: float = 1.0
    #: approach -> (round it begins in, status, reason)
    failing: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    #: (approach, round) -> launches of it that are disturbed
    disturbed: Mapping[tuple[str, int], int] = field(default_factory=dict)
    #: approach -> round from which its launches tell neither memory nor CPU time nor latencies
    mute: Mapping[str, int] = field(default_factory=dict)
    uncalibrated: Outcome | None = None
    #: items of a larger batch -> what comes of asking for their sequential answers
    unanswered: Mapping[int, Outcome] = field(default_factory=dict)
    killed_after: int | None = None
    calibrations: int = 0
    #: (round, approach) in the order they ran
    ran: list[tuple[int, str]] = field(default_factory=list)

    def launch(self, spec: Mapping[str, Any], pids: tuple[int, ...] = ()) -> Outcome:
        """What a Launcher does."""
        if spec["mode"] == "answers" and spec["items"] in self.unanswered:
            return self.unanswered[spec["items"]]
        if spec["mode"] != "measure":
            return self._calibrated(spec)
        if self.killed_after == len(self.ran):
            raise KilledError
        name = approach(spec["executor"], spec["options"], spec["workers"])["approach"]
        number = int(spec["launch_id"].split("/")[1])
        again = self.ran.count((number, name))
        self.ran.append((number, name))
        since, status, reason = self.failing.get(name, (10**9, "", ""))
        if number >= since:
            return Outcome(status=status, reason=reason, launch_seconds=self.launch_seconds)
        outcome = self._measured(name, number, again, spec)
        if again < self.disturbed.get((name, number), 0):
            outcome.disturbance = Disturbance(foreign_cpu_share=0.9)
        return outcome

    def _calibrated(self, spec: Mapping[str, Any]) -> Outcome:
        self.calibrations += 1
        if self.uncalibrated:
            return self.uncalibrated
        seconds = {"item_seconds": 0.12 / spec["items"], "batch_seconds": 0.12}
        found = {"scale": 1, **seconds, "expected": [0] * spec["items"], "item_kib": 0.25}
        return Outcome(status="ok", calibrated=found)

    def _measured(self, name: str, number: int, again: int, spec: Mapping[str, Any]) -> Outcome:
        rng = random.Random(f"{name}/{number}/{again}")
        batch = self.seconds.get(name, 0.5) * 2 ** rng.gauss(0, self.noise)
        walls = [batch * 2 ** rng.gauss(0, self.noise) for _ in range(3)]
        startup_seconds = 0.01 * rng.random()
        told = self._told(name, rng) if number < self.mute.get(name, 10**9) else {}
        p99_ms = told.pop("latency_p99_ms", None)
        profile = {"profile_seconds": batch, **told} if spec["profile"] else {}
        outcome = Outcome(
            status="ok",
            startup_seconds=startup_seconds,
            teardown_seconds=0.001,
            batches=[
                {"phase": phase, "batch": batch, "wall_seconds": wall}
                for phase, batch, wall in zip(PHASES, (0, 0, 1), walls, strict=True)
            ],
            peak_memory_mib=profile.pop("peak_memory_mib", None),
            profile=profile,
            launch_seconds=self.launch_seconds,
        )
        if spec["latencies"] and p99_ms is not None:  # all its items take that long
            outcome.latencies = [[p99_ms, 3 * spec["items"]]]
            outcome.latency_quantiles = {"latency_p99_ms": p99_ms}
        return outcome

    def _told(self, name: str, rng: random.Random) -> dict[str, float]:
        """What else a launch tells: each as much as the approach's seconds, with its own noise."""
        names = ("cpu_user_seconds", "cpu_system_seconds", "peak_memory_mib", "latency_p99_ms")
        truth = self.seconds.get(name, 0.5)
        return {column: truth * 2 ** rng.gauss(0, self.noise) for column in names}


@dataclass
class Bench:
    """A results folder and a plan to measure in it."""

    results: Path
    plan: dict[str, Any]
    monkeypatch: Any

    @classmethod
    def make(cls, results: Path, monkeypatch: Any, **config: Any) -> Bench:
        """A folder as preflight, probe and plan leave it."""
        made = plan(**{**CONFIG, **config})
        for name, content in (("machine", host()), ("plan", made)):
            schema.write_atomically(results / f"{name}.json", json.dumps(content))
        ceiling = {"machine": "bench", "cores": 2, "repeat": 0, "wall_seconds": 1, "speedup": 2}
        schema.write(schema.CEILING, [ceiling], results / "ceiling.csv")
        return cls(results, made, monkeypatch)

    def names(self) -> list[str]:
        """The plan's blocks."""
        return [block["block"] for block in self.plan["blocks"]]

    def measure(self, world: World, name: str = "", owner: Owner | None = None) -> BlockRun:
        """Measure one block (the first) on that world."""
        name = name or self.names()[0]
        module = "experiments.conductor.block"
        self.monkeypatch.setattr(f"{module}.Launcher", lambda *_: world)
        folder = self.results / "blocks" / name
        log = self.results / "logs" / f"{name}.log"
        return measure_block(self.plan, host(), name, folder, log, owner=owner)

    def launches(self, name: str = "") -> list[dict[str, Any]]:
        """The block's launches.csv."""
        path = self.results / "blocks" / (name or self.names()[0]) / "launches.csv"
        return [
            {str(key): value for key, value in row.items()}
            for row in schema.read(schema.LAUNCHES, path).to_dict("records")
        ]

    def run(self, name: str = "") -> dict[str, Any]:
        """The block's run.json."""
        path = self.results / "blocks" / (name or self.names()[0]) / "run.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def reported(self) -> dict[str, dict[str, Judgement]]:
        """The verdicts that the report reaches from the CSVs alone, by block and mode."""
        collect(self.results)
        return {one.block.name: one.race.judgements() for one in raced(load(self.results))}
