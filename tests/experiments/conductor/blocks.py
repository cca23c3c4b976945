"""Made-up worlds for tests of a block, and what a block in them came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from experiments import schema
from experiments.conductor.block import BlockRun
from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.fake_world import Bench, World

FORK2 = "processes x2 (spawn)"
CLEAR = {"sequential": 0.5, FORK2: 0.26}
#: undecided at the first looks
CLOSE = {"sequential": 0.5, FORK2: 0.49, "threads x2": 0.48}
MakeBench = Callable[..., Bench]
WORLDS = {
    "clear": World(CLEAR),
    "noisy": World(CLOSE, noise=0.2),
    "failing": World(CLEAR, failing={"threads x2": (1, "timeout", "time limit reached")}),
    "disturbed": World(
        CLEAR, disturbed={("threads x1", 0): 1, (FORK2, 1): 2, ("sequential", 2): 1}
    ),
    "short of time": World(CLOSE, noise=0.2, launch_seconds=1.0),
}
BUDGETS = {"short of time": 22}  # spent in the middle of the fifth round


def outcome_of(bench: Bench, run: BlockRun) -> tuple[Any, ...]:
    """All that a block comes to, but for the time of day and the seconds of the conductor."""
    rows = [{k: str(v) for k, v in row.items() if k != "started_at"} for row in bench.launches()]
    samples = (run.folder / "samples.csv").read_text()
    told = {k: v for k, v in bench.run().items() if k not in ("wall_seconds", "flags")}
    return rows, samples, told, run.race.judgements()


def specs_by_round(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, dict[str, Any]]]:
    """Collects (round, executor, spec) of every measuring launch from now on."""
    seen: list[tuple[int, str, dict[str, Any]]] = []
    launch = World.launch

    def noting(self: World, spec: Any, pids: Any = ()) -> Outcome:
        if spec["mode"] == "measure":
            seen.append((int(spec["launch_id"].split("/")[1]), spec["executor"], dict(spec)))
        return launch(self, spec, pids)

    monkeypatch.setattr(World, "launch", noting)
    return seen


def latencies(bench: Bench) -> list[dict[Any, Any]]:
    """The first block's latencies.csv."""
    path = bench.results / "blocks" / bench.names()[0] / "latencies.csv"
    return schema.read(schema.LATENCIES, path).to_dict("records")
