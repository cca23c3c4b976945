"""What may be behind a job that failed on a cluster, told where `snakemake` was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def troubles(run: Any, root: str) -> Iterator[str]:
    """A line for what the files tell; none on this host alone.

    `run` is what preflight found (`nodes`, `results`), `root` the folder of Poolwise's code.
    """
    if run.nodes is None:
        return
    results = Path(run.results)
    if not (results / "machine.json").exists() and _is_empty(results / "logs" / "probe.log"):
        yield (
            f"the first job left no trace: the nodes may not see {Path.cwd()} or {root} (both must "
            "lie on a file system that all nodes share, at the same path), have no memory for it "
            "(mem_mb), or can't start Python from there. To see: srun --ntasks=1 ls "
            f"{Path.cwd()} {root}"
        )


def _is_empty(log: Path) -> bool:
    """Whether nothing was written there; Snakemake makes the logs of a job that failed."""
    return not log.exists() or log.stat().st_size == 0
