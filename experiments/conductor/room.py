"""Free space on a block's disks: where there is none, nothing is said of its approaches."""

from __future__ import annotations

import shutil
from pathlib import Path

from experiments.conductor.outcome import Outcome

#: what a launch says where its files' disk has run out; `No space left on device` is also said of
#: shared memory, which is a limit of the approach that needs it
_QUOTA = ("Disk quota exceeded", "database or disk is full")
_SPACE = "No space left on device"


class RoomError(RuntimeError):
    """A disk without space; one line for the user."""


def check_results(results: Path, min_free_mib: int) -> None:
    """Raises RoomError where the results' disk is nearly full."""
    free = _free_mib(results)
    if free < min_free_mib:
        raise RoomError(
            f"{results}: {free} MiB free, config key 'min_free_mib' wants {min_free_mib}; "
            "free some space or set config key 'results' to another disk"
        )


def check_scratch(folder: Path, min_free_mib: int, node: str) -> None:
    """Raises RoomError where the disk of the tasks' files is nearly full."""
    free = _free_mib(folder)
    if free < min_free_mib:
        raise RoomError(
            f"{folder} on {node}: {free} MiB free, config key 'min_free_mib' wants "
            f"{min_free_mib}: free some space there or name another disk by profile key "
            "'default-resources': tmpdir"
        )


def check_outcome(outcome: Outcome, scratch: Path, min_free_mib: int) -> None:
    """Raises RoomError where a launch failed as the disk of its files is full.

    It would be kept as what the approach does, and not be measured again.
    """
    if outcome.status == "ok":
        return
    reason = outcome.reason
    short = _SPACE in reason and _free_mib(scratch) < min_free_mib
    if short or any(words in reason for words in _QUOTA):
        raise RoomError(
            f"{scratch}: a launch found no space there ({reason}), which says nothing of its "
            "approach: it isn't kept; free some space, and the same command goes on"
        )


def _free_mib(folder: Path) -> int:
    """Of the disk that the folder lies on, or will."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free // 2**20
