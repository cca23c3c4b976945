"""What was asked of the cluster for the job that probed a node, kept beside what the node said.

Granted is what is asked for: where that changes, the plan may be another one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import old_results
from experiments.cluster.asked import asked_for
from experiments.cluster.submitting import Nodes
from experiments.conductor.progress import say
from experiments.schema import write_atomically

NAME = "asked.json"
#: of profile key 'default-resources', what decides on which nodes a job runs and what it gets there
_RESOURCES = ("slurm_partition", "constraint", "mem_mb", "mem_mb_per_cpu", "gres", "slurm_extra")


def now(argv: Sequence[str], nodes: Nodes) -> dict[str, Any]:
    """What is asked for by Snakemake's arguments and config key `cluster.cpus`; None: nothing."""
    resources = asked_for(argv).resources
    return {"cpus": nodes.cpus, **{key: resources.get(key) for key in _RESOURCES}}


def keep(results: Path, asked: Mapping[str, Any]) -> None:
    """For a node that is going to be probed."""
    write_atomically(results / NAME, json.dumps(asked, indent=1) + "\n")


def changes(results: Path, asked: Mapping[str, Any]) -> list[str]:
    """What is asked otherwise than when the node was probed; none where that isn't known."""
    before = old_results.read(results / NAME)
    if before is None:
        return []
    return [
        f"{key} {_word(value)}, before {_word(before.get(key))}"
        for key, value in asked.items()
        if before.get(key) != value
    ]


def probed(results: Path, asked: Mapping[str, Any], dry: bool) -> dict[str, Any] | None:
    """What a node said before, if it was granted what is asked of the cluster now, or is measured.

    Else it is forgotten, and a node is probed again.
    """
    facts, changed = old_results.read(results / "machine.json"), changes(results, asked)
    if facts is None or not changed:
        return facts
    what, measured = "; ".join(changed), len(old_results.begun(results))
    if measured:
        say(
            f"Poolwise: the cluster is asked for {what}; the plan stays as it was, as "
            f"{measured} of its blocks are measured: to plan anew, move {results} away (a complete "
            "run: --config again=true)"
        )
        return facts
    say(f"Poolwise: the cluster is asked for {what}: a node is probed again")
    if not dry:
        for name in ("plan.json", "machine.json"):
            (results / name).unlink(missing_ok=True)
    return None


def _word(value: Any) -> str:
    return "not given" if value is None else str(value)
