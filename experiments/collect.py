"""Joins the files of the blocks into those of a machine: the tables, and runs.json."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.breakeven.added import steps, with_added
from experiments.breakeven.step import points
from experiments.schema import LATENCIES, LAUNCHES, SAMPLES, Table, elsewhere, write_atomically


def join(table: Table, paths: list[Path]) -> str:
    """The rows of equal CSVs under one header, byte for byte as they were measured.

    Raises ValueError where a file has another header.
    """
    header = ",".join(table.names)
    rows = []
    for path in paths:
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
        if first != header:
            raise ValueError(f"{path}: its columns are not those of the {table.name} table")
        rows.append(rest)
    return f"{header}\n{''.join(rows)}"


def check_alike(results: Path, runs: Sequence[Mapping[str, Any]], fingerprint: str | None) -> None:
    """Raises ValueError where a node of another kind than `fingerprint` has measured a block.

    Such blocks are kept elsewhere (kinds.py) from when they are measured. One that lies here is of
    before the nodes were probed again.
    """
    strange = {
        run["block"]: run["node"] for run in runs
        if elsewhere.MARK not in run and run.get("node")
        and run["node"]["fingerprint"] != fingerprint
    }  # fmt: skip
    if strange and fingerprint is not None:
        name, node = next(iter(strange.items()))
        raise ValueError(
            f"{results}: machines are never mixed, and {len(strange)} of its blocks, as {name} on "
            f"node {node.get('node')}, are of another kind of node (fingerprint "
            f"{node['fingerprint']}) than the plan ({fingerprint}): to measure them again on "
            "this kind, move away " + " ".join(str(results / "blocks" / block) for block in strange)
        )


def collect(results: Path, fingerprint: str | None = None) -> None:
    """Write the files from the blocks of plan.json and those that searches added, in that order.

    `fingerprint` is that of the nodes; None: the plan's. Raises ValueError, see `check_alike`.
    """
    planned = json.loads((results / "plan.json").read_text())
    plan = with_added(planned, results)
    folders = [results / "blocks" / block["block"] for block in plan["blocks"]]
    runs = [json.loads((folder / "run.json").read_text()) for folder in folders]
    check_alike(results, runs, fingerprint or planned.get("fingerprint"))
    for table in (LAUNCHES, SAMPLES, LATENCIES):
        name = f"{table.name}.csv"
        write_atomically(results / name, join(table, [folder / name for folder in folders]))
    write_atomically(results / "runs.json", json.dumps(runs, indent=1) + "\n")
    said = [step["stopped"] for step in steps(results) if planned.get("searches")]
    added = plan["blocks"][len(planned["blocks"]) :]
    content = {
        "searches": [
            {**search, "points": [
                {"value": value, "block": block["block"]}
                for value, block in points(planned, search, added)
            ]}
            for search in planned.get("searches", [])
        ],
        "blocks": added,
        "stopped": said[-1] if said else "",
    }  # fmt: skip
    write_atomically(results / "searches.json", json.dumps(content, indent=1) + "\n")


def collect_others(results: Path) -> None:
    """The same for the nodes of other kinds, of the blocks that they have measured."""
    for folder in elsewhere.folders(results):
        planned = json.loads((folder / elsewhere.WHOLE_PLAN).read_text())
        blocks = planned["blocks"]
        there = [b for b in blocks if (folder / "blocks" / b["block"] / "run.json").exists()]
        content = {**planned, "blocks": there, "searches": []}
        write_atomically(folder / "plan.json", json.dumps(content, indent=1) + "\n")
        collect(folder, folder.name)  # what its nodes say of themselves


def clear_scratch(results: Path) -> None:
    """Remove the tasks' own files (hundreds of MiB): a task makes them again when it needs them."""
    shutil.rmtree(results / "scratch", ignore_errors=True)


if __name__ == "__main__":
    try:
        collect(Path(sys.argv[1]))
        collect_others(Path(sys.argv[1]))
        clear_scratch(Path(sys.argv[1]))
    except (OSError, ValueError) as error:
        sys.exit(f"Poolwise: {error}")
