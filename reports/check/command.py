"""Check that earlier verdicts hold: `python -m reports.check BASELINE` (a bundle, or results).

Exit status: 0 every choice holds, 1 one has flipped, 2 it can't be told.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports import wording
from reports.bundle.opening import found, opened
from reports.check import judge, measure, tell
from reports.check.claims import choices
from reports.check.differences import differences
from reports.decision import chosen_tasks
from reports.decision_check import cores
from reports.foreign import foreign
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
    try:
        config = measure.settings(before, chosen, options.results, options.src, options.margin)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ResultsError(
            f"{options.baseline}: plan.json: its settings are none that Poolwise writes "
            f"({type(error).__name__}: {error}); check a bundle as it was made"
        ) from error
    _refuse_unknown(config, options)
    folder = measure.run(config, options.cores or cores(before.machine))
    now = load(folder)
    checked = judge.verdicts(chosen, now)
    told = (checked, differences(before, now, chosen), options.baseline.name)
    tell.write(*told, folder)
    print(tell.summary(*told, folder))
    return judge.STATUS[judge.outcome(checked)]


def _refuse_unknown(config: Mapping[str, Any], options: argparse.Namespace) -> None:
    """A baseline may come from anybody, and measuring it again runs what it names."""
    named = foreign(config)
    if named and not options.trust:
        shown = wording.visible("; ".join(wording.short(one, 200) for one in named[:8]))
        more = f"; and {len(named) - 8} more" if len(named) > 8 else ""
        raise ResultsError(
            f"{options.baseline}: measuring it again would run or ask {shown}{more}. Nothing was "
            "run: if you know them, add TRUST=1 to the make command (--trust)"
        )


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
        "--trust", action="store_true", help="run the functions and interpreters that it names"
    )
    parser.add_argument(
        "--margin", type=float, help="differences up to this share don't matter; as before"
    )
    parser.add_argument("--results", default="results", help="folder of all machines' results")
    return parser.parse_args(argv)


def _named(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("names nothing; as in `make check BASELINE=bundle.zip`")
    return Path(text)
