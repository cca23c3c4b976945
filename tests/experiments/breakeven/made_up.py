"""Searches on a made-up machine: what a batch takes depends on the task's parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments import schema
from experiments.breakeven.added import step_path, with_added
from experiments.breakeven.step import next_step
from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.fake_world import Bench, World
from tests.experiments.facts import host

#: seconds of a batch by approach, at these parameters
Times = Callable[[Mapping[str, Any]], Mapping[str, float]]
SHARE = {"task": "mixed", "vary": "cpu_share", "between": [0, 0.96]}


@dataclass
class Crossing(World):
    """A world where the parameters decide who is faster."""

    times: Times = lambda params: {}
    #: the others take half a second in every case
    tasks: tuple[str, ...] = ("mixed", "ipc")
    #: parameters of every launch that measured
    seen: list[dict[str, Any]] = field(default_factory=list)

    def launch(self, spec: Mapping[str, Any], pids: tuple[int, ...] = ()) -> Outcome:
        if spec["task"] in self.tasks:
            self.seconds = self.times(spec["params"])
        if spec["mode"] == "measure":
            self.seen.append(dict(spec["params"]))
        return super().launch(spec, pids)


def search(bench: Bench, world: World, most: int = 40) -> list[dict[str, Any]]:
    """All steps of the bench's searches, as the workflow takes them; the grid is measured first."""
    for name in bench.names():
        bench.measure(world, name)
    planned, steps = bench.plan, list[dict[str, Any]]()
    while len(steps) < most:
        step = next_step(planned, host(), bench.results, len(steps))
        path = step_path(bench.results, len(steps))
        schema.write_atomically(path, json.dumps(step))
        steps.append(step)
        if not step["blocks"]:
            return steps
        bench.plan = with_added(planned, bench.results)
        for block in step["blocks"]:
            bench.measure(world, block["block"])
    raise AssertionError("the search does not end")


def threads_until(share: float) -> Times:
    """Threads are 20% faster below a CPU share, processes above it; sequential is far behind."""

    def times(params: Mapping[str, Any]) -> Mapping[str, float]:
        lead = 1.2 if params["cpu_share"] <= share else 1 / 1.2
        return {"sequential": 2.0, "threads x2": 0.3, "processes x2 (spawn)": 0.3 * lead,
                "threads x1": 2.0, "processes x1 (spawn)": 2.0}  # fmt: skip

    return times
