"""Interpreters for tests that need more than the project's own: found here, or a skip that says so.

`POOLWISE_PYTHON_314` and `POOLWISE_PYTHON_313T` name those that neither PATH nor pyenv has.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

#: what the measured half must run on; each test of them is skipped where one is missing
SUPPORTED = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.13t")


def python(version: str) -> str | None:
    """The path of a Python of that version (3.13t: free-threaded): named, of pyenv, or on PATH."""
    named = os.environ.get(f"POOLWISE_PYTHON_{version.replace('.', '').upper()}")
    if named:
        return named
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    own = [path for path in root.glob(f"versions/*/bin/python{version}") if path.exists()]
    # not pyenv's shims: they say which versions have a program, not that this one runs
    places = [place for place in os.get_exec_path() if Path(place) != root / "shims"]
    on_path = shutil.which(f"python{version}", path=os.pathsep.join(places))
    return str(sorted(own)[-1]) if own else on_path


def python_or_skip(version: str) -> str:
    """The same, or a skip that says what to do."""
    found = python(version)
    if found is None:
        name = f"POOLWISE_PYTHON_{version.replace('.', '').upper()}"
        pytest.skip(f"no Python {version} under pyenv or on PATH, and {name} names none")
    return found


if __name__ == "__main__":
    for wanted in SUPPORTED:
        print(f"Python {wanted}: {python(wanted) or 'none: tests that need it are skipped'}")
