"""Measures one block: rounds of fresh launches in random order until the race is decided."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from experiments import schema
from experiments.breakeven import added
from experiments.cluster.node import Here, scratch_root
from experiments.cluster.owner import Owner
from experiments.conductor import files, room
from experiments.conductor.batches import Batches
from experiments.conductor.calibration import Calibration, CalibrationError
from experiments.conductor.child import Launcher
from experiments.conductor.flags import blocked_loop_flags, flags
from experiments.conductor.journal import Journal
from experiments.conductor.outcome import Outcome
from experiments.conductor.preparation import Preparation, scratch_of
from experiments.conductor.reaper import Reaper
from experiments.conductor.rows import core_limit_seconds, launch_row, round_values
from experiments.conductor.spending import Spending
from experiments.overheads import is_overhead
from experiments.plan import code_digest
from experiments.scaling import batch_multiple
from experiments.services import service
from experiments.statistics.block import BlockRace
from experiments.statistics.breakeven import family
from experiments.statistics.objectives import OBJECTIVES
from experiments.statistics.records import Candidate, RaceSettings

#: no budget ends a block before so many rounds
FEWEST_ROUNDS = 3
#: rounds whose launches run a profile batch
PROFILED_ROUNDS = 3


def candidates(block: Mapping[str, Any]) -> list[Candidate]:
    """The block's approaches as the race knows them."""
    return [
        Candidate(entry["approach"], entry["simplicity"], entry["executor"] == "sequential")
        for entry in block["approaches"]
    ]


def race_settings(plan: Mapping[str, Any], block: Mapping[str, Any]) -> RaceSettings:
    """The plan's thresholds, or the block's own where it has some."""
    return RaceSettings.from_mapping({**plan["statistics"], **block.get("statistics", {})})


