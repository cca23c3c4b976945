"""Measures one block: rounds of fresh launches in random order until the race is decided."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from experiments import schema
from experiments.breakeven import added
from experiments.budget import budget_seconds
from experiments.conductor.batches import Batches
from experiments.conductor.calibration import (
    Calibration,
    CalibrationError,
    answered,
    calibrate,
    calibrate_fixed,
    most_items,
    remembered,
)
from experiments.conductor.child import Launcher, Outcome
from experiments.conductor.flags import flags
from experiments.conductor.journal import Journal
from experiments.conductor.reaper import Reaper
from experiments.conductor.rows import (
    core_limit_seconds,
    latency_rows,
    launch_row,
    round_values,
)
from experiments.control import answer_blocks, launched_options
from experiments.launch.base import Task
from experiments.launch.tasks import load as load_task
from experiments.overheads import is_overhead
from experiments.plan import code_digest, digest
from experiments.scaling import batch_multiple, fewest_batches
from experiments.services import service
from experiments.statistics.block import BlockRace
from experiments.statistics.breakeven import family, overrides
from experiments.statistics.objectives import OBJECTIVES, steady_batches
from experiments.statistics.records import Candidate, RaceSettings

#: steady batches of a launch at most, however short they are
MOST_BATCHES = 25
#: no budget ends a block before so many rounds
FEWEST_ROUNDS = 3
#: rounds whose launches run a profile batch
PROFILED_ROUNDS = 3


def _spent_seconds(folder: Path) -> float:
    return float(json.loads((folder / "run.json").read_text())["launch_seconds"])


def candidates(block: Mapping[str, Any]) -> list[Candidate]:
    """The block's approaches as the race knows them."""
    return [
        Candidate(entry["approach"], entry["simplicity"], entry["executor"] == "sequential")
        for entry in block["approaches"]
    ]


def race_settings(plan: Mapping[str, Any], block: Mapping[str, Any]) -> RaceSettings:
    """The plan's thresholds, or the block's own where it has some."""
    return RaceSettings.from_mapping({**plan["statistics"], **block.get("statistics", {})})


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


