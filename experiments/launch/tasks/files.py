"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from typing import Callable


def make_once(path: str, make: Callable[[str], None]) -> None:
    """Unless `path` exists, let `make` write it under another name, then rename it.

    What is there is complete, so later launches use it again; what a killed launch left half done
    has another name and is written over.
    """
    if os.path.exists(path):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with contextlib.suppress(FileNotFoundError):
        os.remove(part)
    make(part)
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
