"""Simulate the race and check every bound: `python -m experiments.statistics.simulate`.

Writes a Markdown document and, beside it, the cells and the checks as CSV. Exits with 1 if a
bound is broken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.checks import Check, check_study
from experiments.statistics.simulate.exact import check_exact, check_small
from experiments.statistics.simulate.guards import check_guards
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.scenes import SCENES
from experiments.statistics.simulate.searches import check_searches
from experiments.statistics.simulate.study import APPROACHES, Cell, Tally, run_cells
from experiments.statistics.simulate.tables import cells_csv, checks_csv, markdown
from experiments.statistics.simulate.tails import check_tails

#: scenes and regimes give up to this many approaches a part of their own
MOST_SPECIAL = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study that the arguments ask for; 1 if a bound is broken."""
    options = _options(arguments)
    settings = RaceSettings(looks=tuple(options.looks))
    cells = [
        Cell(scene, regime, options.approaches)
        for scene in options.scenes
        for regime in options.regimes
    ]
    tallies = _run(cells, options.reps, settings, options.processes)
    checks = [
        *check_study(tallies),
        *check_small(options.reps, settings),
        *check_exact(min(options.reps, 200), settings),
        *check_tails(options.reps),
        *check_searches(options.reps, options.regimes),
        *check_guards(options.reps, options.regimes),
    ]
    _write(options.out, checks, tallies, options.reps)
    broken = [check for check in checks if not check.passed]
    for check in broken:
        print(f"FAILED {check.name}: {check.share:.2%} in {check.where}, bound {check.bound:.1%}")
    print(f"{len(checks)} bounds checked, {len(broken)} broken: {options.out}")
    return 1 if broken else 0


def _run(
    cells: Sequence[Cell], replications: int, settings: RaceSettings, processes: int
) -> list[Tally]:
    tallies = []
    for tally in run_cells(cells, replications, settings, processes):
        tallies.append(tally)
        where = f"{tally.cell.scene}, {tally.cell.regime}"
        print(f"{len(tallies)}/{len(cells)} {where}", file=sys.stderr)
    return tallies


def _write(
    path: Path, checks: Sequence[Check], tallies: Sequence[Tally], replications: int
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(checks, tallies, replications), encoding="utf-8")
    path.with_suffix(".cells.csv").write_text(cells_csv(tallies), encoding="utf-8")
    path.with_suffix(".checks.csv").write_text(checks_csv(checks), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.statistics.simulate", description=__doc__
    )
    parser.add_argument("--reps", type=_count, default=1000, help="replications of each cell")
    parser.add_argument("--out", type=Path, default=Path("docs/simulations.md"))
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    parser.add_argument("--regimes", nargs="+", choices=REGIMES, default=list(REGIMES))
    parser.add_argument("--approaches", type=_approaches, default=APPROACHES)
    parser.add_argument("--looks", type=_count, nargs="+", default=list(RaceSettings().looks))
    parser.add_argument("--processes", type=_count, default=1, help="cells simulated at once")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value


def _approaches(text: str) -> int:
    value = int(text)
    if value < MOST_SPECIAL:
        raise argparse.ArgumentTypeError(f"must be {MOST_SPECIAL} or more, not {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())