class BlockRun:
    """One block on its way from the plan to its CSVs."""

    def __init__(self, plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                 log: IO[bytes]) -> None:  # fmt: skip
        self.plan, self.host, self.folder, self.log = plan, host, folder, log
        self.block = next(block for block in plan["blocks"] if block["block"] == name)
        self.settings = plan["settings"]
        self.code_digest = code_digest()  # of what runs now, whatever ran when the plan was made
        self.approaches = {entry["approach"]: entry for entry in self.block["approaches"]}
        self.journal = Journal(folder / "journal.jsonl", self._identity(), self.approaches)
        self.objective = OBJECTIVES[self.block["objective"]].judged_in(self.block.get("modes"))
        self.rules = race_settings(plan, self.block)
        entered = candidates(self.block)
        self.race = BlockRace(entered, self.rules, self.objective.modes, self.objective)
        self.notes: list[str] = [self.journal.note] if self.journal.note else []
        #: seconds of launches that earlier, killed runs of this block made
        self.carried_seconds = self._launch_seconds()
        self.stopped = ""
        self.services: dict[str, service.Service] = {}

    def _identity(self) -> dict[str, Any]:
        return {"schema_version": schema.SCHEMA_VERSION, "block": self.block["block"],
                "digest": self.block["digest"], "fingerprint": self.plan["fingerprint"],
                "code_digest": self.code_digest}  # fmt: skip

    def measure(self) -> None:
        """Calibrate, run the rounds, write the block's files."""
        started = time.perf_counter()
        self._leave_measured_cores()
        calibration: Calibration | None = None
        reaper = Reaper()
        try:
            with self._running_services():
                python = self.host["interpreters"][0]["executable"]
                limit = self.settings["launch_timeout_seconds"]
                self.launcher = Launcher(python, self.log, reaper, limit)
                calibration = self._calibration()
                if calibration:
                    self._rounds(Batches(calibration, self._answers))
        finally:
            reaper.close()
        self._write(calibration, time.perf_counter() - started)

    # --- preparation --------------------------------------------------------------------------

    def _leave_measured_cores(self) -> None:
        """Keep this process and the services off the measured cores where there are others."""
        measured = self.block["cpus"]
        spare = [cpu for cpu in self.host["core_order"] if measured and cpu not in measured]
        if spare:
            with contextlib.suppress(OSError, AttributeError):
                os.sched_setaffinity(0, spare)

    @contextlib.contextmanager
    def _running_services(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            log = Path(self.log.name)
            for name in self.block["services"]:
                self.services[name] = stack.enter_context(service.start(name, log=log))
            yield

    def _calibration(self) -> Calibration | None:
        """The block's items; None, with a row that says why, where the task doesn't even run."""
        try:
            return self._remembered({}, self._calibrate)
        except CalibrationError as error:
            found = (n for n, e in self.approaches.items() if e["executor"] == "sequential")
            name = next(found, next(iter(self.approaches)))  # a control has no sequential one
            self.notes.append(f"nothing was measured: the sequential run {error.outcome.reason}")
            if not self.journal.entries:
                launch_id = f"{self.block['block']}/0/{name}/calibration"
                self._record(name, 0, error.outcome, None, launch_id)
            self.race.finish()
            self.stopped = "the task does not run sequentially"
            return None

    def _remembered(self, more: Mapping[str, Any], make: Callable[[], Calibration]) -> Calibration:
        """What was found out for this task on this machine; `more` tells it from the rest."""
        block = self.block
        identity = {
            "task": block["task"], "params": block["params"], "min_items": block["min_items"],
            "items": block.get("items"), "batch_seconds": self.settings["batch_seconds"],
            "code_digest": self.code_digest, "source_digest": block["source_digest"],
            "fingerprint": self.plan["fingerprint"], "seed": self.plan["seed"], **more,
        }  # fmt: skip
        if "most_multiple" in block:
            identity["most_multiple"] = block["most_multiple"]
        path = self.folder.parent.parent / "calibrations" / f"{digest(identity)}.json"
        return remembered(path, identity, make)

    def _calibrate(self) -> Calibration:
        block, attempt = self.block, functools.partial(self._attempt, "calibrate", {})
        if "items" in block:
            return calibrate_fixed(attempt, block["items"])
        return calibrate(
            attempt,
            self.settings["batch_seconds"],
            block["min_items"],
            wanted_item_seconds(block["task"], block["params"]),
            keeps_item_cost(block["task"]),
            most_items(block["min_items"], block.get("most_multiple", 1)),
        )

    def _answers(self, options: Mapping[str, Any], items: int, scale: int) -> Calibration:
        """The sequential answers of a larger batch, or with parameters that options set."""
        attempt = functools.partial(self._attempt, "answers", options)
        more = {"items": items, "scale": scale, "set": overrides(options)}
        return self._remembered(more, lambda: answered(attempt, items, scale))

    def _attempt(self, mode: str, options: Mapping[str, Any], items: int, scale: int,
                 wanted: float | None) -> Outcome:  # fmt: skip
        spec = self._spec(mode, "sequential", options, 1, items, scale)
        return self.launcher.launch({**spec, "item_seconds": wanted}, self._service_pids())

    def _spec(self, mode: str, executor: str, options: Mapping[str, Any], workers: int, items: int,
              scale: int) -> dict[str, Any]:  # fmt: skip
        scratch = self.folder.parent.parent / "scratch" / self.block["task"].replace(":", ".")
        scratch.mkdir(parents=True, exist_ok=True)
        cpus = self.block["cpus"]
        fewest = fewest_batches(self.block, workers, self.settings["batches"])
        return {
            "launch_id": "", "mode": mode, "task": self.block["task"],
            "params": {**self.block["params"], **overrides(options)},
            "items": items, "scale": scale, "item_seconds": None,
            "executor": executor, "options": launched_options(options), "workers": workers,
            "cpus": cpus if not cpus or mode == "measure" else cpus[:1],
            "core_limit_seconds": None,
            "batches": steady_batches(self.objective, fewest, items),
            "steady_seconds": self.block.get("steady_seconds", self.settings["steady_seconds"]),
            "most_batches": MOST_BATCHES,
            "profile": True, "expected": None, "seed": self.plan["seed"],
            "latencies": mode == "measure" and self.block["kind"] == "waiting",
            "services": {name: running.address() for name, running in self.services.items()},
            "scratch": str(scratch.resolve()),
        }  # fmt: skip

    def _service_pids(self) -> tuple[int, ...]:
        return tuple(running.pid for running in self.services.values())

    # --- rounds -------------------------------------------------------------------------------

    def _rounds(self, batches: Batches) -> None:
        while not self.race.done:
            number = self.race.rounds
            if number >= self._fewest_rounds and self._budget_spent(number):
                self.race.finish()
                self.stopped = f"budget of {self._budget:.0f} s spent"
                break
            wanted = self.race.to_run()
            for name in self._order(wanted, number):
                while self._launch_wanted(name, number):
                    self._launch(name, number, batches)
            self.race.add_round(round_values(self.journal.of_round(number), self.objective))
            if not self.race.done and self._search_answered():
                self.race.finish()
                self.stopped = "decided which executor"
        self.stopped = self.stopped or self._why_done()

    @property
    def _fewest_rounds(self) -> int:
        """Rounds that run whatever they take.

        Of two launches that differ nothing tells which one was disturbed, and a third costs little
        where the first look has put many out.
        """
        return max(self.rules.looks[0], FEWEST_ROUNDS)

    def _search_answered(self) -> bool:
        """Whether a break-even search knows all it asks of this block: which family is ahead.

        At a look only: what it proves has its own share of the error budget.
        """
        if self.block.get("role") != added.ROLE or self.race.rounds not in self.rules.looks:
            return False
        families = added.families(self.block["approaches"])
        return family(self.race.judgements()["steady"], families) is not None

    def _why_done(self) -> str:
        if self.race.rounds >= self.rules.looks[-1]:
            return "all rounds of the last look used"
        if any(found.verdict == "inconclusive" for found in self.race.judgements().values()):
            return "nothing left to compare"
        return "decided"

    def _budget_spent(self, number: int) -> bool:
        """Whether the rounds before this one have used it up; later ones are there when a killed
        block goes on, and must not count: it has to end where it would have ended."""  # fmt: skip
        return self._seconds_before(number) >= self._budget

    def _seconds_before(self, number: int) -> float:
        before = (e["launch"] for e in self.journal.entries if e["launch"]["round"] < number)
        return sum(float(launch["launch_seconds"] or 0.0) for launch in before)

    def _budget_flags(self) -> list[str]:
        """A warning where the rounds before the first look, which always run, broke the budget."""
        first = self.rules.looks[0]
        spent = self._seconds_before(first)
        if spent <= self._budget:
            return []
        return [
            f"its first look was late: {first} rounds took {spent:.0f} s, the budget was "
            f"{self._budget:.0f} s (config key 'block_seconds')"
        ]

    @functools.cached_property
    def _budget(self) -> float:
        """Seconds of launches: the block's own, and what the blocks before it left unspent.

        The control neither gives nor takes: with it or without it the others run alike. Nor do
        the overheads, whose rounds are as many as planned in any case; the blocks of break-even
        searches share a budget of their own.
        """
        if is_overhead(self.block):
            return math.inf
        if "budget_seconds" in self.block:
            return float(self.block["budget_seconds"])
        names = [block["block"] for block in answer_blocks(self.plan)]
        name = self.block["block"]
        before = names[: names.index(name)] if name in names else []
        spent = [_spent_seconds(self.folder.parent / name) for name in before]
        return budget_seconds(float(self.settings["block_seconds"]), spent)

    def _order(self, names: Sequence[str], number: int) -> list[str]:
        """Random, and the same again when a killed block goes on."""
        rng = random.Random(f"{self.plan['seed']}/{self.block['block']}/{number}")
        return rng.sample(list(names), len(names))

    def _launch_wanted(self, name: str, number: int) -> bool:
        """Whether this round still lacks a launch, or one to repeat a disturbed one."""
        seen = [e["launch"] for e in self.journal.of_round(number) if e["approach"] == name]
        if not seen:
            return True
        return len(seen) == 1 and bool(seen[0]["disturbed"]) and self._repeats_left()

    def _launch(self, name: str, number: int, batches: Batches) -> None:
        entry = self.approaches[name]
        launch_id = f"{self.block['block']}/{number}/{name}/{len(self.journal.entries)}"
        multiple = batch_multiple(self.block, entry["workers"])
        try:
            batch = batches.of(multiple, entry["options"])
        except CalibrationError as error:
            items = multiple * batches.base.items
            reason = f"sequential answers of its {items} items: {error.outcome.reason}"
            outcome = replace(error.outcome, reason=reason)
            self._record(name, number, outcome, items, launch_id)
            return
        spec = self._spec("measure", entry["executor"], entry["options"], entry["workers"],
                          batch.items, batch.scale)  # fmt: skip
        slowdown = float(self.settings["disturbed"]["core_slowdown"])
        limit = core_limit_seconds(self.journal.entries, entry["interpreter"], slowdown)
        spec |= {
            "expected": batch.expected,
            "launch_id": launch_id,
            "core_limit_seconds": limit,
            "profile": self._profiled(number),
        }
        if "steady" not in self.race.wanted_by(name):  # known well enough: save its time
            spec |= {"batches": 0, "steady_seconds": 0.0, "profile": False}
        outcome = self.launcher.launch(spec, self._service_pids())
        self._record(name, number, outcome, batch.items, launch_id)

    def _profiled(self, number: int) -> bool:
        """A median of three tells memory, CPU and heartbeats; later rounds are for times, unless
        one of those decides."""  # fmt: skip
        if is_overhead(self.block):  # where memory is what is asked for
            return True
        return self.objective.profiled or number < PROFILED_ROUNDS

    def _repeats_left(self) -> bool:
        repeated = len(self.journal.entries) - len(
            {(e["approach"], e["launch"]["round"]) for e in self.journal.entries}
        )
        return repeated < int(self.settings["disturbed"]["repeats"])

    def _record(
        self, name: str, number: int, outcome: Outcome, items: int | None, launch_id: str
    ) -> None:
        """Journal a launch."""
        where = self.approaches[name], number, launch_id
        row = launch_row(self.plan, self.block, *where, outcome, items, self.code_digest)
        samples = [{"launch_id": launch_id, **batch} for batch in outcome.batches]
        measured = {"launch": row, "samples": samples, "latencies": outcome.latencies}
        self.journal.add({"approach": name, **measured})
        note = ", disturbed" if row["disturbed"] else ""
        said = f"{outcome.status} {outcome.reason}".strip()
        self._log(f"round {number} {name}: {said} in {outcome.launch_seconds:.3f} s{note}")

    def _log(self, line: str) -> None:
        self.log.write(f"{line}\n".encode())
        self.log.flush()

    # --- files --------------------------------------------------------------------------------

    def _write(self, calibration: Calibration | None, wall_seconds: float) -> None:
        entries = self.journal.entries
        samples = [sample for entry in entries for sample in entry["samples"]]
        schema.write(schema.SAMPLES, samples, self.folder / "samples.csv")
        latencies = list(latency_rows(entries))
        schema.write(schema.LATENCIES, latencies, self.folder / "latencies.csv")
        run = {
            "block": self.block["block"],
            "items": calibration.items if calibration else None,
            "scale": calibration.scale if calibration else None,
            "item_ms": calibration.item_seconds * 1000 if calibration else None,
            "batch_seconds": calibration.batch_seconds if calibration else None,
            "item_kib": calibration.item_kib if calibration else None,
            "result_kib": calibration.result_kib if calibration else None,
            "rounds": self.race.rounds,
            "launches": len(entries),
            "samples": len(samples),
            "latencies": len(latencies),
            "stopped_because": self.stopped,
            "wall_seconds": self.carried_seconds + wall_seconds,
            "launch_seconds": self._launch_seconds(),
            "timed_seconds": self._timed_seconds(),
            "services": {name: running.address() for name, running in self.services.items()},
            "flags": self._flags(),
        }
        schema.write_atomically(self.folder / "run.json", json.dumps(run, indent=1) + "\n")
        launches = [entry["launch"] for entry in entries]
        schema.write(schema.LAUNCHES, launches, self.folder / "launches.csv")

    def _flags(self) -> list[str]:
        limits = self.settings["disturbed"]
        found = flags(self.journal.entries, limits, self.objective)
        return [*self.notes, *self._budget_flags(), *found]

    def _launch_seconds(self) -> float:
        return sum(e["launch"]["launch_seconds"] or 0.0 for e in self.journal.entries)

    def _timed_seconds(self) -> float:
        """Seconds that became numbers: start-up, batches, teardown."""
        total = 0.0
        for entry in self.journal.entries:
            launch = entry["launch"]
            total += (launch["startup_seconds"] or 0.0) + (launch["teardown_seconds"] or 0.0)
            total += sum(sample["wall_seconds"] for sample in entry["samples"])
            total += launch.get("profile_seconds") or 0.0
        return total


def measure_block(plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                  log_path: Path) -> BlockRun:  # fmt: skip
    """Measure one block into its folder; the launches' own output goes to the log."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab", buffering=0) as log:
        run = BlockRun(plan, host, name, folder, log)
        run.measure()
    return run
