"""How the plan and the workflow's DAG grow with the grid. Nothing is measured.

Every step is the command that a user types or a rule runs, in a process of its own, for a grid of
this host with as many values of parameters as it takes. Facts of a larger host could be made up
for the plan, but not for the dry runs: those ask this host what it is.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments import host, preflight
from experiments.bench.paper import Size, bounds_line, on_paper, slope_lines
from experiments.bench.peak import ROOT, Taken, peak_of
from experiments.plan import make_plan

#: cells of the grids: approaches of blocks
CELLS = (100, 1_000, 10_000)
#: a cluster's nodes, each with a chain of its own
CHAINS = 8
#: the quicker one of so many runs counts: what else the machine does only ever adds
REPEATS = 2
PLANNED, STARTING, WHOLE, CHAINED = STEPS = (
    "make the plan",
    "dry run at the start",
    "dry run, all blocks",
    f"the same, {CHAINS} chains",
)


def config(values: int) -> dict[str, Any]:
    """The standard grid of some tasks, with so many values of a parameter each."""
    milliseconds = [round(1 + value / 100, 2) for value in range(values)]
    kib = list(range(1, values + 1))
    shares = [round(value / values, 6) for value in range(values)]
    return {
        "machine": "growth",
        "tasks": [
            {"task": "math_python", "params": {"item_ms": milliseconds}},
            {"task": "data_processing", "params": {"item_ms": milliseconds}},
            {"task": "mixed", "params": {"cpu_share": shares}},
            {"task": "ipc", "params": {"via": ["pickle", "shared_memory"], "payload_kib": kib}},
        ],
    }


def cells_of(plan: Mapping[str, Any]) -> int:
    """How many cells a plan has."""
    return sum(len(block["approaches"]) for block in plan["blocks"])


def values_for(cells: int) -> int:
    """How many values of the parameters give so many cells on this host, or a few more."""
    facts, values = host.probe("growth", None), 1
    while (found := cells_of(make_plan(_prepared(values).settings, facts))) < cells:
        values = max(values + 1, math.ceil(values * cells / found))
    return values


def planned(folder: Path, values: int, chains: int = 1) -> Taken:
    """Make machine.json and plan.json as the rules do, and say what the plan took."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config(values)))
    run = _prepared(values)
    results = folder / run.results
    results.mkdir(parents=True, exist_ok=True)
    settings = {**run.settings, **({"chains": chains} if chains > 1 else {})}
    probed = ["--machine", run.machine, "--asked", json.dumps(run.probed)]
    peak_of([*_module("host"), *probed, "--out", f"{run.results}/machine.json"], folder)
    made_of = ["--machine", f"{run.results}/machine.json", "--settings", json.dumps(settings)]
    return peak_of([*_module("plan"), *made_of, "--out", f"{run.results}/plan.json"], folder)


def dry_run(folder: Path, *targets: str) -> Taken:
    """`snakemake -n` in a folder."""
    snakefile = str(ROOT / "workflow" / "Snakefile")
    command = [sys.executable, "-m", "snakemake", "-s", snakefile, "--cores", "all", "-n"]
    return peak_of([*command, *targets], folder)


def measured(values: int, folder: Path) -> Size:
    """All steps for a grid, in a new folder."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config(values)))
    taken = {STARTING: _quickest(dry_run(folder) for _ in range(REPEATS))}
    taken[PLANNED] = _quickest(planned(folder, values) for _ in range(REPEATS))
    path = folder / _prepared(values).results / "plan.json"
    plan, size = json.loads(path.read_text()), path.stat().st_size
    taken[WHOLE] = _quickest(dry_run(folder) for _ in range(REPEATS))
    planned(folder, values, CHAINS)
    taken[CHAINED] = _quickest(dry_run(folder) for _ in range(REPEATS))
    return Size(
        cells=cells_of(plan),
        blocks=len(plan["blocks"]),
        plan_mib=size / 2**20,
        launches=plan["estimate"]["launches"],
        likely_seconds=plan["estimate"]["seconds"],
        taken={step: taken[step] for step in STEPS},
    )


def print_growth(cells: Sequence[int] = CELLS) -> None:
    """Print the table, the bounds, and what a million cells would need."""
    print(f"\nGrowth of the grid: seconds and largest memory, the quicker of {REPEATS} runs")
    print(f"{'cells':>9}{'blocks':>8}{'plan.json':>12}" + "".join(f"{s:>24}" for s in STEPS))
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        for wanted in sorted(cells):
            sizes.append(measured(values_for(wanted), Path(folder) / str(wanted)))
            print(row(sizes[-1]), flush=True)
    for line in (*slope_lines(sizes), *bounds_line(sizes), *on_paper(sizes)):
        print(line)


def row(size: Size) -> str:
    """A line of the table."""
    steps = (f"{one.seconds:.1f} s {one.mib:.0f} MiB" for one in size.taken.values())
    counts = f"{size.cells:>9,}{size.blocks:>8,}{size.plan_mib:>8.2f} MiB"
    return counts + "".join(f"{words:>24}" for words in steps)


def _prepared(values: int) -> preflight.Run:
    """What the rules are told for a grid; nothing is written."""
    return preflight.prepare(config(values), {}, None, dry=True, errand=True)


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"experiments.{name}"]


def _quickest(runs: Iterable[Taken]) -> Taken:
    return min(runs, key=lambda taken: taken.seconds)
