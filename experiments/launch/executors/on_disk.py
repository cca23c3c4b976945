"""What worker processes of any library on this host can share: files in the launch's scratch.

Locks of `multiprocessing` and shared memory only reach workers that it starts itself.
"""

from __future__ import annotations

import mmap
import os
import shutil
import threading
import time
from pathlib import Path
from struct import Struct
from typing import Any, Tuple

#: how often a worker looks whether the others are there, while the pool starts
LOOK_SECONDS = 0.001
PREFIX = "launch-"
#: where Linux keeps named semaphores; loky's outlive a launch that is killed
SEMAPHORES = Path("/dev/shm")
_INTEGER = Struct("q")


def own_folder(scratch: str) -> Path:
    """A new folder of this process; those of launches that were killed are removed."""
    for left in Path(scratch).glob(f"{PREFIX}*"):
        pid = left.name[len(PREFIX) :]
        if not _alive(pid):
            shutil.rmtree(left, ignore_errors=True)
            for semaphore in SEMAPHORES.glob(f"sem.loky-{pid}-*"):
                semaphore.unlink()
    own = Path(scratch, f"{PREFIX}{os.getpid()}")
    own.mkdir(exist_ok=True)
    return own


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass
    return True


class Barrier:
    """As `threading.Barrier`, once, for `count` processes: each leaves a file. Picklable."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder / "here", count
        self._folder.mkdir(exist_ok=True)

    def wait(self) -> None:
        """Return when all are here; BrokenBarrierError after `abort`."""
        (self._folder / str(os.getpid())).touch()
        while True:
            here = os.listdir(self._folder)
            if "aborted" in here:
                raise threading.BrokenBarrierError
            if len(here) >= self._count:
                return
            time.sleep(LOOK_SECONDS)

    def abort(self) -> None:
        """The others need not wait."""
        (self._folder / "aborted").touch()


class NoBarrier:
    """For workers that the library itself calls one by one: none has to wait."""

    def wait(self) -> None:
        """Return at once."""

    def abort(self) -> None:
        """Nobody waits."""


class Counter:
    """An integer in a mapped file, without a lock of its own; travels as its path."""

    def __init__(self, path: str) -> None:
        self._path = path
        with open(path, "a+b") as file:
            if file.tell() == 0:
                file.write(_INTEGER.pack(0))
                file.flush()
            self._map = mmap.mmap(file.fileno(), _INTEGER.size)

    @property
    def value(self) -> int:
        """What it holds now."""
        return int(_INTEGER.unpack_from(self._map)[0])

    @value.setter
    def value(self, number: int) -> None:
        _INTEGER.pack_into(self._map, 0, number)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Counter, (self._path,)
