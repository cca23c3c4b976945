"""Blocks that a node of another kind has measured: kept apart, never mixed with the others.

They go to `results/<machine>/other-nodes/<fingerprint>/`, a results folder of its own with the
facts of those nodes, a plan made for them, and their ceiling. In the run's own folder the block has
no rows, and run.json says where it went.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments import host as host_facts
from experiments import schema
from experiments.cluster.node import Here, NodeError, differences
from experiments.conductor.ceiling import measure_ceiling
from experiments.plan import make_plan
from experiments.schema import write_atomically
from experiments.schema.elsewhere import FOLDER, MARK, WHOLE_PLAN
from experiments.settings import ConfigError


def prepared(
    results: Path, plan: Mapping[str, Any], here: Here, host: Mapping[str, Any]
) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Folder, plan and machine.json for nodes of this kind; made where they are not there yet.

    `host` is the node that was probed. Raises NodeError where these can't measure what is asked.
    """
    folder = results / FOLDER / here.fingerprint
    try:
        facts = _read(folder / "machine.json")
        if facts is None:
            name = f"{plan['machine']}-{here.fingerprint[:8]}"[:64]
            facts = host_facts.probe(name, **here.facts["asked"])
            write_atomically(folder / "machine.json", json.dumps(facts, indent=1) + "\n")
        theirs = _read(folder / WHOLE_PLAN)
        if theirs is None or theirs["settings"] != plan["settings"]:
            theirs = make_plan(plan["settings"], facts)
            write_atomically(folder / WHOLE_PLAN, json.dumps(theirs, indent=1) + "\n")
    except ConfigError as error:
        raise unfit(plan, here, host, "; ".join(str(error).splitlines())) from error
    if not (folder / "ceiling.csv").exists():
        measure_ceiling(facts, plan["seed"], folder / "ceiling.csv")
    return folder, theirs, facts


def _in_what(here: Here, host: Mapping[str, Any]) -> list[str]:
    """In what a node of another kind differs: of one that shows nothing it is the interpreter."""
    return differences(here, host) or ["the interpreter is another"]


def unfit(plan: Mapping[str, Any], here: Here, host: Mapping[str, Any], problem: str) -> NodeError:
    """What to say of a node of another kind that can't do what this one is to do."""
    other = "; ".join(_in_what(here, host))
    return NodeError(
        f"{here.name} is another kind of node than was probed ({other}), and can't do this: "
        f"{problem}. Name nodes of one kind by profile key 'default-resources': constraint=FEATURE,"
        f" with --config machine={plan['machine']}; what was measured is kept, a rerun goes on "
        "from there"
    )


def check_planned(
    theirs: Mapping[str, Any], name: str, plan: Mapping[str, Any], here: Here,
    host: Mapping[str, Any],
) -> None:  # fmt: skip
    """Raises NodeError where the plan for this kind of node (`theirs`) has no such block."""
    if name not in {block["block"] for block in theirs["blocks"]}:
        limits = "; ".join(here.facts["limits"])
        has = f"it has {here.facts['usable_cores']} usable cores ({limits})"
        raise unfit(plan, here, host, f"block {name} is no part of its plan, as {has}")


def leave_word(
    folder: Path, name: str, here: Here, host: Mapping[str, Any], went: str, log: Path
) -> None:
    """The block's files in the run's own folder: no rows, and why."""
    for table in (schema.SAMPLES, schema.LATENCIES):
        schema.write(table, [], folder / f"{table.name}.csv")
    word = {
        "node": here.name,
        "fingerprint": here.fingerprint,
        "differences": _in_what(here, host),
        "folder": went,
    }
    run: dict[str, Any] = {
        "block": name, "items": None, "scale": None, "item_ms": None, "batch_seconds": None,
        "item_kib": None, "result_kib": None, "rounds": 0, "launches": 0, "samples": 0,
        "latencies": 0, "stopped_because": "measured on a node of another kind",
        "wall_seconds": 0.0, "launch_seconds": 0.0, "timed_seconds": 0.0, "services": {},
        "flags": [], "node": here.described(None), MARK: word,
    }  # fmt: skip
    write_atomically(folder / "run.json", json.dumps(run, indent=1) + "\n")
    schema.write(schema.LAUNCHES, [], folder / "launches.csv")
    with log.open("a") as file:
        file.write(
            f"{name}: measured on {here.name}, a node of another kind "
            f"({'; '.join(word['differences'])}): kept in {went}\n"
        )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return content
