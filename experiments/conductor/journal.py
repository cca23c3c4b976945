"""The journal of a block: one JSON line a launch, on disk before the next launch starts.

A killed run loses at most the launch in flight. The journal is no declared output, so Snakemake
leaves it alone when the job fails, and a rerun goes on from it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class JournalError(RuntimeError):
    """A journal that does not belong here, or can't be written; one line for the user."""


class Journal:
    """Launches of one block, in the order they ran."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path, self.identity = path, dict(identity)
        self.entries: list[dict[str, Any]] = []
        self.note = ""
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
        if rest:  # killed while it wrote: that launch is lost, and its line must not stay half
            self.note = f"{self.path}: the last line was cut off; its launch is measured again"
            with self.path.open("r+b") as file:
                file.truncate(len(whole) + 1 if whole else 0)
        lines = [self._parse(n, line) for n, line in enumerate(whole.split(b"\n"), 1) if line]
        if not lines:
            self._append({"journal": self.identity})
            return
        self._compare(lines[0].get("journal"))
        self.entries = lines[1:]

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(line)
            missing = _KEYS - set(content) if number > 1 else set()
            if isinstance(content, dict) and not missing:
                return content
            problem = "it is no launch"
        except (ValueError, TypeError) as error:
            problem = " ".join(str(error).split())
        raise JournalError(
            f"{self.path}: line {number} is damaged ({problem}); move the file away to measure the "
            "block again"
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


_KEYS = {"approach", "launch", "samples", "latencies"}
_WORDS = {"digest": "plan", "fingerprint": "machine", "code_digest": "version of the measured code",
          "block": "block", "schema_version": "schema version"}  # fmt: skip
