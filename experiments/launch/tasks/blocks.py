"""Named blocks of shared memory without the traps of `multiprocessing.shared_memory`."""

from __future__ import annotations

import contextlib
import os
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Iterator, Optional

#: where Linux keeps shared memory: its size is a limit of its own (64 MiB in many containers)
LINUX_FOLDER = "/dev/shm"


def create(name: str, size_bytes: int) -> SharedMemory:
    """A new block; one of that name left by a killed launch is removed first."""
    try:
        return SharedMemory(name, create=True, size=size_bytes)
    except FileExistsError:
        stale = SharedMemory(name)
        stale.close()
        stale.unlink()
        return SharedMemory(name, create=True, size=size_bytes)


def attach(name: str) -> SharedMemory:
    """A block that another process made and will remove.

    Before Python 3.13 (`track=False`) attaching registers the block with the resource tracker as
    if it were one's own: a worker with a tracker of its own would then remove it, with a warning,
    when it ends.
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    with _not_registering():
        return SharedMemory(name)


@contextlib.contextmanager
def _not_registering() -> Iterator[None]:
    register = resource_tracker.register
    resource_tracker.register = lambda name, rtype: None
    try:
        yield
    finally:
        resource_tracker.register = register


def free_bytes() -> Optional[int]:
    """Shared memory that is left, or None where the platform doesn't say.

    A block larger than that is made without complaint; the process dies at its first write.
    """
    try:
        state = os.statvfs(LINUX_FOLDER)
    except (OSError, AttributeError):
        return None
    return state.f_bavail * state.f_frsize
