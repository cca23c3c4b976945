"""Names of a stranger's zip: none may lead out of the folder, and each stands for one file."""

from __future__ import annotations

import re
import unicodedata

from reports.bundle.contents import BY_NAME
from reports.bundle.error import EntryError

_LONGEST = 100
#: names that Windows takes for devices, whatever their ending
_DEVICES = {"con", "prn", "aux", "nul", "clock$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_DRIVE = re.compile(r"[A-Za-z]:")


def check(names: list[str]) -> None:
    """Raise EntryError, naming it, at the first name that no bundle has.

    Only the names of `contents.ENTRIES` pass; the reasons before that tell who looks what the zip
    was made for.
    """
    seen: set[str] = set()
    for name in names:
        problem = _problem(name)
        same = unicodedata.normalize("NFKC", name).casefold()
        if not problem and same in seen:
            problem = "is there twice"
        if not problem and name not in BY_NAME:
            problem = "is no file of a bundle"
        if problem:
            raise EntryError(problem, name)
        seen.add(same)


def _problem(name: str) -> str:
    if not name or len(name) > _LONGEST:
        return "has an empty name" if not name else f"has a name of more than {_LONGEST} characters"
    if any(unicodedata.category(character)[0] == "C" for character in name):
        return "has a name with control characters"
    if name.startswith(("/", "\\", "~")) or _DRIVE.match(name):
        return "has an absolute name"
    if "\\" in name or ":" in name:
        return "has a name with a backslash or colon"
    parts = name.split("/")
    if ".." in parts:
        return "has a name that leads out of the folder"
    if any(part.split(".")[0].rstrip().casefold() in _DEVICES for part in parts):
        return "has a name that is a device on Windows"
    return ""
