"""python -m reports.bench: how well the laws predict published curves, and what fitting costs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from reports.bench import heldout, speed


def wanted(argv: Sequence[str] | None = None) -> bool:
    """Whether this part was asked for; the other options are those of experiments.bench."""
    parser = argparse.ArgumentParser(prog="python -m reports.bench", description=__doc__)
    parser.add_argument("--only", help="laws; any other part is experiments.bench's")
    args, _ = parser.parse_known_args(argv)
    return args.only in (None, "laws")


def main() -> None:
    """Print both tables."""
    if wanted():
        heldout.print_heldout()
        speed.print_speed()


if __name__ == "__main__":
    main()
