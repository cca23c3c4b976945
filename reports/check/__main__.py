"""Check that earlier verdicts hold: `python -m reports.check BASELINE` (a bundle, or results).

Exit status: 0 every choice holds, 1 one has flipped, 2 it can't be told.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reports.bundle.opening import found, opened
from reports.check import judge, measure, tell
from reports.check.claims import choices
from reports.check.differences import differences
from reports.decision import chosen_tasks
from reports.decision_check import cores
from reports.load import Results, ResultsError, load

CANT_TELL = judge.STATUS["inconclusive"]


def main(argv: Sequence[str] | None = None) -> int:
    """See the module."""
    options = _options(argv)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            return _checked(options, _baseline(options.baseline, Path(temporary)))
    except (ResultsError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    except KeyboardInterrupt:
        print("error: interrupted; the same command goes on", file=sys.stderr)
    return CANT_TELL


def _checked(options: argparse.Namespace, before: Results) -> int:
    chosen = choices(before, chosen_tasks(before, options.task), options.margin)
    if not chosen:
        raise ResultsError(f"{options.baseline}: no verdict of it is decided: nothing to check")
    config = measure.settings(before, chosen, options.results, options.src, options.margin)
    folder = measure.run(config, options.cores or cores(before.machine))
    now = load(folder)
    checked = judge.verdicts(chosen, now)
    told = (checked, differences(before, now, chosen), options.baseline.name)
    tell.write(*told, folder)
    print(tell.summary(*told, folder))
    return judge.STATUS[judge.outcome(checked)]


def _baseline(path: Path, into: Path) -> Results:
    """The newest run at a path; of a folder of results its bundle, if it has one."""
    return load(opened(found(path)[0], into / "baseline").folder)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reports.check", description=__doc__)
    parser.add_argument("baseline", type=_named, metavar="BASELINE", help="bundle.zip or results")
    parser.add_argument("--task", action="append", default=[], help="only this task; more than one")
    parser.add_argument("--cores", help="as of snakemake; as many as were used before")
    parser.add_argument("--src", help="folder of your own functions, where it is another now")
    parser.add_argument(
        "--margin", type=float, help="differences up to this share don't matter; as before"
    )
    parser.add_argument("--results", default="results", help="folder of all machines' results")
    return parser.parse_args(argv)


def _named(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("names nothing; as in `make check BASELINE=bundle.zip`")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())
