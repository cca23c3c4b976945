"""What the rules ask: which blocks there are, which comes before which, how quiet to be."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from experiments.cluster import chains
from experiments.estimate import block_seconds_bounds
from experiments.schema import nodes_of

#: minutes of a job besides what it measures: the two snakemakes inside, a slow file system
JOB_MINUTES = 5
#: Snakemake goes down a chain in two calls a block, where Python stops at 1,000 calls. A chain of
#: 4,000 blocks takes 4 MiB of the usual 8 MiB of stack; a longer one ends in an error, no crash
MOST_CALLS = 10_000


class Blocks:
    """The blocks of a plan, in chains: one, or one for each node that measures.

    Chained, because Snakemake itself disturbs measurements while other jobs are ready: each block
    waits for its predecessor, so nothing is ever ready but the next one of each chain.
    """

    def __init__(self, plan: Path, folder: Path | None = None) -> None:
        self._folder = folder or plan.parent / "blocks"
        self._first: list[str] = []
        content = json.loads(plan.read_text())
        self._settings: Mapping[str, Any] = content.get("settings", {})
        self._blocks = {block["block"]: block for block in content["blocks"]}
        self._chains: dict[int, list[str]] = {}
        for name, block in self._blocks.items():
            self._chains.setdefault(chains.of(block), []).append(name)
        self._places = {
            name: (chain, place)
            for chain, names in self._chains.items()
            for place, name in enumerate(names)
        }

    @classmethod
    def of_plan(cls, path: Path) -> Blocks:
        """Those of plan.json: read again only where it was written again."""
        return _read(path, path.stat().st_mtime_ns)

    @classmethod
    def of_step(cls, path: Path) -> Blocks:
        """Those that a step of the break-even searches adds; the first ones wait for its file."""
        return _read_step(path, path.stat().st_mtime_ns)

    def __contains__(self, block: str) -> bool:
        return block in self._blocks

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def outputs(self, name: str) -> list[str]:
        """The declared files of every block with that file name."""
        return [(self._folder / block / name).as_posix() for block in self._blocks]

    def before(self, block: str) -> list[str]:
        """What the block before this one writes; for a first one nothing, or its step's file."""
        chain, place = self._places[block]
        if not place:
            return self._first
        return [(self._folder / self._chains[chain][place - 1] / "launches.csv").as_posix()]

    def digest(self, block: str) -> str:
        """What the block measures; another digest means measuring again."""
        return str(self._blocks[block]["digest"])

    def minutes(self, block: str) -> int:
        """The longest that a job of this block should take, with as much again to be safe."""
        if "budget_seconds" in self._blocks[block]:  # of a search, whose steps know no settings
            most = float(self._blocks[block]["budget_seconds"])
        else:
            most = block_seconds_bounds(self._blocks[block], self._settings)[1]
        return JOB_MINUTES + round(2 * most / 60)

    def nodes(self, block: str) -> int:
        """How many nodes its approaches run over at most."""
        entries = self._blocks[block]["approaches"]
        return max((nodes_of(one["options"]) for one in entries), default=1)

    def scratch(self, block: str) -> str:
        """The conductor's option for the folder of the tasks' files, which Snakemake names.

        Where workers on other nodes need them too they stay among the results.
        """
        return '--scratch "$TMPDIR"' if self.nodes(block) == 1 else ""

    def job(self, block: str, size: int) -> str:
        """The name of the job that it shares with its neighbours in its chain, `size` together."""
        chain, place = self._places[block]
        return f"chain-{chain}-{place // size}{'-' + self._step if self._step else ''}"

    #: names the step of a search, so that its jobs are its own
    _step = ""


@functools.lru_cache(maxsize=4)
def _read(path: Path, _time: int) -> Blocks:
    return Blocks(path)


@functools.lru_cache(maxsize=64)
def _read_step(path: Path, _time: int) -> Blocks:
    blocks = Blocks(path, path.parent.parent / "blocks")
    blocks._first, blocks._step = [path.as_posix()], path.stem
    return blocks


def is_quiet(workflow: Any) -> bool:
    """Whether the user asked for quiet: plain `-q` leaves out hosts, which the profile names."""
    asked = workflow.output_settings.quiet or ()
    quiet = {str(entry).rpartition(".")[2].lower() for entry in asked}
    return "all" in quiet or ("progress" in quiet and "host" not in quiet)


def calm(logger: logging.Logger) -> None:
    """Leave out what Snakemake says at every job of a chain; a block has a line of its own."""
    logger.addFilter(lambda record: not record.getMessage().startswith(_CHATTER))


class Follower(logging.Filter):
    """Says the line of every block that a job elsewhere has measured: it is the last of its log.

    A job's standard error is a file on the cluster; a block measured here says its line itself.
    Whether one has ended is looked for whenever Snakemake says anything, as it does on its way to
    the next job: quiet as it is, it doesn't say that.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say
        #: a block's log, its last output, and when that was written by an earlier run, by job
        self._pending: dict[int, tuple[Path, Path, int | None]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Never leaves anything out."""
        told = vars(record)
        if str(told.get("event")) == "job_info" and told.get("rule_name") == "block":
            log, output = Path(told["log"][0]), Path(told["output"][0])
            self._pending[told["jobid"]] = (log, output, _written(output))
        for job, (log, output, before) in list(self._pending.items()):
            if _written(output) not in (None, before):
                del self._pending[job]
                with contextlib.suppress(OSError, IndexError):  # a slow file system has it later
                    self._say(log.read_text(errors="replace").splitlines()[-1])
        return True


def _written(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns
    return None


_CHATTER = ("Select jobs to execute", "Execute ")
