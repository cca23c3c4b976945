"""Where the blocks are that nodes of another kind have measured; kinds.py puts them there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: in the folder of a machine: a results folder for each other kind of node
FOLDER = "other-nodes"
#: in each of them: all that is planned; its plan.json names the blocks that were measured there
WHOLE_PLAN = "planned.json"
#: of run.json: where the block was measured instead, and in what those nodes differ
MARK = "measured_on_other_nodes"


def folders(results: Path) -> list[Path]:
    """The results folders of the other kinds of node, by their fingerprints."""
    return sorted(path for path in (results / FOLDER).glob("*") if (path / WHOLE_PLAN).exists())


def measured_elsewhere(
    runs: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The blocks of runs.json that other kinds of node have measured, with what is known of it."""
    yield from ((str(run["block"]), run[MARK]) for run in runs if isinstance(run.get(MARK), dict))
