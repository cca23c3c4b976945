"""How Snakemake's own report (`snakemake --report`) lists the figures: by kind, task and cores."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reports import figures, wording
from reports.load import ResultsError, load

#: what a figure shows, by the first word of its file's name
KINDS = {
    "speedup": "Speedup against workers",
    "heatmap": "Speedup by workers and cores",
    "multiples": "Speedup against workers, all core counts",
    "panels": "Latency, memory and responsiveness",
    "breakeven": "Where the answer changes",
}
#: Snakemake puts labels into a script of its page, and takes braces for wildcards
_TAME = str.maketrans("<>{}", "[]()")


def figure_kind(kind: str) -> str:
    """The heading under which figures of a kind stand."""
    return KINDS.get(kind, wording.capital(kind))


def figure_labels(folder: str, kind: str, subject: str) -> dict[str, str]:
    """Task and cores of a figure, from the name of its file: `kind`-`subject`.svg.

    Where the results can't be read, the name itself.
    """
    try:
        task, cores = _subjects(folder)[kind, subject]
    except (ResultsError, KeyError):
        task, cores = subject, ""
    return {"task": wording.visible(task).translate(_TAME), "cores": cores}


@cache
def _subjects(folder: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What each figure is about, by kind and the rest of its name."""
    results = load(Path(folder))
    found = {("breakeven", figures.safe(one.name)): (f"{one.subject}: {one.vary}", str(one.cores))
             for one in results.searches}  # fmt: skip
    for block in results.blocks:
        for kind in ("speedup", "panels"):
            found[kind, figures.safe(block.name)] = (block.subject, str(block.cores))
        for name in (block.task, block.subject):
            for kind in ("heatmap", "multiples"):
                found[kind, figures.safe(name)] = (name, "all")
    return found
