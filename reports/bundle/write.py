"""Write bundle.zip: the same results give the same bytes, whoever writes it and when."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.bundle import anonymise, crate, limits, manifest
from reports.bundle.config import config_text
from reports.bundle.contents import CONFIG, CRATE, ENTRIES, MANIFEST, NAME
from reports.bundle.error import BundleError
from reports.bundle.identifying import Identity
from reports.bundle.identity import identified
from reports.bundle.opening import opened
from reports.load import Results, ResultsError

#: the earliest that a zip can say
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3


def write(results: Results, path: Path | None = None, hidden: Identity | None = None) -> Path:
    """Write bundle.zip into the results folder, or to `path`; gives where it is.

    `hidden`: what may not be found in it (the results are a copy without it). Raises ResultsError,
    naming the file and how it is made, where one is missing, and BundleError where the bundle could
    not be opened again (too many rows, a damaged table), or still tells what is hidden.
    """
    target = path or results.folder / NAME
    files = gathered(results)
    run = identified(results)
    files[MANIFEST] = manifest.text(results, run, files, anonymised=hidden is not None).encode()
    files[CRATE] = crate.text(results, run, files).encode()
    if hidden:
        anonymise.check(files, hidden, target)
    _write_atomically(target, _zipped(files))
    return target


def write_anonymised(results: Results, named: Sequence[str] = ()) -> Path:
    """Write bundle.zip without host name, user names, servers and paths into the results folder.

    `named` are the tasks that the decision record is about; none: all. Raises as `write` does.
    """
    hidden = Identity(results)
    with tempfile.TemporaryDirectory() as scratch:
        copy = anonymise.copied(results, hidden, Path(scratch), named)
        return write(copy, results.folder / NAME, hidden)


def gathered(results: Results) -> dict[str, bytes]:
    """The bytes of all files that a bundle describes, by name."""
    files = {CONFIG: config_text(results).encode()}
    for entry in ENTRIES:
        path = results.folder / entry.name
        if not entry.made and (path.exists() or not entry.written_without):
            files[entry.name] = _bytes(path)
    return files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ResultsError(
            f"{path}: can't be read: {error.strerror}; run the workflow, or the steps that the "
            "README lists under 'What comes out', then bundle again"
        ) from error


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, data, _method(data), 9)
    return made.getvalue()


def _method(data: bytes) -> int:
    """Deflated, but for what packs so well that it would be taken for a bomb."""
    large = len(data) > limits.RATIO_FROM
    bomb = large and len(zlib.compress(data, 9)) * limits.RATIO <= len(data)
    return zipfile.ZIP_STORED if bomb else zipfile.ZIP_DEFLATED


def _write_atomically(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        _try(part)
    except BundleError as error:
        part.unlink()
        said = str(error).replace(str(part), str(path), 1)
        raise BundleError(f"{said}; not written, because it could not be opened again") from error
    part.replace(path)


def _try(path: Path) -> None:
    """Open it: what nobody could read later is better known now."""
    with tempfile.TemporaryDirectory() as scratch:
        opened(path, Path(scratch) / "opened")
