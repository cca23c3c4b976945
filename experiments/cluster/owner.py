"""One process at a time measures into a folder, whatever hosts share the file system.

A block's folder is held by the conductor, a machine's by the snakemake that submits jobs.

`flock` is no help there: on NFS it may be a lock of this host alone, or none. So the owner makes a
file that must not be there yet (O_EXCL: man 2 open, atomic on NFS 3 and later), which says who it
is, and touches it with every launch. An owner that was killed leaves it behind: whether it has
ended is seen from its process (on this host), from Slurm (of its job), or from the file's age.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from experiments.cluster import granted, slurm
from experiments.conductor.lock import LockError

NAME = "measuring.json"
#: an owner that nobody can be asked about has ended if it gave no sign for so long
SILENT_SECONDS = 1800.0
#: who looks at an owner moves its file aside for a moment
ASIDE_SECONDS = 1.0
#: states of a job that may still write
ALIVE = {"RUNNING", "COMPLETING", "SUSPENDED", "CONFIGURING", "STAGE_OUT", "SIGNALING", "STOPPED",
         "RESIZING", "REQUEUED", "PENDING"}  # fmt: skip


class OwnerError(LockError):
    """Another process measures into the folder; the message says which, and what to do."""


class Owner:
    """Holds a folder; `beat` says that it still does."""

    def __init__(self, path: Path, me: Mapping[str, Any]) -> None:
        self._path, self._me = path, me

    def beat(self) -> None:
        """Renew the file's age; that of another owner is left alone."""
        if _read(self._path) == self._me:
            with contextlib.suppress(OSError):
                os.utime(self._path)

    def confirm(self) -> None:
        """Raises OwnerError where another holds the folder by now: two must not write into it.

        Slurm starts a job anew elsewhere if it hears nothing of the node, where it may still run.
        """
        holder = _read(self._path)
        if holder != self._me:
            time.sleep(ASIDE_SECONDS)
            holder = _read(self._path)
        if holder != self._me:
            now = f"{_words(holder)} measures into this folder now" if holder else "it was removed"
            raise OwnerError(
                f"{self._path}: {now}, so this process, which was taken for dead, ends here; what "
                "was measured before is kept"
            )


@contextlib.contextmanager
def owned(folder: Path, silent_seconds: float = SILENT_SECONDS) -> Iterator[Owner]:
    """Hold the folder for the length of a with block. Raises OwnerError."""
    folder.mkdir(parents=True, exist_ok=True)
    path, me = folder / NAME, _me()
    while not _made(path, me):
        holder = _read(path)
        if holder is not None and not _has_ended(holder, path, silent_seconds):
            raise OwnerError(
                f"{path}: {_words(holder)} is measuring into this folder; wait for it or end it; "
                "if it is known to have ended, remove that file"
            )
        _put_away(path, holder)
    try:
        yield Owner(path, me)
    finally:
        if _read(path) == me:  # else it was taken for dead, and another holds the folder
            path.unlink(missing_ok=True)


def _me() -> dict[str, Any]:
    manager, job = granted.identity() or (None, None)
    return {
        "node": granted.node(),
        "boot": _boot(),
        "pid": os.getpid(),
        "since": psutil.Process().create_time(),
        "manager": manager,
        "job": job,
        "restarts": granted.restarts(),
    }


def _made(path: Path, content: Mapping[str, Any]) -> bool:
    """Whether the file was not there, and is now; it is never there half."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    part.write_text(json.dumps(content))
    try:
        os.link(part, path)  # fails where it is there; NFS answers for it as for O_EXCL
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _made_in_place(path, content)
    finally:
        part.unlink()
    return True


def _made_in_place(path: Path, content: Mapping[str, Any]) -> bool:
    try:
        with path.open("x") as file:
            file.write(json.dumps(content))
    except FileExistsError:
        return False
    return True


def _read(path: Path) -> dict[str, Any] | None:
    """The holder; None where there is none (any more), and nothing of one that can't be read."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _has_ended(holder: Mapping[str, Any], path: Path, silent_seconds: float) -> bool:
    if holder.get("boot") == _boot():
        return not _is_running(holder)
    if holder.get("manager") == "slurm" and holder.get("job"):
        ours = granted.identity() == ("slurm", holder["job"])
        if ours and _was_put_back(holder):
            return True
        state = None if ours else slurm.state_of(str(holder["job"]))  # ours runs: here
        if state is not None:
            return state not in ALIVE
    return _silent(path) > silent_seconds


def _was_put_back(holder: Mapping[str, Any]) -> bool:
    """Whether this very job has gone back into the queue since, and was started anew.

    If only Slurm has lost sight of that node, the holder still runs: it ends by `confirm`.
    """
    if holder.get("node") == granted.node():  # which was started anew itself
        return True
    now = granted.restarts()
    if now is None:
        now = slurm.restarts(str(holder["job"]))
    return now is not None and now > (holder.get("restarts") or 0)


def _is_running(holder: Mapping[str, Any]) -> bool:
    """Whether that very process lives: another one may have got its number."""
    try:
        since = psutil.Process(int(holder["pid"])).create_time()
        return abs(since - float(holder["since"])) < 1
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def _silent(path: Path) -> float:
    """Seconds since the file was touched, by the clock of the file system it lies on."""
    probe = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    finally:
        probe.unlink(missing_ok=True)


def _put_away(path: Path, ended: Mapping[str, Any] | None) -> None:
    """Remove what an owner that has ended left, unless another has taken its place meanwhile."""
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if _read(aside) != ended:
        with contextlib.suppress(OSError):
            os.link(aside, path)
    aside.unlink(missing_ok=True)


def _words(holder: Mapping[str, Any]) -> str:
    if "pid" not in holder:
        return "an unknown process"
    job = f"{holder['manager']} job {holder['job']}, " if holder.get("job") else ""
    return f"{job}process {holder.get('pid')} on {holder.get('node')}"


def _boot() -> str:
    """One name for a host from its start to its end."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return granted.node()
