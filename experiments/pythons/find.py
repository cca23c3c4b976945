"""From an entry of config key `pythons` to the executable that it names."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

CURRENT = "current"
#: where a virtual environment keeps its Python (POSIX, Windows)
_IN_FOLDER = ("bin/python", "bin/python3", "Scripts/python.exe")


class NotFoundError(LookupError):
    """No executable by that name; the message says where it was looked for."""


def executable(entry: str) -> str:
    """The executable's absolute path, links not followed: a virtual environment is known by its.

    Raises NotFoundError.
    """
    if entry == CURRENT:
        return sys.executable
    path = Path(entry).expanduser()
    if path.is_dir():
        return _of_folder(path)
    if os.sep not in entry:
        found = shutil.which(entry)
        if not found:
            raise NotFoundError(f"{entry!r} is neither on PATH nor a folder here")
        return str(Path(found).absolute())
    if not path.exists():
        raise NotFoundError(f"{entry!r} is not there")
    return _runnable(path, entry)


def _of_folder(folder: Path) -> str:
    found = next((folder / name for name in _IN_FOLDER if (folder / name).exists()), None)
    if found is None:
        raise NotFoundError(f"the folder {str(folder)!r} has no {_IN_FOLDER[0]}")
    return _runnable(found, str(found))


def _runnable(path: Path, entry: str) -> str:
    if not os.access(path, os.X_OK):
        raise NotFoundError(f"{entry!r} is no program that may be run")
    return str(path.absolute())
