"""python -m experiments.bench: what measuring costs, the time to a verdict, how a grid grows.

Exit status 1 where the harness is proven to add more to a batch than its limit; the other parts
report what this machine showed, and never fail on noise.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence

from experiments.bench import breakeven, growth, harness, launches, verdict
from experiments.bench.peak import PeakError
from experiments.conductor import lock

PARTS = ("harness", "launches", "verdict", "breakeven", "growth")
#: `make bench` runs python -m reports.bench after this, with the same arguments
REPORTS_PARTS = ("laws",)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Which parts run, and how long."""
    parser = argparse.ArgumentParser(prog="python -m experiments.bench", description=__doc__)
    parser.add_argument(
        "--only",
        choices=(*PARTS, *REPORTS_PARTS),
        help="this part alone (default: all, in turn); laws are python -m reports.bench",
    )
    parser.add_argument("--pairs", type=int, default=40, help="pairs of batches an executor")
    parser.add_argument("--launches", type=int, default=7, help="launches an executor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cells", type=int, nargs="+", default=growth.CELLS, help="sizes of growth's grids"
    )
    return parser.parse_args(argv)


def main() -> None:
    """Print the tables of the parts that were asked for."""
    args = arguments()
    wanted = (args.only,) if args.only else PARTS
    if not set(wanted) & set(PARTS):
        return
    try:
        with lock.held("run"):
            broken = _run(wanted, args)
    except (lock.LockError, verdict.BenchError, PeakError) as error:
        sys.exit(f"Poolwise: {error}")
    sys.exit(1 if broken else 0)


def _run(wanted: Sequence[str], args: argparse.Namespace) -> bool:
    broken = False
    with lock.held("measure"):
        if "harness" in wanted:
            broken = harness.print_overheads(args.pairs, random.Random(args.seed))
        if "launches" in wanted:
            launches.print_launches(args.launches)
        if "breakeven" in wanted:
            breakeven.print_searches()
        if "growth" in wanted:
            growth.print_growth(args.cells)
    if "verdict" in wanted:  # its conductor takes the lock `measure` itself
        verdict.print_comparison()
    return broken


if __name__ == "__main__":
    main()
