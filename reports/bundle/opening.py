"""Open a bundle of a stranger: nothing in it is executed, imported or believed.

Every file is checked while it is unpacked into a fresh folder; what is wrong with one is one line,
and then nothing of the bundle stays behind.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from experiments.schema import SCHEMA_VERSION
from reports.bundle import identity, manifest, safe_json, shapes, zips
from reports.bundle.contents import BY_NAME, CRATE, MANIFEST, NAME
from reports.bundle.error import BundleError, EntryError, named
from reports.bundle.manifest import Manifest
from reports.bundle.unpack import parsed, unpack
from reports.bundle.usable import usable
from reports.load import load

__all__ = ["Bundle", "BundleError", "found", "opened"]

_HISTORY = f"history/*/{NAME}"


@dataclass(frozen=True)
class Bundle:
    """One run that can be read: `folder` is what `reports.load.load` takes, `path` what was given.

    A results folder that is no bundle yet doesn't say which Poolwise made it: "unknown".
    """

    folder: Path
    path: Path
    run_id: str
    schema_version: int
    poolwise_version: str
    machine: str
    fingerprint: str
    started_at: str
    ended_at: str
    anonymised: bool


def found(path: Path) -> list[Path]:
    """What can be opened at a path: a zip itself, or a results folder's bundle and its history.

    A folder without a bundle is named itself. Raises BundleError where there is nothing.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise named(path, "", "no such bundle or results folder")
    newest = path / NAME if (path / NAME).is_file() else path
    return [newest, *sorted(one for one in path.glob(_HISTORY) if one.is_file())]


def opened(path: Path, into: Path) -> Bundle:
    """The run that a bundle.zip or a results folder holds.

    A zip is unpacked into `into`, which must not exist or be an empty folder; a results folder is
    read where it is. Raises BundleError with one line: the file, the entry, what is wrong with it;
    ResultsError of a results folder that can't be read.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise named(path, "", "no such bundle or results folder")
    try:
        with path.open("rb") as file, _fresh(into), zips.archive(file) as archive:
            found = _unpacked(archive, into)
            usable(into, found)
    except EntryError as flaw:
        raise named(path, flaw.entry, flaw) from flaw
    except OSError as error:
        raise named(path, "", f"can't be opened: {error.strerror or error}") from error
    return _bundle(into, path, found)


def _bundle(folder: Path, path: Path, of: Manifest) -> Bundle:
    return Bundle(
        folder=folder,
        path=path,
        run_id=of.run_id,
        schema_version=of.schema_version,
        poolwise_version=of.poolwise_version,
        machine=of.machine,
        fingerprint=of.fingerprint,
        started_at=of.started_at,
        ended_at=of.ended_at,
        anonymised=of.anonymised,
    )


def _folder(path: Path) -> Bundle:
    """A results folder as it is; its files are the caller's own."""
    results = load(path)
    run = identity.identified(results)
    return Bundle(
        folder=path,
        path=path,
        run_id=run.run_id,
        schema_version=SCHEMA_VERSION,
        poolwise_version=identity.UNKNOWN,
        machine=results.name,
        fingerprint=str(results.machine.get("fingerprint", "")),
        started_at=run.started_at,
        ended_at=run.ended_at,
        anonymised=False,
    )


@contextmanager
def _fresh(into: Path) -> Iterator[None]:
    """The target as an empty folder; what was put into it goes away again if anything fails."""
    was_there = into.is_dir() and not into.is_symlink()
    if was_there and any(into.iterdir()):
        raise named(into, "", "is not empty: name a folder that isn't there yet")
    if not was_there:
        into.mkdir(mode=0o700)
    try:
        yield
    except BaseException:
        for name in BY_NAME:
            (into / name).unlink(missing_ok=True)
        if not was_there:
            into.rmdir()
        raise


def _unpacked(archive: zipfile.ZipFile, into: Path) -> Manifest:
    """Unpack all files into the empty folder. Raises EntryError."""
    names = set(archive.namelist())
    if MANIFEST not in names:
        raise EntryError(f"has no {MANIFEST}: it is no bundle of Poolwise, or one that was cut off")
    with _of(MANIFEST):
        found = manifest.checked(parsed(archive, MANIFEST))
    _same_names(names - {MANIFEST, CRATE}, set(found.files))
    for name in sorted(names):
        with _of(name):
            _one(archive, name, into / name, found)
    return found


def _same_names(there: set[str], said: set[str]) -> None:
    for name in sorted(there ^ said):
        where = MANIFEST if name in there else "the zip"
        raise EntryError(f"is missing in {where}; copy the bundle again", name)


def _one(archive: zipfile.ZipFile, name: str, target: Path, said: Manifest) -> None:
    size, digest = unpack(archive, name, target)
    if name in said.files and (size, digest) != said.files[name]:
        raise EntryError(
            f"isn't the file that {MANIFEST} describes (size or SHA-256 differ): it was changed or "
            "damaged; ask for the bundle again"
        )
    if BY_NAME[name].kind == "json":
        shapes.check(name, safe_json.parse(target.read_bytes()))


@contextmanager
def _of(name: str) -> Iterator[None]:
    """Say of a flaw which entry it is of."""
    try:
        yield
    except EntryError as flaw:
        flaw.entry = flaw.entry or name
        raise
