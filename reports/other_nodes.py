"""Reports of the blocks that nodes of another kind have measured, each kind's in its own folder."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.schema import write_atomically
from experiments.schema.elsewhere import folders
from reports.command import attempt
from reports.load import ResultsError
from reports.render import pdf_problem

#: the steps of the workflow from the measured tables to the bundle, in its order
STEPS = ("summarise", "fit", "decide", "breakeven", "overheads", "claims", "losses", "interpreters",
         "plot", "render", "decision", "bundle")  # fmt: skip
OUT = "other-nodes.json"


def write(results: Path) -> None:
    """Make everything of every other kind, and OUT, which lists the folders (none: an empty list).

    Raises ResultsError with what a step said.
    """
    found = folders(results)
    for folder in found:
        for step in STEPS:
            _run(step, folder)
    names = [folder.relative_to(results).as_posix() for folder in found]
    write_atomically(results / OUT, json.dumps(names, indent=1) + "\n")


def _run(step: str, folder: Path) -> None:
    only = ["--only", "html"] if step == "render" and pdf_problem() else []
    command = [sys.executable, "-m", f"reports.{step}", str(folder), *only]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ResultsError(f"{folder}: {step} failed: {done.stderr.strip() or done.returncode}")


def main(argv: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m reports.other_nodes", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    return attempt(lambda: write(parser.parse_args(argv).folder))


if __name__ == "__main__":
    sys.exit(main())
