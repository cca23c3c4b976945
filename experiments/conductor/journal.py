"""The journal of a block: one JSON line a launch, on disk before the next launch starts.

A killed run loses at most the launch in flight. The journal is no declared output, so Snakemake
leaves it alone when the job fails, and a rerun goes on from it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.conductor.entries import fault


class JournalError(RuntimeError):
    """A journal that does not belong here, or can't be written; one line for the user."""


class Journal:
    """Launches of one block, in the order they ran.

    `identity` says what the journal must have been begun for, `approaches` whose launches it may
    hold. Raises JournalError where an old one doesn't fit, or a line of it is damaged.
    """

    def __init__(
        self, path: Path, identity: Mapping[str, Any], approaches: Collection[str]
    ) -> None:
        self.path, self.identity, self.approaches = path, dict(identity), approaches
        self.entries: list[dict[str, Any]] = []
        #: what was wrong with an old one, and what became of it
        self.notes: list[str] = []
        self._there: set[tuple[Any, ...]] = set()
        self._again = 0
        if path.exists() and path.stat().st_size:
            self._read()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"journal": self.identity})

    def add(self, entry: Mapping[str, Any]) -> None:
        """Append one launch and wait until it is on disk."""
        self._append(entry)
        self.entries.append(dict(entry))

    def of_round(self, number: int) -> Iterator[dict[str, Any]]:
        """Entries of a round."""
        return (entry for entry in self.entries if entry["launch"]["round"] == number)

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole, _, rest = content.rpartition(b"\n")
        lines = [(n, line) for n, line in enumerate(whole.split(b"\n"), 1) if line]
        if lines:
            first = self._parse(*lines[0])
            if not isinstance(first, dict):
                raise self._damaged(lines[0][0], "it doesn't say what the journal is of")
            self._compare(first.get("journal"))
        for number, line in lines[1:]:
            self._take(number, self._parse(number, line))
        if self._again:
            self.notes.append(
                f"{self.path}: launches that two conductors have measured at once: {self._again}; "
                "the first of each counts"
            )
        if rest:  # killed while it wrote: that launch is lost, and its line must not stay half
            self.notes.append(
                f"{self.path}: the last line was cut off; its launch is measured again"
            )
            with self.path.open("r+b") as file:
                file.truncate(len(whole) + 1 if whole else 0)
        if not lines:
            self._append({"journal": self.identity})

    def _parse(self, number: int, line: bytes) -> Any:
        try:
            return json.loads(line)
        except ValueError as error:
            raise self._damaged(number, " ".join(str(error).split())) from error

    def _take(self, number: int, entry: Any) -> None:
        """Take over the launch of an old line.

        A conductor that Slurm replaced elsewhere may have written one more: both went on from the
        same lines, in the same order, so either is a launch of its own right, and one counts.
        """
        problem = fault(entry)
        launch = () if problem else _launch(entry)
        if launch in self._there:
            self._again += 1
            return
        problem = problem or self._misplaced(entry)
        if problem:
            raise self._damaged(number, problem)
        self.entries.append(entry)
        self._there.add(launch)

    def _misplaced(self, entry: Mapping[str, Any]) -> str:
        """What makes a launch none of this block, or none that may follow those before it."""
        if entry["approach"] not in self.approaches:
            return f"approach {entry['approach']!r} is not in this block"
        before = [one["launch"] for one in self.entries]
        if entry["launch"]["launch_id"] in {launch["launch_id"] for launch in before}:
            return f"launch {entry['launch']['launch_id']!r} is there twice"
        due = max((launch["round"] for launch in before), default=-1) + 1
        if entry["launch"]["round"] > due:
            return f"it is of round {entry['launch']['round']}, before any of round {due}"
        return ""

    def _damaged(self, number: int, problem: str) -> JournalError:
        return JournalError(
            f"{self.path}: line {number} is damaged ({problem}); nothing was touched: move "
            "the file away to measure the block again"
        )

    def _compare(self, found: Any) -> None:
        for key, wanted in self.identity.items():
            have = found.get(key) if isinstance(found, dict) else None
            if have != wanted:
                raise JournalError(
                    f"{self.path}: belongs to another {_WORDS.get(key, key)} ({have}, now "
                    f"{wanted}); nothing was touched: move {self.path.parent} away "
                    "to measure it again"
                )

    def _append(self, entry: Mapping[str, Any]) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(json.dumps(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = "no free disk space left" if full else (error.strerror or str(error))
            raise JournalError(
                f"{self.path}: can't be written: {what}; what was measured before is kept, and a "
                "rerun goes on from there"
            ) from error


def _launch(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two lines of the same launch share."""
    keys = ("launch_id", "round", "interpreter", "workers")
    return (entry["approach"], *(entry["launch"][key] for key in keys))


_WORDS = {"digest": "plan", "fingerprint": "machine", "code_digest": "version of the measured code",
          "block": "block", "schema_version": "schema version"}  # fmt: skip
