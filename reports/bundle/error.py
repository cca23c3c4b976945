"""What is wrong with a bundle, in one line."""

from __future__ import annotations

from pathlib import Path

from reports import wording
from reports.load import ResultsError

#: so much of a stranger's text is shown in a message, and of a message that holds some
_SHOWN = 80
_SAID = 400


class BundleError(ResultsError):
    """A bundle that can't be written or opened; the message says what, where and what to do."""


class EntryError(ValueError):
    """What is wrong with an entry, or with the whole file, before anyone knows which file it is."""

    def __init__(self, what: str, entry: str = "") -> None:
        super().__init__(what)
        self.entry = entry


def named(path: Path, entry: str, error: Exception | str) -> BundleError:
    """The error of an entry, or of the whole file where the entry is empty."""
    where = f"{path}: {quoted(entry)}" if entry else str(path)
    return BundleError(f"{where}: {wording.short(wording.visible(_line(error)), _SAID)}")


def _line(error: Exception | str) -> str:
    return " ".join(str(error).split())


def quoted(text: object) -> str:
    """A stranger's text for a message: cut, on one line, and without control characters."""
    return repr(wording.short(wording.visible(str(text)), _SHOWN))
