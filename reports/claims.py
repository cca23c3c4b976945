"""Rule what textbooks say of threads and processes on this machine's numbers: claims.csv."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from experiments import schema
from reports import command
from reports.load import Results
from reports.rulings import costs, gains, locks, memory, mixture, responsive
from reports.rulings.evidence import Evidence, Workers
from reports.rulings.gathering import gather
from reports.rulings.outcome import Ruling


@dataclass(frozen=True)
class Claim:
    """A textbook sentence and the function that rules it."""

    claim_id: str
    claim: str
    rule: Callable[[Evidence], Ruling]


#: what is waited for: the claim's name, words and tasks
WAITING = (
    ("file_read", "reading files", ("file_read",)),
    ("http_request", "network requests", ("http_request",)),
    ("database", "database queries", ("sqlite_query", "postgres_query")),
)
#: what is computed, likewise
COMPUTING = (
    ("data", "data processing", ("data_processing",)),
    ("learning", "machine learning", ("machine_learning",)),
    ("math", "mathematical computation", ("math_python", "math_numpy")),
)
THREADS = Workers("threads", "threads")
PROCESSES = Workers("processes", "processes")
#: where they are in the grid, what is said of processes is ruled for them too
SUBINTERPRETERS = Workers("interpreters", "subinterpreters")


def claims(executors: set[str]) -> Iterator[Claim]:
    """The list, in the textbook's order; what is said of processes also of subinterpreters."""
    yield Claim(
        "threads_memory",
        "Threads share the memory of one process.",
        partial(memory.shares_memory, workers=THREADS, claimed=True),
    )
    yield Claim(
        "gil_threads",
        "The GIL keeps threads from running CPU-bound Python at the same time.",
        gains.threads_held_by_gil,
    )
    for name, work, tasks in WAITING:
        yield Claim(
            f"threads_{name}",
            f"Threads suit {work}.",
            partial(gains.threads_suit, tasks=tasks),
        )
    yield Claim(
        "threads_responsive",
        "Threads keep a program responsive while work runs in the background.",
        responsive.threads_keep_responsive,
    )
    yield Claim("locks", "Locks and semaphores prevent race conditions.", locks.locks_prevent_races)
    for workers in (PROCESSES, SUBINTERPRETERS):
        if workers is PROCESSES or workers.executor in executors:
            yield from _of_workers_apart(workers)
    yield Claim(
        "programs_at_once",
        "Independent programs run at the same time under the operating system.",
        gains.programs_at_once,
    )
    yield Claim(
        "cpu_and_waiting",
        "The choice depends on the shares of CPU and I/O.",
        mixture.choice_depends_on_shares,
    )


def _of_workers_apart(workers: Workers) -> Iterator[Claim]:
    """What is said of workers that have memory of their own."""
    said, name = workers.noun.capitalize(), workers.executor
    yield Claim(
        f"{name}_memory",
        f"{said} have separate memory.",
        partial(memory.shares_memory, claimed=False, workers=workers),
    )
    yield Claim(
        f"{name}_gil",
        f"{said} escape the GIL: CPU-bound Python gains from them.",
        partial(gains.escape_gil, workers=workers),
    )
    for kind, work, tasks in COMPUTING:
        yield Claim(
            f"{name}_{kind}",
            f"{said} suit {work}.",
            partial(gains.pools_suit, tasks=tasks, workers=workers),
        )
    yield Claim(
        f"{name}_startup",
        f"Starting {workers.noun} costs much.",
        partial(costs.starting_costs, workers=workers),
    )
    yield Claim(
        f"{name}_communication",
        f"Communication between {workers.noun} costs.",
        partial(costs.handing_over_costs, workers=workers),
    )


def rule_all(results: Results) -> list[dict[str, object]]:
    """Rows of claims.csv: each claim for each interpreter, on the numbers of that one alone."""
    executors = {one.executor for block in results.blocks for one in block.approaches}
    return [
        _row(results.name, evidence.interpreter, claim, claim.rule(evidence))
        for evidence in gather(results)
        for claim in claims(executors)
    ]


def _row(machine: str, interpreter: str, claim: Claim, ruling: Ruling) -> dict[str, object]:
    return {
        "machine": machine,
        "claim_id": claim.claim_id,
        "claim": claim.claim,
        "ruling": ruling.ruling,
        "evidence": ruling.evidence,
        "cells": json.dumps(ruling.cells, ensure_ascii=False),
        "interpreter": interpreter,
    }


def main(results: Results) -> None:
    """Write claims.csv from the measurements, ceiling.csv, overheads.csv and breakeven.csv."""
    results.write(schema.CLAIMS, rule_all(results))


if __name__ == "__main__":
    what = "Rule the textbook's claims: launches.csv, samples.csv, ceiling.csv, overheads.csv, "
    sys.exit(command.run(main, f"{what}breakeven.csv -> claims.csv."))
