"""Reads and hashes real files, from the page cache (warm) or from the disk (cold).

Cold drops the pages of every file before every batch (posix_fadvise, Linux and some BSDs). What
lies beyond the operating system's cache (the disk's own, a hypervisor's) stays warm. On a file
system that keeps its pages, such as tmpfs, there is nothing cold, and the task says so.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import random
from typing import Any, Dict, List, Optional

from ..base import Context, Task, Unsupported
from . import checks, files

#: bytes asked for at a time: large enough that system calls don't dominate
CHUNK_BYTES = 128 * 1024


class FileRead(Task):
    """Every item is a file of its own; its answer is the SHA-256 of the contents."""

    name = "file_read"
    kind = "waiting"
    defaults = {"cache": "warm", "file_kib": 512}
    summary = "reads a file of file_kib from the page cache or the disk and hashes it (SHA-256)"

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._paths: List[str] = []

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.one_of(params, "cache", ("warm", "cold")) or checks.whole(
            params, "file_kib", 1, 65536
        )

    def prepare(self, count: int, scale: int) -> None:
        """Write the files that are missing; raise Unsupported where nothing can be cold."""
        if self.params["cache"] == "cold" and not hasattr(os, "posix_fadvise"):
            raise Unsupported("file_read cache=cold: this platform has no posix_fadvise")
        for index, path in enumerate(self.make_items(count, scale)):
            files.make_once(path, functools.partial(self._write, index))
        if self.params["cache"] == "cold" and count:
            self._check_cold()

    def _write(self, index: int, path: str) -> None:
        content = random.Random(f"file_read {self.context.seed} {index}")
        with open(path, "wb") as file:
            file.write(content.randbytes(self.params["file_kib"] * 1024))

    def _check_cold(self) -> None:
        with open(self._paths[0], "rb") as file:
            file.read()
        drop_pages(self._paths[0])
        if is_cached(self._paths[0]):
            raise Unsupported(
                f"file_read cache=cold: the file system of {self.context.scratch} keeps its pages "
                "in memory; put scratch on a disk"
            )

    def make_items(self, count: int, scale: int) -> List[str]:
        """Items are paths."""
        folder = os.path.join(
            self.context.scratch, f"file_read-{self.params['file_kib']}kib-seed{self.context.seed}"
        )
        self._paths = [os.path.join(folder, f"{index:05d}.bin") for index in range(count)]
        return self._paths

    def run(self, item: str) -> str:
        """The file's SHA-256 in hexadecimal."""
        digest = hashlib.sha256()
        with open(item, "rb", buffering=0) as file:
            while True:
                chunk = file.read(CHUNK_BYTES)
                if not chunk:
                    return digest.hexdigest()
                digest.update(chunk)

    def before_batch(self) -> None:
        """Cold: drop the pages of all files."""
        if self.params["cache"] == "cold":
            for path in self._paths:
                drop_pages(path)


def drop_pages(path: str) -> None:
    """Take a file out of the page cache; only pages that are on the disk already can go."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def is_cached(path: str) -> Optional[bool]:
    """Whether the file's first byte comes from memory; None where that can't be asked."""
    if not hasattr(os, "RWF_NOWAIT"):
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT) == 1
    except OSError as error:
        return False if error.errno == errno.EAGAIN else None
    finally:
        os.close(descriptor)
