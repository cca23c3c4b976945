"""Bundles put together by hand, right or wrong in one place."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.bundle.contents import CRATE, MANIFEST, NAME
from reports.bundle.opening import Bundle, BundleError, opened

Files = Mapping[str, bytes]


def packed(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def described(files: Files, **changes: Any) -> dict[str, bytes]:
    """The same files with a bundle.json that is right about them, but for the changes."""
    said = json.loads(files[MANIFEST])
    said["files"] = [
        {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
        if name not in (MANIFEST, CRATE)
    ]
    return {**files, MANIFEST: json.dumps({**said, **changes}).encode()}


def unzipped(data: bytes) -> dict[str, bytes]:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Place:
    """A folder with a bundle in it and a target beside it, where anything else is an escape."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = folder / NAME
        self.target = folder / "into"
        (folder / "sentinel").write_text("untouched", encoding="utf-8")

    def open(self, data: bytes) -> tuple[Bundle, dict[str, bytes]]:
        """Open these bytes; gives the bundle and its files, and removes them. Raises BundleError.

        Fails where anything was written outside the target, or is left of what was refused.
        """
        self.bundle.write_bytes(data)
        try:
            bundle = opened(self.bundle, self.target)
            files = {one.name: one.read_bytes() for one in self.target.iterdir()}
        except BundleError as error:
            self._check_refused(str(error))
            raise
        finally:
            self._check()
        for one in self.target.iterdir():
            one.unlink()
        self.target.rmdir()
        return bundle, files

    def _check_refused(self, said: str) -> None:
        assert not self.target.exists()
        assert len(said) < 600
        assert said.isprintable()

    def _check(self) -> None:
        there = {one.name for one in self.folder.iterdir()} - {"into"}
        assert there == {"sentinel", NAME}
        assert (self.folder / "sentinel").read_text(encoding="utf-8") == "untouched"
