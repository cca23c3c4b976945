"""Time to verdict: one block against pyperf, the same approaches on the same items.

The block is the conductor's own, from its start as a process to its last launch. pyperf runs as
its users run it: a script for each approach with the defaults of `pyperf.Runner`, then
`pyperf compare_to` on all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyperf

from experiments import host, settings
from experiments.bench.bare import Case
from experiments.bench.pyperf_case import TASK
from experiments.conductor import lock
from experiments.conductor.block import measure_block
from experiments.conductor.progress import QUIET_VARIABLE
from experiments.plan import ROOT, make_plan
from experiments.statistics.records import Judgement

#: share of pyperf's time within which a block aims at the same decision
AIM = 0.2
#: a block's seconds are not what is tried here
BLOCK_SECONDS = 600


class BenchError(RuntimeError):
    """A step of the comparison did not run; one line for the user."""


@dataclass(frozen=True)
class Block:
    """What the block said of steady batches, what a batch was, and the wall seconds it all took."""

    judgement: Judgement
    items: int
    scale: int
    seconds: float


@dataclass(frozen=True)
class Compared:
    """What pyperf said: mean seconds by approach, and who is not told apart from the fastest."""

    means: Mapping[str, float]
    not_significant: tuple[str, ...]
    seconds: float

    @property
    def fastest(self) -> str:
        """The approach with the smallest mean."""
        return min(self.means, key=lambda label: self.means[label])


def four_cases(cores: int) -> tuple[Case, ...]:
    """Sequential; as many threads, as many processes as cores (two at least); twice as many."""
    count = max(2, cores)
    fork = {"start_method": "fork"}
    return (
        Case("sequential", TASK, {}, 1, {}),
        Case("threads", TASK, {}, count, {}),
        Case("processes", TASK, {}, count, fork),
        Case("processes", TASK, {}, 2 * count, fork),
    )


def one_block_plan(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a standard run cut down to one block of the four approaches on all cores."""
    cases = four_cases(int(facts["usable_cores"]))
    plan = make_plan(settings.resolve(_config(facts, cases)), facts)
    wanted = {case.label for case in cases}
    for block in plan["blocks"]:
        own = [entry for entry in block["approaches"] if entry["approach"] in wanted]
        if block["task"] == TASK and len(own) == len(wanted):
            return {**plan, "blocks": [{**block, "approaches": own}]}
    raise BenchError(f"bench: no block of {TASK} holds {', '.join(sorted(wanted))}")


def _config(facts: Mapping[str, Any], cases: Sequence[Case]) -> dict[str, Any]:
    return {
        "tasks": [TASK],
        "executors": ["threads", "processes"],
        "workers": sorted({case.workers for case in cases[1:]}),
        "cores": [facts["usable_cores"]],
        "start_methods": ["fork"],
        "chunks": ["default"],
        "block_seconds": BLOCK_SECONDS,
    }


# --- Poolwise -----------------------------------------------------------------------------------


def run_block(folder: Path) -> Block:
    """Measure the block in a process of its own, as the workflow does, then ask its journal."""
    facts = host.probe("bench")
    plan = one_block_plan(facts)
    name = plan["blocks"][0]["block"]
    for file, content in (("machine", facts), ("plan", plan)):
        (folder / f"{file}.json").write_text(json.dumps(content))
    log, results = folder / "block.log", folder / "blocks" / name
    command = ("experiments.conductor", "block", str(folder), name, "--log", str(log))
    started = time.perf_counter()
    _run(command, {QUIET_VARIABLE: "1"})
    seconds = time.perf_counter() - started
    with lock.held("measure"):
        again = measure_block(plan, facts, name, results, log)  # nothing is left to launch
    found = json.loads((results / "run.json").read_text())
    if found["items"] is None:
        raise BenchError(f"bench: {'; '.join(found['flags'])}")
    return Block(again.race.judgements()["steady"], found["items"], found["scale"], seconds)


