"""One measuring run a host at a time: an advisory lock of the operating system.

Two locks: `run` is held by Snakemake's own process from parsing to its end, so that a second run is
refused before anything starts; `measure` is held by the conductor while a block is measured, which
also catches orphans of a killed run. Both vanish with their process, however it ends.

The lock files lie in /tmp, not in TMPDIR: users of one host must meet at the same file. The
environment variable POOLWISE_LOCK_FOLDER names another folder; that is for tests, which must not
stop, or be stopped by, a real run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "POOLWISE_LOCK_FOLDER"
FOLDER = Path(os.environ.get(VARIABLE) or "/tmp")


class LockError(RuntimeError):
    """A lock that can't be had; one line for the user."""


class BusyError(LockError):
    """Another Poolwise run measures on this host; the message says which process."""


def acquire(name: str, folder: Path = FOLDER) -> int:
    """Take the lock without waiting; returns the descriptor that holds it.

    Raises BusyError with the holder's process id, and LockError where the lock file can't be made
    or opened.
    """
    path = folder / f"poolwise-{name}{_node()}.lock"
    try:
        descriptor = _opened(path)
    except OSError as error:
        raise LockError(
            f"{path}: can't make or open this lock file, which keeps two runs from measuring at "
            f"once: {error.strerror}; {_way_out(path)}"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise BusyError(
            f"another Poolwise run is measuring on this host (process {holder}); measurements "
            "that overlap are worthless: wait for it to end, or end it"
        ) from None
    _leave_hint(path)
    return descriptor


def _node() -> str:
    """Several nodes of Slurm may be one host (a test cluster), and own different cores of it."""
    named = re.sub(r"[^A-Za-z0-9.-]", "-", os.environ.get("SLURMD_NODENAME", ""))
    return f"-{named}" if named and named != platform.node().split(".")[0] else ""


def _opened(path: Path) -> int:
    """The lock file, made where it is not there yet.

    It is opened read-only, because another user's file in a sticky folder may not be opened for
    writing, and locked all the same; a symbolic link in its place is not followed.
    """
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        os.fchmod(made, 0o666)
        os.close(made)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)


def _way_out(path: Path) -> str:
    """What the user can do about a lock file that can't be had."""
    if path.is_symlink():
        return "it is a symbolic link: remove it"
    if os.environ.get(VARIABLE):
        return f"make that folder, writable for you, or unset the variable {VARIABLE} that names it"
    return "every user of this host needs to be able to write there"


def _leave_hint(path: Path) -> None:
    """Say for people who holds the lock; where that can't be written, it is held all the same."""
    with contextlib.suppress(OSError):
        # without O_CREAT: the kernel may refuse that for another user's file in a sticky folder
        writer = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
        os.write(writer, f"{os.getpid()}\n".encode())
        os.close(writer)


@contextlib.contextmanager
def held(name: str, folder: Path = FOLDER) -> Iterator[None]:
    """Hold the lock for the length of a with block."""
    descriptor = acquire(name, folder)
    try:
        yield
    finally:
        os.close(descriptor)
