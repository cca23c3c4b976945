"""The command line all report steps share: a results folder in, one line on stderr if it fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from reports.load import Results, ResultsError, load


def run(step: Callable[[Results], None], what: str, argv: Sequence[str] | None = None) -> int:
    """Parse DIR, load it, do the step. Returns the exit status: 1 with one line on an error."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    return attempt(lambda: step(load(parser.parse_args(argv).folder)))


def attempt(step: Callable[[], None]) -> int:
    """Do the step; an expected failure becomes one line on stderr and status 1."""
    try:
        step()
    except (ResultsError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0