def _run(module: Sequence[str], extra: Mapping[str, str] | None = None) -> str:
    """What a module printed; BenchError with its last line where it failed."""
    ended = subprocess.run(
        [sys.executable, "-m", *module], cwd=ROOT, env={**os.environ, **(extra or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode:
        last = (ended.stderr.strip() or ended.stdout.strip() or "no message").splitlines()[-1]
        raise BenchError(f"bench: python -m {module[0]}: {last.removeprefix('Poolwise: ')}")
    return ended.stdout


# --- pyperf ---------------------------------------------------------------------------------------


def run_pyperf(cases: Sequence[Case], block: Block, seed: int, folder: Path) -> Compared:
    """Run pyperf on every approach, then compare them all with the fastest."""
    started = time.perf_counter()
    for case in cases:
        before = time.perf_counter()
        _run(_pyperf_command(case, block, seed, folder))
        print(f"  pyperf, {case.label}: {time.perf_counter() - before:.1f} s", flush=True)
    means, not_significant, said = compare({case.label: _file(folder, case) for case in cases})
    seconds = time.perf_counter() - started
    print("".join(f"    {line}\n" for line in said.splitlines()), end="")
    return Compared(means, not_significant, seconds)


def _file(folder: Path, case: Case) -> Path:
    return folder / f"{case.label}.json"


def _pyperf_command(case: Case, block: Block, seed: int, folder: Path) -> tuple[str, ...]:
    numbers = {"workers": case.workers, "items": block.items, "scale": block.scale, "seed": seed}
    given = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    module = "experiments.bench.pyperf_case"
    return (module, "--executor", case.executor, *given, "--quiet", "-o", str(_file(folder, case)))


def compare(files: Mapping[str, Path]) -> tuple[dict[str, float], tuple[str, ...], str]:
    """Means by approach, those `pyperf compare_to` can't tell from the fastest, and all it said."""
    means = {label: float(pyperf.Benchmark.load(str(path)).mean()) for label, path in files.items()}
    fastest, *others = sorted(means, key=lambda label: means[label])
    names = [str(files[label]) for label in (fastest, *others)]
    said = _run(("pyperf", "compare_to", "--verbose", *names))
    rulings = [line for line in said.splitlines() if line.startswith(("Signif", "Not signif"))]
    if len(rulings) != len(others):
        raise BenchError(f"bench: pyperf compare_to said {said!r}")
    alike = tuple(
        label for label, line in zip(others, rulings, strict=True) if line.startswith("Not")
    )
    return means, alike, said.strip()


# --- both -----------------------------------------------------------------------------------------


def same_decision(judgement: Judgement, compared: Compared, margin: float) -> bool:
    """Whether who follows the verdict loses nothing by pyperf's own measurement.

    The recommended approach is pyperf's fastest, or not told apart from it, or within the margin
    (differences up to which don't matter to a verdict, while pyperf reports every significant one).
    An open verdict is no decision.
    """
    pick = judgement.pick
    if pick is None or judgement.verdict in ("inconclusive", "failed"):
        return False
    near = compared.means[pick] <= (1 + margin) * compared.means[compared.fastest]
    return near or pick in compared.not_significant


def print_comparison() -> None:
    """Run both and print their decisions, their wall times and whether the aim was reached."""
    print(f"Time to verdict: {TASK} on all cores, one block against pyperf's defaults", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        block = run_block(folder)
        plan = json.loads((folder / "plan.json").read_text())
        print(f"  Poolwise: {block.seconds:.1f} s", flush=True)
        cases = four_cases(int(plan["blocks"][0]["cores"]))
        compared = run_pyperf(cases, block, int(plan["seed"]), folder)
    for line in conclusion(block, compared, float(plan["statistics"]["margin"])):
        print(line)


def conclusion(block: Block, compared: Compared, margin: float) -> list[str]:
    """Both decisions, both wall times, their ratio, and whether the aim was reached."""
    judgement, ratio = block.judgement, block.seconds / compared.seconds
    same = same_decision(judgement, compared, margin)
    alike = ", ".join(compared.not_significant) or "none"
    return [
        f"Poolwise  {block.seconds:7.1f} s   {judgement.verdict}: {judgement.reason}; "
        f"{judgement.rounds} rounds, {judgement.launches} launches",
        f"pyperf    {compared.seconds:7.1f} s   fastest: {compared.fastest}; "
        f"not significantly different from it: {alike}",
        f"The same decision (recommended approach within {margin:.0%} of pyperf's fastest, or not "
        f"significantly different from it): {'yes' if same else 'no'}",
        f"{ratio:.0%} of pyperf's time, aim {AIM:.0%}: "
        + ("reached" if same and ratio <= AIM else "not reached"),
    ]
