"""Measures one block: rounds of fresh launches in random order until the race is decided."""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from experiments import schema
from experiments.conductor.calibration import Calibration, CalibrationError, calibrate, remembered
from experiments.conductor.child import Launcher, Outcome
from experiments.conductor.journal import Journal
from experiments.conductor.reaper import Reaper
from experiments.launch.tasks import load as load_task
from experiments.plan import code_digest, digest
from experiments.services import service
from experiments.statistics.block import BlockRace, Round
from experiments.statistics.launches import oneshot_value, steady_value
from experiments.statistics.records import Candidate, RaceSettings

#: a server above this share of one core was what limited the clients (its loop is one thread)
SERVER_BOTTLENECK = 0.8
#: a block with a larger share of disturbed launches says so in its verdict
DISTURBED_BLOCK = 0.25
#: steady batches of a launch at most, however short they are
MOST_BATCHES = 25


def candidates(block: Mapping[str, Any]) -> list[Candidate]:
    """The block's approaches as the race knows them."""
    return [
        Candidate(entry["approach"], entry["simplicity"], entry["executor"] == "sequential")
        for entry in block["approaches"]
    ]


class BlockRun:
    """One block on its way from the plan to its CSVs."""

    def __init__(self, plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                 log: IO[bytes]) -> None:  # fmt: skip
        self.plan, self.host, self.folder, self.log = plan, host, folder, log
        self.block = next(block for block in plan["blocks"] if block["block"] == name)
        self.settings = plan["settings"]
        self.code_digest = code_digest()  # of what runs now, whatever ran when the plan was made
        self.approaches = {entry["approach"]: entry for entry in self.block["approaches"]}
        self.journal = Journal(folder / "journal.jsonl", self._identity())
        self.race = BlockRace(candidates(self.block), RaceSettings.from_mapping(plan["statistics"]))
        self.notes: list[str] = [self.journal.note] if self.journal.note else []
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
                    self._rounds(calibration)
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
        block, target = self.block, self.settings["batch_seconds"]
        identity = {
            "task": block["task"], "params": block["params"], "min_items": block["min_items"],
            "batch_seconds": target, "code_digest": self.code_digest,
            "fingerprint": self.plan["fingerprint"], "seed": self.plan["seed"],
        }  # fmt: skip
        path = self.folder.parent.parent / "calibrations" / f"{digest(identity)}.json"
        try:
            return remembered(path, identity, self._calibrate)
        except CalibrationError as error:
            name = next(iter(self.approaches))
            self.notes.append(f"nothing was measured: the sequential run {error.outcome.reason}")
            if not self.journal.entries:
                self._record(name, 0, error.outcome, items=None)
            self.race.finish()
            self.stopped = "the task does not run sequentially"
            return None

    def _calibrate(self) -> Calibration:
        task = load_task(self.block["task"])
        params = self.block["params"]
        scalable = getattr(task, "scalable", lambda given: "item_ms" in given)(params)
        item_seconds = params["item_ms"] / 1000 if scalable else None

        def attempt(items: int, scale: int, wanted: float | None) -> Outcome:
            spec = self._spec("calibrate", "sequential", {}, 1, items, scale)
            return self.launcher.launch({**spec, "item_seconds": wanted}, self._service_pids())

        return calibrate(
            attempt, self.settings["batch_seconds"], self.block["min_items"], item_seconds
        )

    def _spec(self, mode: str, executor: str, options: Mapping[str, Any], workers: int, items: int,
              scale: int) -> dict[str, Any]:  # fmt: skip
        scratch = self.folder.parent.parent / "scratch" / self.block["task"].replace(":", ".")
        scratch.mkdir(parents=True, exist_ok=True)
        cpus = self.block["cpus"]
        return {
            "launch_id": "", "mode": mode, "task": self.block["task"],
            "params": self.block["params"], "items": items, "scale": scale, "item_seconds": None,
            "executor": executor, "options": dict(options), "workers": workers,
            "cpus": cpus[:1] if cpus and mode == "calibrate" else cpus,
            "batches": self.settings["batches"],
            "steady_seconds": self.settings["steady_seconds"], "most_batches": MOST_BATCHES,
            "profile": True, "expected": None, "seed": self.plan["seed"],
            "services": {name: running.address() for name, running in self.services.items()},
            "scratch": str(scratch.resolve()),
        }  # fmt: skip

    def _service_pids(self) -> tuple[int, ...]:
        return tuple(running.pid for running in self.services.values())

    # --- rounds -------------------------------------------------------------------------------

    def _rounds(self, calibration: Calibration) -> None:
        while not self.race.done:
            number = self.race.rounds
            if number >= self.plan["statistics"]["looks"][0] and self._budget_spent():
                self.race.finish()
                self.stopped = f"budget of {self.settings['block_seconds']:g} s spent"
                break
            wanted = self.race.to_run()
            for name in self._order(wanted, number):
                if not any(e["approach"] == name for e in self.journal.of_round(number)):
                    self._launch(name, number, calibration)
            self.race.add_round(self._values(number))
        self.stopped = self.stopped or self._why_done()

    def _why_done(self) -> str:
        if self.race.rounds >= self.plan["statistics"]["looks"][-1]:
            return "all rounds of the last look used"
        return "decided"

    def _budget_spent(self) -> bool:
        spent = sum(float(e["launch"]["launch_seconds"] or 0.0) for e in self.journal.entries)
        return spent >= float(self.settings["block_seconds"])

    def _order(self, names: Sequence[str], number: int) -> list[str]:
        """Random, and the same again when a killed block goes on."""
        rng = random.Random(f"{self.plan['seed']}/{self.block['block']}/{number}")
        return rng.sample(list(names), len(names))

    def _launch(self, name: str, number: int, calibration: Calibration) -> None:
        """One launch, and again if it was disturbed and repeats are left."""
        entry = self.approaches[name]
        spec = self._spec("measure", entry["executor"], entry["options"], entry["workers"],
                          calibration.items, calibration.scale)  # fmt: skip
        spec["expected"] = calibration.expected
        # memory, CPU and heartbeats need no race: once they are known, rounds are for timing
        spec["profile"] = number < self.plan["statistics"]["looks"][0]
        for again in (False, True):
            if again and not self._repeats_left():
                break
            spec["launch_id"] = f"{self.block['block']}/{number}/{name}/{len(self.journal.entries)}"
            outcome = self.launcher.launch(spec, self._service_pids())
            row = self._record(name, number, outcome, calibration.items, spec["launch_id"])
            if not row["disturbed"]:
                break

    def _repeats_left(self) -> bool:
        repeated = len(self.journal.entries) - len(
            {(e["approach"], e["launch"]["round"]) for e in self.journal.entries}
        )
        return repeated < int(self.settings["disturbed"]["repeats"])

    def _disturbed(self, outcome: Outcome) -> bool:
        limits = self.settings["disturbed"]
        foreign, steal = outcome.foreign_cpu_share or 0.0, outcome.steal_share or 0.0
        return bool(foreign > limits["foreign_cpu_share"] or steal > limits["steal_share"])

    def _record(self, name: str, number: int, outcome: Outcome, items: int | None,
                launch_id: str = "") -> dict[str, Any]:  # fmt: skip
        """Journal a launch; returns its row."""
        entry, block = self.approaches[name], self.block
        row: dict[str, Any] = {
            "schema_version": schema.SCHEMA_VERSION, "machine": self.plan["machine"],
            "launch_id": launch_id or f"{block['block']}/{number}/{name}/calibration",
            "block": block["block"], "task": block["task"],
            "params": json.dumps(block["params"], sort_keys=True),
            "interpreter": entry["interpreter"], "executor": entry["executor"],
            "executor_options": json.dumps(entry["options"], sort_keys=True),
            "workers": entry["workers"], "cores": block["cores"], "round": number,
            "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "status": outcome.status, "reason": outcome.reason, "items": items,
            "startup_seconds": outcome.startup_seconds,
            "teardown_seconds": outcome.teardown_seconds,
            "peak_memory_mib": outcome.peak_memory_mib,
            "foreign_cpu_share": outcome.foreign_cpu_share, "steal_share": outcome.steal_share,
            "disturbed": self._disturbed(outcome), "code_digest": self.code_digest,
            "service_cpu_share": outcome.service_cpu_share, "lost_updates": outcome.lost_updates,
            "load_1min": outcome.load_1min, "launch_seconds": outcome.launch_seconds,
            **outcome.profile,
        }  # fmt: skip
        samples = [
            {"launch_id": row["launch_id"], "phase": phase, "batch": batch, "wall_seconds": wall}
            for phase, batch, wall in outcome.batches
        ]
        self.journal.add({"approach": name, "launch": row, "samples": samples})
        note = ", disturbed" if row["disturbed"] else ""
        said = f"{outcome.status} {outcome.reason}".strip()
        self._log(f"round {number} {name}: {said} in {outcome.launch_seconds:.3f} s{note}")
        return row

    def _log(self, line: str) -> None:
        self.log.write(f"{line}\n".encode())
        self.log.flush()

    def _values(self, number: int) -> Round:
        """What the race may know of a round: of several launches of an approach the last
        undisturbed ok one counts, else the last ok one."""  # fmt: skip
        counted: dict[str, dict[str, Any]] = {}
        entries = [e for e in self.journal.of_round(number) if e["launch"]["status"] == "ok"]
        for entry in sorted(entries, key=lambda e: not e["launch"]["disturbed"]):
            counted[entry["approach"]] = entry
        values: dict[str, dict[str, float]] = {"steady": {}, "oneshot": {}}
        for name, entry in counted.items():
            walls: dict[str, list[float]] = {"cold": [], "steady": []}
            for sample in entry["samples"]:
                walls[sample["phase"]].append(sample["wall_seconds"])
            launch = entry["launch"]
            values["steady"][name] = steady_value(walls["steady"])
            values["oneshot"][name] = oneshot_value(
                launch["startup_seconds"], walls["cold"][0], launch["teardown_seconds"]
            )
        return values

    # --- files --------------------------------------------------------------------------------

    def _write(self, calibration: Calibration | None, wall_seconds: float) -> None:
        entries = self.journal.entries
        samples = [sample for entry in entries for sample in entry["samples"]]
        schema.write(schema.SAMPLES, samples, self.folder / "samples.csv")
        run = {
            "block": self.block["block"],
            "items": calibration.items if calibration else None,
            "scale": calibration.scale if calibration else None,
            "item_ms": calibration.item_seconds * 1000 if calibration else None,
            "batch_seconds": calibration.batch_seconds if calibration else None,
            "rounds": self.race.rounds,
            "launches": len(entries),
            "stopped_because": self.stopped,
            "wall_seconds": wall_seconds,
            "launch_seconds": sum(e["launch"]["launch_seconds"] or 0.0 for e in entries),
            "timed_seconds": self._timed_seconds(),
            "services": {name: running.address() for name, running in self.services.items()},
            "flags": [*self.notes, *self._flags()],
        }
        schema.write_atomically(self.folder / "run.json", json.dumps(run, indent=1) + "\n")
        launches = [entry["launch"] for entry in entries]
        schema.write(schema.LAUNCHES, launches, self.folder / "launches.csv")

    def _timed_seconds(self) -> float:
        """Seconds that became numbers: start-up, batches, teardown."""
        total = 0.0
        for entry in self.journal.entries:
            launch = entry["launch"]
            total += (launch["startup_seconds"] or 0.0) + (launch["teardown_seconds"] or 0.0)
            total += sum(sample["wall_seconds"] for sample in entry["samples"])
            total += launch.get("profile_seconds") or 0.0
        return total

    def _flags(self) -> list[str]:
        return [*self._server_flags(), *self._disturbance_flags()]

    def _server_flags(self) -> Iterator[str]:
        shares: dict[str, list[float]] = {}
        for entry in self.journal.entries:
            share = entry["launch"]["service_cpu_share"]
            if share is not None:
                shares.setdefault(entry["approach"], []).append(share)
        busy = {name: statistics.median(seen) for name, seen in shares.items()}
        limited = {name: share for name, share in busy.items() if share > SERVER_BOTTLENECK}
        if limited:
            yield (
                f"the server was the bottleneck (it used up to {max(limited.values()):.0%} of a "
                f"core) for {', '.join(limited)}: they could be faster against a faster server"
            )

    def _disturbance_flags(self) -> Iterator[str]:
        entries = self.journal.entries
        disturbed = sum(bool(entry["launch"]["disturbed"]) for entry in entries)
        if entries and disturbed / len(entries) > DISTURBED_BLOCK:
            yield (
                f"disturbed by other programs: {disturbed} of {len(entries)} launches had foreign "
                "CPU use or steal time above the limit, also after repeats"
            )


def measure_block(plan: Mapping[str, Any], host: Mapping[str, Any], name: str, folder: Path,
                  log_path: Path) -> BlockRun:  # fmt: skip
    """Measure one block into its folder; the launches' own output goes to the log."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab", buffering=0) as log:
        run = BlockRun(plan, host, name, folder, log)
        run.measure()
    return run