class BlockRun:
    """One block on its way from the plan to its CSVs."""

    def __init__(self, plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                 log: IO[bytes], here: Here | None = None, owner: Owner | None = None
                 ) -> None:  # fmt: skip
        self.plan, self.host, self.folder, self.log = plan, host, folder, log
        self.block = next(block for block in plan["blocks"] if block["block"] == name)
        self.settings = plan["settings"]
        self.code_digest = code_digest()  # of what runs now, whatever ran when the plan was made
        self.approaches = {entry["approach"]: entry for entry in self.block["approaches"]}
        self.journal = Journal(folder / "journal.jsonl", self._identity(), self.approaches)
        self.spending = Spending(plan, self.block, self.journal, folder.parent)
        self.objective = OBJECTIVES[self.block["objective"]].judged_in(self.block.get("modes"))
        self.rules = race_settings(plan, self.block)
        entered = candidates(self.block)
        self.race = BlockRace(entered, self.rules, self.objective.modes, self.objective)
        self.notes = [*self.journal.notes, *self.block.get("notes", [])]
        #: seconds of launches that earlier, killed runs of this block made
        self.carried_seconds = files.launch_seconds(self.journal.entries)
        self.stopped = ""
        self.services: dict[str, service.Service] = {}
        self.here, self.owner = here, owner

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
                limit = self.block.get(
                    "launch_timeout_seconds", self.settings["launch_timeout_seconds"]
                )
                self.launchers = {
                    one["interpreter"]: Launcher(one["executable"], self.log, reaper, limit)
                    for one in self.host["interpreters"]
                }
                self.preparation = self._preparation()
                calibration = self._calibration()
                if calibration:
                    self._rounds(Batches(calibration, self.preparation.answers))
        except service.ServiceRefusedError as refused:
            outcome = Outcome(status=refused.status, reason=str(refused))
            self._nothing_measured(outcome, "its server:", "the task's server can't run")
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
                started = service.start(name, log=log, wanted=self._told_services())
                self.services[name] = stack.enter_context(started)
            yield

    def _told_services(self) -> dict[str, Any]:
        """What a service may want to know: the task's parameters, its folder, how many come."""
        return {
            "params": self.block["params"],
            "scratch": str(scratch_of(self.folder.parent.parent, self.block["task"]).resolve()),
            "connections": max((entry["workers"] for entry in self.block["approaches"]), default=1),
        }

    def _preparation(self) -> Preparation:
        return Preparation(
            self.plan, self.block, self.objective, self.code_digest, self.folder.parent.parent,
            self.launchers[self._first_python()], self.services,
        )  # fmt: skip

    def _first_python(self) -> str:
        """The first that can run the task: it calibrates, and gives the answers for all."""
        entries = [*self.block["approaches"], *self.host["interpreters"]]
        return str(entries[0]["interpreter"])

    def _calibration(self) -> Calibration | None:
        """The block's items; None, with a row that says why, where the task doesn't even run."""
        try:
            return self.preparation.calibration()
        except CalibrationError as error:
            outcome = self._with_ended_servers(error.outcome)
            why = "the task does not run sequentially"
            self._nothing_measured(outcome, "the sequential run", why)
            return None

    def _nothing_measured(self, outcome: Outcome, what: str, stopped: str) -> None:
        """A row that says why, in the name of the sequential program."""
        self._check_room(outcome)
        found = (n for n, e in self.approaches.items() if e["executor"] == "sequential")
        name = next(found, next(iter(self.approaches)))  # a control has no sequential one
        self.notes.append(f"nothing was measured: {what} {outcome.reason}")
        if not self.journal.entries:
            self._record(name, 0, outcome, None, f"{self.block['block']}/0/{name}/calibration")
        self.race.finish()
        self.stopped = stopped

    def _with_ended_servers(self, outcome: Outcome) -> Outcome:
        """The reason of a launch that failed also says that a server had ended by itself."""
        ended = [name for name, running in self.services.items() if not running.alive()]
        if not ended or outcome.status == "ok":
            return outcome
        return replace(outcome, reason=f"{outcome.reason} (the {ended[0]} server had ended)")

    # --- rounds -------------------------------------------------------------------------------

    def _rounds(self, batches: Batches) -> None:
        while not self.race.done:
            number = self.race.rounds
            if number >= self._fewest_rounds and self.spending.used_up(number):
                self.race.finish()
                self.stopped = f"budget of {self.spending.budget:.0f} s spent"
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
        how = (entry.get("launched", entry["executor"]), entry["options"], entry["workers"])
        spec = self.preparation.spec("measure", *how, batch.items, batch.scale)
        slowdown = float(self.settings["disturbed"]["core_slowdown"])
        limit = core_limit_seconds(self.journal.entries, entry["interpreter"], slowdown)
        if self._slow:  # a try of the cores says little of so long a batch, and more cost minutes
            limit = None
        spec |= {
            "expected": batch.expected,
            "launch_id": launch_id,
            "core_limit_seconds": limit,
            "profile": self._profiled(number),
        }
        if "steady" not in self.race.wanted_by(name):  # known well enough: save its time
            spec |= {"batches": 0, "steady_seconds": 0.0, "profile": False}
        launcher = self.launchers[entry["interpreter"]]
        outcome = launcher.launch(spec, self.preparation.service_pids())
        outcome = self._with_ended_servers(outcome)
        self._record(name, number, outcome, batch.items, launch_id)

    def _profiled(self, number: int) -> bool:
        """A median of three tells memory, CPU and heartbeats; later rounds are for times, unless
        one of those decides. Searches ask for nothing else."""  # fmt: skip
        if is_overhead(self.block):  # where memory is what is asked for
            return True
        rounds = self.block.get("profiled_rounds", PROFILED_ROUNDS)
        asked = number < rounds and self.block.get("role") != added.ROLE
        return self.objective.profiled or asked

    @property
    def _slow(self) -> bool:
        """Whether its items take so long that nothing is run which the plan has not counted."""
        return "likely_seconds" in self.block

    def _repeats_left(self) -> bool:
        if self._slow:
            return False
        repeated = len(self.journal.entries) - len(
            {(e["approach"], e["launch"]["round"]) for e in self.journal.entries}
        )
        return repeated < int(self.settings["disturbed"]["repeats"])

    def _record(
        self, name: str, number: int, outcome: Outcome, items: int | None, launch_id: str
    ) -> None:
        """Journal a launch, unless another conductor has taken over: two lines of one launch."""
        self._check_room(outcome)
        if self.owner:
            self.owner.confirm()
        where = self.approaches[name], number, launch_id
        row = launch_row(self.plan, self.block, *where, outcome, items, self.code_digest)
        samples = [{"launch_id": launch_id, **batch} for batch in outcome.batches]
        measured = {"launch": row, "samples": samples, "latencies": outcome.latencies}
        self.journal.add({"approach": name, **measured})
        if self.owner:
            self.owner.beat()
        note = ", disturbed" if row["disturbed"] else ""
        said = f"{outcome.status} {outcome.reason}".strip()
        self._log(f"round {number} {name}: {said} in {outcome.launch_seconds:.3f} s{note}")

    def _check_room(self, outcome: Outcome) -> None:
        scratch = scratch_root(self.folder.parent.parent)
        room.check_outcome(outcome, scratch, self.settings["min_free_mib"])

    def _log(self, line: str) -> None:
        self.log.write(f"{line}\n".encode())
        self.log.flush()

    # --- files --------------------------------------------------------------------------------

    def _write(self, calibration: Calibration | None, wall_seconds: float) -> None:
        if self.owner:
            self.owner.confirm()
        run = {
            "block": self.block["block"],
            **files.of_calibration(calibration),
            "rounds": self.race.rounds,
            "stopped_because": self.stopped,
            "wall_seconds": self.carried_seconds + wall_seconds,
            "services": {name: running.address() for name, running in self.services.items()},
            "flags": self._flags(),
            **({"node": self.here.described(self.block["cpus"])} if self.here else {}),
        }
        files.write(self.folder, run, self.journal.entries)

    def _flags(self) -> list[str]:
        limits = self.settings["disturbed"]
        server_cores = max((running.cores for running in self.services.values()), default=1)
        found = flags(self.journal.entries, limits, self.objective, server_cores)
        if "acall" in self.block.get("own", {}):
            found += blocked_loop_flags(self.journal.entries)
        return [*self.notes, *self.spending.flags(self.rules.looks[0]), *found]


def measure_block(plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                  log_path: Path, here: Here | None = None, owner: Owner | None = None
                  ) -> BlockRun:  # fmt: skip
    """Measure one block into its folder; the launches' own output goes to the log.

    `here` is the cluster's node that does it, `owner` holds the folder.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab", buffering=0) as log:
        run = BlockRun(plan, host, name, folder, log, here, owner)
        run.measure()
    return run
