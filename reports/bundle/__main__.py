"""python -m reports.bundle DIR: write DIR/bundle.zip, the whole run as one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports import command
from reports.bundle.write import write, write_anonymised
from reports.load import load


def main(argv: Sequence[str] | None = None) -> int:
    """Write the bundle; the exit status is 0 if it was written."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.bundle", description="Pack a run: results folder -> bundle.zip."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="results folder of one machine")
    parser.add_argument(
        "--anonymise", action="store_true", help="without host name, user names, servers and paths"
    )
    parser.add_argument(
        "--task", action="append", default=[],
        help="the decision record is only on this task (repeatable; for --anonymise)",
    )  # fmt: skip
    options = parser.parse_args(argv)
    return command.attempt(lambda: _write(options.folder, options.anonymise, options.task))


def _write(folder: Path, anonymise: bool, tasks: Sequence[str]) -> None:
    results = load(folder)
    if anonymise:
        write_anonymised(results, tasks)
    else:
        write(results)


if __name__ == "__main__":
    sys.exit(main())
