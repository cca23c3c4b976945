"""What comes before a block's rounds: its items and their answers, and the spec of every launch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import own
from experiments.cluster.node import scratch_root
from experiments.conductor.calibration import (
    Calibration,
    answered,
    calibrate,
    calibrate_fixed,
    most_items,
    most_result_kib,
    remembered,
)
from experiments.conductor.child import Launcher
from experiments.conductor.outcome import Outcome
from experiments.control import launched_options
from experiments.launch.base import Task
from experiments.launch.tasks import load as load_task
from experiments.plan import digest
from experiments.scaling import fewest_batches
from experiments.services.service import Service
from experiments.statistics.breakeven import overrides
from experiments.statistics.objectives import Objective, steady_batches

#: steady batches of a launch at most, however short they are
MOST_BATCHES = 25


def wanted_item_seconds(name: str, params: Mapping[str, Any]) -> float | None:
    """The cost of an item that calibration aims at; None where its work is fixed."""
    task = _loaded(name)
    if task is None:
        return None
    scalable = getattr(task, "scalable", lambda given: "item_ms" in given)(params)
    return float(params["item_ms"]) / 1000 if scalable else None


def keeps_item_cost(name: str) -> bool:
    """Whether the cost of the task's items must not be lowered to fit a batch."""
    task = _loaded(name)
    return task is not None and task.exact_item


def _loaded(name: str) -> type[Task] | None:
    """The task's class; None where it can't be had: its launch will say why."""
    try:
        return load_task(name)
    except (Exception, SystemExit):  # a user's module may raise anything
        return None


def scratch_of(results: Path, task: str) -> Path:
    """The folder of a task's files, made if it isn't there."""
    scratch = scratch_root(results) / task.replace(":", ".")
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


@dataclass(frozen=True)
class Preparation:
    """Knows how a block's launches are asked for, and asks for those that measure nothing.

    `results` is the machine's folder, `services` those that run for the task.
    """

    plan: Mapping[str, Any]
    block: Mapping[str, Any]
    objective: Objective
    code_digest: str
    results: Path
    launcher: Launcher
    services: Mapping[str, Service]

    def calibration(self) -> Calibration:
        """The block's items, found now or by an earlier block. Raises CalibrationError."""
        return self._remembered({}, self._calibrate)

    def answers(self, options: Mapping[str, Any], items: int, scale: int) -> Calibration:
        """The sequential answers of a larger batch, or with parameters that options set."""
        attempt = functools.partial(self._attempt, "answers", options)
        more = {"items": items, "scale": scale, "set": overrides(options)}
        return self._remembered(more, lambda: answered(attempt, items, scale))

    def spec(self, mode: str, executor: str, options: Mapping[str, Any], workers: int, items: int,
              scale: int) -> dict[str, Any]:  # fmt: skip
        """One launch; the caller fills in what its round knows."""
        scratch = scratch_of(self.results, self.block["task"])
        scratch.mkdir(parents=True, exist_ok=True)
        cpus = self.block["cpus"]
        task, params = own.launched(self.block, {**self.block["params"], **overrides(options)})
        fewest = fewest_batches(self.block, workers, self._setting("batches"))
        return {
            "launch_id": "", "mode": mode, "task": task, "params": params,
            "items": items, "scale": scale, "item_seconds": None,
            "executor": executor, "options": launched_options(options), "workers": workers,
            "cpus": cpus if not cpus or mode == "measure" else cpus[:1],
            "core_limit_seconds": None,
            "batches": steady_batches(self.objective, fewest, items),
            "steady_seconds": self._setting("steady_seconds"),
            "most_batches": MOST_BATCHES,
            "profile": True, "expected": None, "seed": self.plan["seed"],
            "latencies": mode == "measure" and self.block["kind"] == "waiting",
            "services": {name: running.address() for name, running in self.services.items()},
            "scratch": str(scratch.resolve()),
        }  # fmt: skip

    def _setting(self, key: str) -> Any:
        """The block's own where it has one, else the plan's."""
        return self.block.get(key, self.plan["settings"][key])

    def service_pids(self) -> tuple[int, ...]:
        """Processes of the services, whose CPU time is not foreign."""
        return tuple(pid for running in self.services.values() for pid in running.pids)

    def _remembered(self, more: Mapping[str, Any], make: Callable[[], Calibration]) -> Calibration:
        """What was found out for this task on this machine; `more` tells it from the rest."""
        block = self.block
        identity = {
            "task": block["task"], "params": block["params"], "min_items": block["min_items"],
            "items": block.get("items"), "batch_seconds": self.plan["settings"]["batch_seconds"],
            "code_digest": self.code_digest, "source_digest": block["source_digest"],
            "fingerprint": self.plan["fingerprint"], "seed": self.plan["seed"],
            **own.identity(self.block), **more,
        }  # fmt: skip
        if "most_multiple" in block:
            identity["most_multiple"] = block["most_multiple"]
        path = self.results / "calibrations" / f"{digest(identity)}.json"
        return remembered(path, identity, make)

    def _calibrate(self) -> Calibration:
        block = self.block
        # items of a slow function are fixed, and run once: their time is known well enough
        mode = "answers" if "own" in block and "items" in block else "calibrate"
        attempt = functools.partial(self._attempt, mode, {})
        if "items" in block:
            return calibrate_fixed(attempt, block["items"])
        task, params = own.launched(block, block["params"])
        multiple = block.get("most_multiple", 1)
        return calibrate(
            attempt,
            self.plan["settings"]["batch_seconds"],
            block["min_items"],
            wanted_item_seconds(task, params),
            keeps_item_cost(task),
            most_items(block["min_items"], multiple),
            most_result_kib(block.get("own"), multiple),
        )

    def _attempt(self, mode: str, options: Mapping[str, Any], items: int, scale: int,
                 wanted: float | None) -> Outcome:  # fmt: skip
        spec = self.spec(mode, "sequential", options, 1, items, scale)
        return self.launcher.launch({**spec, "item_seconds": wanted}, self.service_pids())
