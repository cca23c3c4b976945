"""The nodes of a cluster that measured: which, under what grant, and what other kinds took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.schema.elsewhere import FOLDER
from reports import wording
from reports.load import Results

#: so many nodes are named, the others counted
NAMED = 12


def facts(results: Results) -> list[tuple[str, Any]]:
    """Rows of the machine's table; none where the run was on one host, outside of any job."""
    job = results.machine.get("job")
    found: list[tuple[str, Any]] = []
    if isinstance(job, Mapping):
        found.append(("Job", _grant(results, job)))
    nodes = Counter(_node(run) for run in _runs(results))
    if nodes:
        told = [f"{name} ({wording.count(n, 'block')})" for name, n in sorted(nodes.items())]
        found.append(("Nodes", wording.listing(told, most=NAMED)))
    return found


def apart(results: Results) -> str:
    """A sentence on blocks that nodes of another kind have measured; empty without any."""
    if not results.away:
        return ""
    by_kind: dict[str, list[str]] = {}
    for block, word in results.away.items():
        by_kind.setdefault(str(word.get("fingerprint")), []).append(block)
    parts = []
    for fingerprint, blocks in sorted(by_kind.items()):
        word = results.away[blocks[0]]
        nodes = sorted({str(results.away[block].get("node")) for block in blocks})
        parts.append(
            f"{wording.listing(blocks, most=6)} on {wording.listing(nodes, most=6)} "
            f"({wording.listing([str(one) for one in word.get('differences') or []], most=3)}), "
            f"in {FOLDER}/{fingerprint}"
        )
    count = wording.count(len(results.away), "block")
    return (
        f"Not in this report: {count}, which nodes of another kind have measured, as machines are "
        f"never mixed: {'; '.join(parts)}. Each of these folders has a report of its own."
    )


def shared(results: Results) -> str:
    """A warning where a job did not hold its node alone."""
    blocks = [
        str(run["block"]) for run in results.runs.values() if _given(run).get("exclusive") is False
    ]
    if not blocks:
        return ""
    return (
        f"Other jobs may have shared the node with {wording.listing(blocks, most=6)}: the job "
        "did not ask for it alone (--exclusive)."
    )


def _runs(results: Results) -> Iterable[Mapping[str, Any]]:
    return (r for name, r in results.runs.items() if name not in results.away and _given(r))


def _given(run: Mapping[str, Any]) -> Mapping[str, Any]:
    found = run.get("node")
    return found if isinstance(found, Mapping) else {}


def _node(run: Mapping[str, Any]) -> str:
    return str(_given(run).get("node"))


def _grant(results: Results, job: Mapping[str, Any]) -> str:
    memory = results.machine.get("memory_limit_mib")
    words = [
        f"{job.get('manager')}, partition {job.get('partition') or wording.UNKNOWN}",
        f"constraint {job['constraint']}" if job.get("constraint") else "",
        {True: "its node held alone", False: "its node shared"}.get(job.get("exclusive"), ""),  # type: ignore[arg-type]
        f"memory limit {wording.memory(memory)}" if memory else "",
        f"devices {job['gres']}" if job.get("gres") else "",
    ]
    return "; ".join(filter(None, words))
