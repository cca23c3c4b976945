"""Compare bundles and results folders: `python -m reports.compare PATH... --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports import command
from reports.compare import page
from reports.compare.comparison import compare
from reports.compare.opening import Refused, runs


def main(argv: Sequence[str] | None = None) -> int:
    """Write the comparison; the exit status is 1, with one line, where there is none."""
    parser = argparse.ArgumentParser(prog="python -m reports.compare", description=__doc__)
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path,
                        help="a bundle (.zip), or the results folder of one machine")  # fmt: skip
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path("results/comparison"),
                        help="where the comparison goes [results/comparison]")  # fmt: skip
    options = parser.parse_args(argv)
    return command.attempt(lambda: _write(options.paths, options.out))


def _write(paths: Sequence[Path], folder: Path) -> None:
    found = runs(paths)
    for one in found:
        if isinstance(one, Refused):
            print(f"left out: {one.source}: {one.reason}", file=sys.stderr)
    page.write(compare(found), folder)
    print(f"Comparison: {folder / page.HTML}")


if __name__ == "__main__":
    sys.exit(main())
