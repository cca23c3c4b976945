"""What the rules ask: which blocks there are, which comes before which, how quiet to be."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any


class Blocks:
    """The blocks of a plan, chained in the plan's order.

    Chained, because Snakemake itself disturbs measurements while other jobs are ready: each block
    waits for its predecessor, so nothing is ever ready but the next one.
    """

    def __init__(self, plan: Path, folder: Path | None = None) -> None:
        self._folder = folder or plan.parent / "blocks"
        self._first: list[str] = []
        blocks = json.loads(plan.read_text())["blocks"]
        self._digests = {block["block"]: block["digest"] for block in blocks}

    @classmethod
    def of_step(cls, path: Path) -> Blocks:
        """Those that a step of the break-even searches adds; the first waits for its file."""
        blocks = cls(path, path.parent.parent / "blocks")
        blocks._first = [path.as_posix()]
        return blocks

    def __contains__(self, block: str) -> bool:
        return block in self._digests

    def __bool__(self) -> bool:
        return bool(self._digests)

    def outputs(self, name: str) -> list[str]:
        """The declared files of every block with that file name."""
        return [(self._folder / block / name).as_posix() for block in self._digests]

    def before(self, block: str) -> list[str]:
        """What the block before this one writes; for the first nothing, or its step's file."""
        names = list(self._digests)
        place = names.index(block)
        earlier = [(self._folder / names[place - 1] / "launches.csv").as_posix()] if place else []
        return earlier or self._first

    def digest(self, block: str) -> str:
        """What the block measures; another digest means measuring again."""
        return str(self._digests[block])


def is_quiet(workflow: Any) -> bool:
    """Whether the user asked for quiet: plain `-q` leaves out hosts, which the profile names."""
    asked = workflow.output_settings.quiet or ()
    quiet = {str(entry).rpartition(".")[2].lower() for entry in asked}
    return "all" in quiet or ("progress" in quiet and "host" not in quiet)


def calm(logger: logging.Logger) -> None:
    """Leave out what Snakemake says at every job of a chain; a block has a line of its own."""
    logger.addFilter(lambda record: not record.getMessage().startswith(_CHATTER))


_CHATTER = ("Select jobs to execute", "Execute ")
