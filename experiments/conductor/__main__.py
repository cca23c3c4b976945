"""The conductor's commands, called by the workflow's rules.

python -m experiments.conductor ceiling RESULTS [--node]
python -m experiments.conductor block RESULTS NAME --log FILE [--node] [--scratch FOLDER]

--node: this is a job on a node of a cluster, which may not be the one that was probed.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from experiments.breakeven.added import with_added
from experiments.cluster import kinds, node
from experiments.cluster.owner import SILENT_SECONDS, Owner, owned
from experiments.conductor import lock, room
from experiments.conductor.block import measure_block
from experiments.conductor.ceiling import CeilingError, measure_ceiling
from experiments.conductor.child import adopt_orphans
from experiments.conductor.journal import JournalError
from experiments.conductor.progress import block_line, say
from experiments.services.service import ServiceError
from experiments.settings import ConfigError
from experiments.statistics.records import RaceSettings

_PR_SET_PDEATHSIG = 1


class PlanError(ValueError):
    """A plan or host file that can't be used; one line for the user."""


def die_with_parent() -> None:
    """Ask Linux for SIGTERM when Snakemake dies; `kill -9` of it would leave us measuring on.

    Source: man 2 prctl, PR_SET_PDEATHSIG. Elsewhere the host lock stops a second run.
    """
    parent = os.getppid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def check_disk(folder: Path, min_free_mib: int) -> None:
    """Exit with one line where the results' disk is nearly full."""
    try:
        room.check_results(folder, min_free_mib)
    except room.RoomError as error:
        sys.exit(f"Poolwise: {error}")


def _load(results: Path, name: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((results / name).read_text())
    except ValueError as error:
        raise PlanError(f"{results / name}: damaged ({error}); move it away") from error
    return content


def _check_plan(plan: Mapping[str, Any], path: Path) -> None:
    """Before anything is measured: a plan of another version, or one edited by hand."""
    try:
        RaceSettings.from_mapping(plan["statistics"])
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"{path}: statistics: {error}; move it away to plan again") from error


def _measure(args: argparse.Namespace) -> None:
    host, plan = _load(args.results, "machine.json"), _load(args.results, "plan.json")
    plan = with_added(plan, args.results)
    _check_plan(plan, args.results / "plan.json")
    room.check_results(args.results, plan["settings"]["min_free_mib"])
    here = node.look(host) if args.node else None
    if args.command == "ceiling":
        _measure_ceiling(plan, host, here, args.results)
        return
    patience = max(SILENT_SECONDS, 3.0 * plan["settings"]["launch_timeout_seconds"])
    with owned(args.results / "blocks" / args.block, patience) as owner:
        _measure_block(plan, host, here, args, owner)


def _measure_ceiling(
    plan: Mapping[str, Any], host: Mapping[str, Any], here: node.Here | None, results: Path
) -> None:
    if here is not None and here.fingerprint != plan["fingerprint"]:
        raise kinds.unfit(plan, here, host, "the ceiling is that of the node that was probed")
    measure_ceiling(here.facts if here else host, plan["seed"], results / "ceiling.csv")


def _measure_block(
    plan: Mapping[str, Any], host: Mapping[str, Any], here: node.Here | None,
    args: argparse.Namespace, owner: Owner,
) -> None:  # fmt: skip
    results, folder = args.results, args.results / "blocks" / args.block
    if here is not None and args.scratch and Path(args.scratch).is_dir():
        room.check_scratch(Path(args.scratch), plan["settings"]["min_free_mib"], here.name)
    if here is not None and here.fingerprint != plan["fingerprint"]:
        other, theirs, facts = kinds.prepared(results, plan, here, host)
        kinds.check_planned(theirs, args.block, plan, here, host)
        with node.scratch(other, args.scratch):
            measure_block(theirs, facts, args.block, other / "blocks" / args.block, args.log,
                          here, owner)  # fmt: skip
        went = other.relative_to(results).as_posix()
        kinds.leave_word(folder, args.block, here, host, went, args.log)
        return
    if here is not None:
        plan, host = node.placed(plan, here, args.block), here.facts
    with node.scratch(results, args.scratch):
        run = measure_block(plan, host, args.block, folder, args.log, here, owner)
    seconds = json.loads((folder / "run.json").read_text())["wall_seconds"]
    line = block_line(plan, args.block, results, run.race.judgements()["steady"], seconds)
    say(line)
    if here is not None:  # its standard error is another file
        with args.log.open("a") as log:
            log.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.conductor")
    commands = parser.add_subparsers(dest="command", required=True)
    ceiling = commands.add_parser("ceiling")
    block = commands.add_parser("block")
    for command in (ceiling, block):
        command.add_argument("results", type=Path)
        command.add_argument("--node", action="store_true")
    block.add_argument("block")
    block.add_argument("--log", type=Path, required=True)
    block.add_argument("--scratch", help="folder of this node for the tasks' files")
    return parser.parse_args()


def main() -> None:
    """Run one command under the host's lock; a user's problem is one line and exit status 1."""
    args = _arguments()
    signal.signal(signal.SIGTERM, _interrupted)
    die_with_parent()
    adopt_orphans()
    try:
        with lock.held("measure"):
            _measure(args)
    except (lock.LockError, JournalError, ServiceError, CeilingError, PlanError,
            node.NodeError, room.RoomError, ConfigError) as error:  # fmt: skip
        _end(args, "; ".join(str(error).splitlines()))
    except OSError as error:
        _end(args, f"{error.filename or args.results}: {error.strerror or error}")
    except KeyboardInterrupt:
        _end(args, "interrupted; what was measured is kept, a rerun goes on from there")


def _end(args: argparse.Namespace, problem: str) -> NoReturn:
    """End with one line and status 1; a job's standard error is a file that users don't look for,
    so there the block's log has it too."""  # fmt: skip
    if args.node and args.command == "block":
        with contextlib.suppress(OSError), args.log.open("a") as log:
            log.write(f"Poolwise: {problem}\n")
    sys.exit(f"Poolwise: {problem}")


if __name__ == "__main__":
    main()
